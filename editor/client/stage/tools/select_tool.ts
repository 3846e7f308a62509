/**
 * Selects, moves and reshapes: tracks, their points and handles, circles'
 * rings, and the handles of the camera move that is selected.
 *
 * @module
 */

import { subdivideSpline } from "../../../model/curve.ts";
import {
  type CameraHandle,
  cameraHandles,
  dragCamera,
} from "../../../model/camera_handles.ts";
import type {
  CameraMove,
  EditorDocument,
  EditorTrack,
  Point,
  Shape,
} from "../../../model/document.ts";
import {
  dragPoint,
  duplicateTracks,
  followShare,
  moveShape,
  newId,
  setRadius,
  shapePositions,
  updateTracks,
} from "../../../model/edits.ts";
import type { History } from "../../../model/history.ts";
import {
  handlePoints,
  nearestPoint,
  splinePieceAt,
  trackAt,
  tracksInside,
} from "../../../model/pick.ts";
import { circleRadiusAt } from "../../../model/render_document.ts";
import { toImage, toScreen, type View } from "../../../model/view.ts";
import {
  edit,
  editorDocument,
  falloff,
  frame,
  history,
  rendered,
  selectedMove,
  selectedPoint,
  selectedTracks,
  selection,
  setHistory,
  wholeFrame,
} from "../../state.ts";
import { refuses } from "../../actions.ts";
import { knob } from "../paint_guides.ts";
import { paintPositions } from "../paint_marks.ts";
import {
  badgeCenter,
  disc,
  paintedTracks,
  paintTrack,
} from "../paint_tracks.ts";
import {
  HANDLE_SPACING,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";

/** The pointer has to go this far before a drag begins, CSS px. */
const THRESHOLD = 3;

type Grip =
  | { readonly kind: "point"; readonly id: string; readonly index: number }
  | {
    readonly kind: "bezier";
    readonly id: string;
    readonly index: number;
    readonly side: "in" | "out";
  }
  | { readonly kind: "ring"; readonly id: string }
  | { readonly kind: "angle"; readonly id: string }
  | { readonly kind: "track"; readonly id: string }
  | { readonly kind: "camera"; readonly handle: CameraHandle }
  | { readonly kind: "nothing" };

interface Drag {
  readonly grip: Grip;
  readonly from: StagePointer;
  readonly gesture: string;
  readonly before: History<EditorDocument>;
  readonly selectedBefore: ReadonlySet<string>;
  moved: boolean;
  to: StagePointer;
}

/** The select tool. */
export class SelectTool implements StageTool {
  readonly press = "click";
  readonly draws = false;
  readonly #stage: StageContext;
  #drag: Drag | undefined;
  /** What a press would take hold of. */
  #hovered: Grip | undefined;

  /** A tool for one stage. */
  constructor(stage: StageContext) {
    this.#stage = stage;
  }

  cursor(pointer: StagePointer): string {
    const grip = this.#drag?.grip ?? this.#hovered ?? this.#gripAt(pointer);
    if (grip.kind === "nothing") return "default";
    if (grip.kind !== "track") return "grab";
    const { tracks } = editorDocument.value;
    return tracks.find((t) => t.id === grip.id)?.locked ? "default" : "move";
  }

  hover(pointer: StagePointer): void {
    this.#hovered = this.#gripAt(pointer);
  }

  leave(): void {
    this.#hovered = undefined;
  }

  /** Selects what is at the pointer, and the point of a track that has it. */
  pick(pointer: StagePointer): void {
    const grip = this.#gripAt(pointer);
    if (grip.kind === "nothing" || grip.kind === "camera") return;
    if (!selection.value.has(grip.id)) selection.value = new Set([grip.id]);
    selectedPoint.value = grip.kind === "point"
      ? { id: grip.id, index: grip.index }
      : undefined;
  }

  down(pointer: StagePointer): void {
    this.#hovered = undefined;
    const grip = this.#gripAt(pointer);
    const selectedBefore = selection.value;
    if (grip.kind === "track") this.#selectOnPress(grip.id, pointer);
    selectedPoint.value = grip.kind === "point" || grip.kind === "bezier"
      ? { id: grip.id, index: grip.index }
      : undefined;
    this.#drag = {
      grip,
      from: pointer,
      to: pointer,
      gesture: `drag ${newId()}`,
      before: history.value,
      selectedBefore,
      moved: false,
    };
  }

  drag(pointers: readonly StagePointer[]): void {
    const drag = this.#drag, to = pointers.at(-1);
    if (!drag || !to) return;
    drag.to = to;
    if (!drag.moved) {
      const way = Math.hypot(
        to.screen.x - drag.from.screen.x,
        to.screen.y - drag.from.screen.y,
      );
      if (way < THRESHOLD) return;
      this.#begin(drag);
    }
    this.#pull(drag);
    this.#stage.repaint();
  }

  up(pointer: StagePointer): void {
    const drag = this.#drag;
    this.#drag = undefined;
    this.#stage.repaint();
    if (!drag || drag.moved) return;
    const { grip } = drag;
    if (grip.kind === "nothing" && !pointer.shift) {
      selection.value = new Set();
      selectedMove.value = undefined;
    }
    // A click on one of several selected tracks selects just that one.
    if (
      grip.kind === "track" && !pointer.shift &&
      drag.selectedBefore.has(grip.id)
    ) selection.value = new Set([grip.id]);
  }

  cancel(): void {
    const drag = this.#drag;
    this.#drag = undefined;
    if (drag?.moved) {
      setHistory(drag.before);
      selection.value = drag.selectedBefore;
    }
    this.#stage.repaint();
  }

  escape(): boolean {
    if (!this.#drag) return false;
    this.cancel();
    return true;
  }

  doubleClick(pointer: StagePointer): void {
    for (const track of selectedTracks.value) {
      const { shape } = track;
      if (shape.kind !== "spline" || track.locked) continue;
      const piece = splinePieceAt(shape, pointer.at, pointer.reach);
      if (piece === undefined) continue;
      addSplinePoint(track.id, piece, pointer.at);
      return;
    }
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    const drag = this.#drag;
    if (!drag) paintHovered(ctx, this.#hovered, view);
    if (!drag?.moved) return;
    if (drag.grip.kind === "point") paintFollowers(ctx, drag.grip, view);
    if (drag.grip.kind !== "nothing") return;
    const { x, y } = drag.from.screen;
    const width = drag.to.screen.x - x, height = drag.to.screen.y - y;
    ctx.fillStyle = "rgba(255, 255, 255, 0.12)";
    ctx.fillRect(x, y, width, height);
    ctx.lineWidth = 1;
    ctx.strokeStyle = "#000000";
    ctx.strokeRect(x, y, width, height);
    ctx.strokeStyle = "#ffffff";
    ctx.setLineDash([4, 4]);
    ctx.strokeRect(x, y, width, height);
    ctx.setLineDash([]);
  }

  /** What the pointer would take hold of. */
  #gripAt(pointer: StagePointer): Grip {
    const { at, reach } = pointer;
    const view = this.#stage.view();
    const near = (p: Point, r = reach) =>
      Math.hypot(p.x - at.x, p.y - at.y) <= r;
    const move = openMove();
    if (move) {
      const handles = cameraHandles(move, editorDocument.value);
      const isScene = move.kind === "scene";
      // A horizon is taken hold of anywhere.
      const value = isScene && handles.value !== handles.center
        ? { x: at.x, y: handles.value.y }
        : handles.value;
      if (!isScene && near(value)) return { kind: "camera", handle: "value" };
      if (move.kind !== "pan" && near(handles.center)) {
        return { kind: "camera", handle: "center" };
      }
      if (near(value)) return { kind: "camera", handle: "value" };
    }
    for (const track of selectedTracks.value) {
      if (track.locked || track.hidden) continue;
      const grip = handleAt(track, { view, near, at });
      if (grip) return grip;
    }
    // Badges are above the lines, the last one above the others.
    const badge = rendered.value.findLast(({ part, points }) =>
      part === 0 &&
      near(toImage(view, badgeCenter(toScreen(view, points[0]!))))
    );
    const id = badge?.id ?? trackAt(rendered.value, at, reach);
    return id === undefined ? { kind: "nothing" } : { kind: "track", id };
  }

  #selectOnPress(id: string, pointer: StagePointer): void {
    if (pointer.shift) {
      const next = new Set(selection.value);
      if (!next.delete(id)) next.add(id);
      selection.value = next;
    } else if (!selection.value.has(id)) selection.value = new Set([id]);
  }

  /** The drag is one: what it works on is made ready. */
  #begin(drag: Drag): void {
    drag.moved = true;
    if (drag.grip.kind !== "track") return;
    if (drag.from.alt) {
      let copies: string[] = [];
      edit((document) => {
        const made = duplicateTracks(document, selection.value, {
          dx: 0,
          dy: 0,
        });
        copies = made.copies;
        return made.document;
      }, { gesture: drag.gesture });
      selection.value = new Set(copies);
    }
    refuses();
    this.#start = shapesById(selectedTracks.value);
  }

  #start = new Map<string, Shape>();

  #pull(drag: Drag): void {
    const { grip, from, to, gesture } = drag;
    let dx = to.at.x - from.at.x, dy = to.at.y - from.at.y;
    if (to.shift && !from.shift) {
      if (Math.abs(dx) < Math.abs(dy)) dx = 0;
      else dy = 0;
    }
    const { tracks, camera } = drag.before.present;
    const change = (id: string, make: (shape: Shape) => Shape) => {
      const start = tracks.find((track) => track.id === id);
      if (!start) return;
      edit(
        (document) =>
          updateTracks(document, new Set([id]), (track) => ({
            ...track,
            shape: make(start.shape),
          })),
        { gesture },
      );
    };
    switch (grip.kind) {
      case "nothing": {
        const inside = tracksInside(rendered.value, {
          from: from.at,
          to: to.at,
        });
        selection.value = from.shift
          ? drag.selectedBefore.union(inside)
          : inside;
        return;
      }
      case "track":
        edit(
          (document) =>
            updateTracks(document, new Set(this.#start.keys()), (track) => ({
              ...track,
              shape: moveShape(this.#start.get(track.id)!, { dx, dy }),
            })),
          { gesture },
        );
        return;
      case "point":
        change(
          grip.id,
          (shape) =>
            dragPoint(shape, grip.index, { dx, dy, width: falloff.value }),
        );
        return;
      case "bezier":
        change(
          grip.id,
          (shape) => dragBezier(shape, grip, { dx, dy, alone: to.alt }),
        );
        return;
      case "ring":
        change(grip.id, (shape) =>
          shape.kind === "circle"
            ? setRadius(
              shape,
              shapeFrame(grip.id),
              Math.round(
                100 * Math.hypot(to.at.x - shape.x, to.at.y - shape.y),
              ) / 100,
            )
            : shape);
        return;
      case "angle":
        change(grip.id, (shape) =>
          shape.kind === "circle"
            ? {
              ...shape,
              angle: Math.round(
                10 * Math.atan2(to.at.y - shape.y, to.at.x - shape.x) * 180 /
                  Math.PI,
              ) / 10,
            }
            : shape);
        return;
      case "camera": {
        const start = camera.find((move) => move.id === selectedMove.value);
        if (!start) return;
        const { handle } = grip;
        edit((document) => dragCamera(document, start, { handle, to: to.at }), {
          gesture,
        });
      }
    }
  }
}

/** The camera move whose handles are on the image. */
export function openMove(): CameraMove | undefined {
  return editorDocument.value.camera.find((move) =>
    move.id === selectedMove.value
  );
}

/**
 * The frame of a circle's own time that is shown: its radii are keyed there.
 */
function shapeFrame(id: string): number {
  const track = editorDocument.value.tracks.find((t) => t.id === id);
  return track
    ? circleRadiusAt(track, wholeFrame.value).frame
    : wholeFrame.value;
}

/** Adds a control point to a spline, at the position that was clicked. */
export function addSplinePoint(id: string, piece: number, at?: Point): void {
  edit((document) =>
    updateTracks(document, new Set([id]), (track) => {
      if (track.shape.kind !== "spline") return track;
      const shape = subdivideSpline(track.shape, piece);
      if (!at || shape.curve === "bezier") return { ...track, shape };
      const points = shape.points.with(piece + 1, { x: at.x, y: at.y });
      return { ...track, shape: { ...shape, points } };
    })
  );
  selectedPoint.value = { id, index: piece + 1 };
}

/** A track, or one of its points, that a press would take hold of. */
function paintHovered(
  ctx: CanvasRenderingContext2D,
  grip: Grip | undefined,
  view: View,
): void {
  if (grip?.kind === "point") {
    const track = selectedTracks.value.find((t) => t.id === grip.id);
    const position = track && shapePositions(track.shape)[grip.index];
    if (position) knob(ctx, toScreen(view, position), { radius: 6 });
  }
  if (grip?.kind !== "track" || selection.value.has(grip.id)) return;
  const parts = rendered.value.filter((track) => track.id === grip.id);
  for (
    const track of paintedTracks(
      editorDocument.value,
      parts,
      new Set([grip.id]),
    )
  ) {
    paintTrack(ctx, track, view);
    paintPositions(ctx, [track], { view, frame: frame.value });
  }
}

/** The points that follow a dragged one, the more visible the more they do. */
function paintFollowers(
  ctx: CanvasRenderingContext2D,
  grip: { readonly id: string; readonly index: number },
  view: View,
): void {
  const track = selectedTracks.value.find((t) => t.id === grip.id);
  if (track?.shape.kind !== "freehand" && track?.shape.kind !== "free") return;
  ctx.fillStyle = "#ffffff";
  for (const [i, position] of shapePositions(track.shape).entries()) {
    const share = followShare(i - grip.index, falloff.value);
    if (share < 0.02) continue;
    ctx.globalAlpha = share;
    disc(ctx, toScreen(view, position), 2 + 3 * share);
    ctx.fill();
  }
  ctx.globalAlpha = 1;
}

function shapesById(tracks: readonly EditorTrack[]): Map<string, Shape> {
  return new Map(tracks.map((track) => [track.id, track.shape]));
}

function handleAt(
  track: EditorTrack,
  context: { view: View; near: (p: Point, r?: number) => boolean; at: Point },
): Grip | undefined {
  const { view, near, at } = context;
  const { id, shape } = track;
  if (shape.kind === "static") return undefined;
  if (shape.kind === "circle") {
    const { radius } = circleRadiusAt(track, wholeFrame.value);
    const angle = shape.angle * Math.PI / 180;
    if (
      near({
        x: shape.x + radius * Math.cos(angle),
        y: shape.y + radius * Math.sin(angle),
      })
    ) return { kind: "angle", id };
    if (near(shape)) return { kind: "point", id, index: 0 };
    const off = Math.hypot(at.x - shape.x, at.y - shape.y) - radius;
    return near({ x: at.x + off, y: at.y }) ? { kind: "ring", id } : undefined;
  }
  if (shape.kind === "spline" && shape.curve === "bezier") {
    for (const [index, point] of shape.points.entries()) {
      for (const side of ["out", "in"] as const) {
        const handle = point[side];
        if (!handle || (handle.x === 0 && handle.y === 0)) continue;
        if (near({ x: point.x + handle.x, y: point.y + handle.y })) {
          return { kind: "bezier", id, index, side };
        }
      }
    }
  }
  const handles = handlePoints(track, HANDLE_SPACING / view.scale);
  const { index } = nearestPoint(handles.map((h) => h.at), at);
  const handle = handles[index];
  return handle && near(handle.at)
    ? { kind: "point", id, index: handle.index }
    : undefined;
}

/** A Bezier handle moved; the opposite one follows unless it is moved alone. */
function dragBezier(
  shape: Shape,
  grip: { readonly index: number; readonly side: "in" | "out" },
  by: { readonly dx: number; readonly dy: number; readonly alone: boolean },
): Shape {
  const point = shape.kind === "spline" ? shape.points[grip.index] : undefined;
  if (shape.kind !== "spline" || !point) return shape;
  const other = grip.side === "in" ? "out" : "in";
  const start = point[grip.side] ?? { x: 0, y: 0 };
  const handle = { x: start.x + by.dx, y: start.y + by.dy };
  const across = point[other];
  const length = Math.hypot(handle.x, handle.y);
  const moved = { ...point, [grip.side]: handle };
  if (across && !by.alone && length > 0) {
    const keep = Math.hypot(across.x, across.y) / length;
    moved[other] = { x: -handle.x * keep, y: -handle.y * keep };
  }
  return { ...shape, points: shape.points.with(grip.index, moved) };
}
