/**
 * What is drawn over the tracks: handles of what is selected, the influence of each
 * track, warnings at their position, the loupe.
 *
 * @module
 */

import type { TrackIssue } from "../../../core/tracks/validate.ts";
import { splinePolyline } from "../../model/curve.ts";
import type { EditorTrack, Point } from "../../model/document.ts";
import { shapePositions } from "../../model/edits.ts";
import { handlePoints } from "../../model/pick.ts";
import {
  circleRadiusAt,
  type RenderedTrack,
} from "../../model/render_document.ts";
import { type Size, toScreen, type View } from "../../model/view.ts";
import { disc, positionAt } from "./paint_tracks.ts";
import { HANDLE_SPACING } from "./stage_tool.ts";

type Context = CanvasRenderingContext2D;

const DARK = "rgba(0, 0, 0, 0.65)";
const LIGHT = "#ffffff";

/** Strokes a path twice, so that it is seen on dark and light. */
export function strokeTwice(
  ctx: Context,
  path: () => void,
  look: { readonly width?: number; readonly dash?: readonly number[] } = {},
): void {
  const { width = 1.5, dash = [] } = look;
  path();
  ctx.lineWidth = width + 2;
  ctx.strokeStyle = DARK;
  ctx.stroke();
  ctx.setLineDash([...dash]);
  ctx.lineWidth = width;
  ctx.strokeStyle = LIGHT;
  ctx.stroke();
  ctx.setLineDash([]);
}

/** What can be taken hold of. */
export function knob(
  ctx: Context,
  at: Point,
  look: { readonly radius: number; readonly chosen?: boolean },
): void {
  disc(ctx, at, look.radius);
  ctx.fillStyle = look.chosen ? "#000000" : LIGHT;
  ctx.fill();
  ctx.lineWidth = look.chosen ? 2.5 : 1.5;
  ctx.strokeStyle = look.chosen ? LIGHT : "#000000";
  ctx.stroke();
}

/** Where an object is: its outline, filled while it is selected. */
export function paintObject(
  ctx: Context,
  outline: readonly (readonly Point[])[],
  look: {
    readonly view: View;
    readonly selected: boolean;
    readonly color: string;
  },
): void {
  const { view, selected, color } = look;
  const path = () => {
    ctx.beginPath();
    for (const ring of outline) {
      for (const [k, point] of ring.entries()) {
        const { x, y } = toScreen(view, point);
        if (k === 0) ctx.moveTo(x, y);
        else ctx.lineTo(x, y);
      }
      ctx.closePath();
    }
  };
  if (selected) {
    path();
    ctx.globalAlpha = 0.22;
    ctx.fillStyle = color;
    ctx.fill("evenodd");
    ctx.globalAlpha = 1;
  }
  strokeTwice(ctx, path, {
    width: selected ? 1.5 : 1,
    dash: selected ? [] : [4, 4],
  });
}

/** The points of a selected track that can be dragged. */
export function paintHandles(
  ctx: Context,
  track: EditorTrack,
  options: {
    readonly view: View;
    readonly frame: number;
    readonly chosen: number | undefined;
    /** The camera moves the track: its own path is shown as well. */
    readonly ownWay: boolean;
  },
): void {
  const { view, frame, chosen, ownWay } = options;
  const { shape } = track;
  const screen = (p: Point) => toScreen(view, p);
  if (shape.kind === "static") return;
  if (shape.kind === "circle") {
    const center = screen(shape);
    const radius = circleRadiusAt(track, frame).radius * view.scale;
    strokeTwice(ctx, () => disc(ctx, center, radius), { dash: [6, 4] });
    const angle = shape.angle * Math.PI / 180;
    knob(ctx, {
      x: center.x + radius * Math.cos(angle),
      y: center.y + radius * Math.sin(angle),
    }, { radius: 5 });
    knob(ctx, center, { radius: 5, chosen: chosen === 0 });
    return;
  }
  if (ownWay) {
    const line = shape.kind === "spline"
      ? splinePolyline(shape)
      : shapePositions(shape);
    strokeTwice(ctx, () => {
      ctx.beginPath();
      for (const p of line.map(screen)) ctx.lineTo(p.x, p.y);
    }, { width: 1, dash: [3, 3] });
  }
  if (shape.kind === "spline" && shape.curve === "bezier") {
    for (const point of shape.points) {
      const from = screen(point);
      for (const handle of [point.in, point.out]) {
        if (!handle || (handle.x === 0 && handle.y === 0)) continue;
        const to = screen({ x: point.x + handle.x, y: point.y + handle.y });
        strokeTwice(ctx, () => {
          ctx.beginPath();
          ctx.moveTo(from.x, from.y);
          ctx.lineTo(to.x, to.y);
        }, { width: 1 });
        knob(ctx, to, { radius: 3.5 });
      }
    }
  }
  for (
    const { index, at } of handlePoints(track, HANDLE_SPACING / view.scale)
  ) {
    if (index === chosen) continue;
    knob(ctx, screen(at), { radius: shape.kind === "spline" ? 4.5 : 3 });
  }
  // The chosen one also where it is none of the handles: keys walk them all.
  const position = chosen === undefined
    ? undefined
    : shapePositions(shape)[chosen];
  if (position) knob(ctx, screen(position), { radius: 5.5, chosen: true });
}

/**
 * A track's weight is exp(-220 d²), d in halves of the short side (ATI,
 * section 3): it falls to 37 % at 0.067 and to 1 % at 0.145 of that half.
 */
const REACHES = [1 / Math.sqrt(220), Math.sqrt(Math.log(100) / 220)] as const;

/** How far a track reaches in the frame shown: 37 % and 1 % of its weight. */
export function paintInfluence(
  ctx: Context,
  track: RenderedTrack,
  options: {
    readonly view: View;
    readonly frame: number;
    readonly image: Size;
    readonly color: string;
  },
): void {
  const { view, frame, image, color } = options;
  const { at, visible } = positionAt(track.points, { view, frame });
  if (!visible) return;
  const half = view.scale * Math.min(image.width, image.height) / 2;
  for (const [index, reach] of REACHES.entries()) {
    disc(ctx, at, reach * half);
    if (index === 0) {
      ctx.globalAlpha = 0.16;
      ctx.fillStyle = color;
      ctx.fill();
      ctx.globalAlpha = 1;
    }
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = "rgba(0, 0, 0, 0.4)";
    ctx.stroke();
    ctx.setLineDash(index === 0 ? [] : [4, 4]);
    ctx.lineWidth = 1.25;
    ctx.strokeStyle = color;
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

/** Dots along a track every half second: how fast it goes where. */
export function paintTicks(
  ctx: Context,
  track: RenderedTrack,
  options: { readonly view: View; readonly color: string },
): void {
  for (let frame = 0; frame < track.points.length; frame += 12) {
    const { at } = positionAt(track.points, { view: options.view, frame });
    disc(ctx, at, 3);
    ctx.fillStyle = options.color;
    ctx.fill();
    ctx.lineWidth = 1;
    ctx.strokeStyle = "#000000";
    ctx.stroke();
  }
}

/** A mark keeps this far from the stage's edges, CSS px. */
const EDGE = 12;

/**
 * Where the mark of an issue is, CSS px; undefined for the whole set's. What
 * is out of sight is marked at the edge that is nearest to it.
 */
export function issuePosition(
  issue: TrackIssue,
  tracks: readonly RenderedTrack[],
  { view, size }: { readonly view: View; readonly size: Size },
): Point | undefined {
  const track = tracks[issue.track];
  if (!track || issue.code === "too-many") return undefined;
  const { at } = positionAt(track.points, { view, frame: issue.frame });
  return {
    x: Math.max(EDGE, Math.min(size.width - EDGE, at.x + 13)),
    y: Math.max(EDGE, Math.min(size.height - EDGE, at.y - 11)),
  };
}

/** A warning's triangle. */
export function paintIssue(ctx: Context, at: Point): void {
  ctx.beginPath();
  ctx.moveTo(at.x, at.y - 7);
  ctx.lineTo(at.x + 8, at.y + 6);
  ctx.lineTo(at.x - 8, at.y + 6);
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = "#000000";
  ctx.stroke();
  ctx.fillStyle = "#ffd24d";
  ctx.fill();
  ctx.fillStyle = "#000000";
  ctx.fillRect(at.x - 1, at.y - 3, 2, 5);
  ctx.fillRect(at.x - 1, at.y + 3, 2, 2);
}

/** The keyboard's crosshair. */
export function paintCrosshair(ctx: Context, at: Point, held: boolean): void {
  strokeTwice(ctx, () => {
    ctx.beginPath();
    for (const [x, y] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
      ctx.moveTo(at.x + 4 * x, at.y + 4 * y);
      ctx.lineTo(at.x + 16 * x, at.y + 16 * y);
    }
  });
  if (held) knob(ctx, at, { radius: 3 });
}

/** A short text next to a position, on a dark ground. */
export function paintLabel(
  ctx: Context,
  text: string,
  options: { readonly at: Point; readonly stage: Size },
): void {
  ctx.font = "12px system-ui, sans-serif";
  const lines = wrap(ctx, text, 280);
  const width = Math.max(...lines.map((l) => ctx.measureText(l).width)) + 16;
  const height = 17 * lines.length + 8;
  const { at, stage } = options;
  const x = Math.max(4, Math.min(stage.width - width - 4, at.x + 12));
  const below = at.y + 14;
  const y = below + height > stage.height ? at.y - height - 14 : below;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 5);
  ctx.fillStyle = "rgba(15, 16, 18, 0.92)";
  ctx.fill();
  ctx.fillStyle = "#ffffff";
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  lines.forEach((line, i) => ctx.fillText(line, x + 8, y + 13 + 17 * i));
}

function wrap(ctx: Context, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && ctx.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** The loupe's radius, CSS px. */
const LOUPE = 76;
/** How much it magnifies. */
const LOUPE_ZOOM = 4;

/**
 * Magnifies what is under the pointer. `paint` draws the scene into a view
 * that is clipped to the loupe.
 */
export function paintLoupe(
  ctx: Context,
  options: {
    readonly at: Point;
    readonly view: View;
    readonly ground: string;
    readonly paint: (view: View) => void;
  },
): void {
  const { at, view } = options;
  ctx.save();
  disc(ctx, at, LOUPE);
  ctx.clip();
  ctx.fillStyle = options.ground;
  ctx.fill();
  options.paint({
    scale: view.scale * LOUPE_ZOOM,
    x: at.x + LOUPE_ZOOM * (view.x - at.x),
    y: at.y + LOUPE_ZOOM * (view.y - at.y),
  });
  ctx.restore();
  strokeTwice(ctx, () => disc(ctx, at, LOUPE), { width: 2 });
  strokeTwice(ctx, () => {
    ctx.beginPath();
    ctx.moveTo(at.x - 7, at.y);
    ctx.lineTo(at.x + 7, at.y);
    ctx.moveTo(at.x, at.y - 7);
    ctx.lineTo(at.x, at.y + 7);
  }, { width: 1 });
}
