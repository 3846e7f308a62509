/**
 * Marked objects: where one is in a frame, what it hides, and how tracks are
 * put on it.
 *
 * @module
 */

import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import { measurePath, pointAt, pointAtKey } from "../../core/tracks/path.ts";
import { applyCamera } from "./camera_layer.ts";
import {
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  type ObjectShape,
  type Point,
} from "./document.ts";
import { progressAt } from "./easing.ts";
import type { RenderedTrack } from "./rendered_track.ts";
import { sceneSlot } from "./scene_slot.ts";

/** An entry of the track list that is an object. */
export type ObjectTrack = EditorTrack & { readonly shape: ObjectShape };

/** Whether an entry is an object. */
export function isObject(track: EditorTrack): track is ObjectTrack {
  return track.shape.kind === "object";
}

/** Where an object's positions are at a progress from 0 to 1. */
export type ObjectMove = (point: Point, progress: number) => Point;

/**
 * How an object moves: its middle along its path, turned and scaled about it.
 */
export function objectMove(shape: ObjectShape): ObjectMove {
  const path = measurePath(shape.path);
  const rest = shape.path[0]!;
  const last = shape.times.at(-1) ?? 0;
  const paced = last > 0 && shape.times.length === shape.path.length;
  let known = NaN, x = 0, y = 0, cos = 1, sin = 0;
  return (point, progress) => {
    if (progress !== known) {
      known = progress;
      ({ x, y } = paced
        ? pointAtKey(shape.path, shape.times, progress * last)
        : pointAt(path, progress));
      const { degrees, scale } = turnAt(shape, progress * lastFrameOf(shape));
      cos = scale * Math.cos(degrees * Math.PI / 180);
      sin = scale * Math.sin(degrees * Math.PI / 180);
    }
    const dx = point.x - rest.x, dy = point.y - rest.y;
    return { x: x + cos * dx - sin * dy, y: y + sin * dx + cos * dy };
  };
}

/** An object's turn and scale at a frame of its own time. */
export function turnAt(
  { turns }: ObjectShape,
  frame: number,
): { degrees: number; scale: number } {
  const after = turns.findIndex((key) => key.frame > frame);
  if (turns.length === 0) return { degrees: 0, scale: 1 };
  if (after === 0) return turns[0]!;
  if (after < 0) return turns.at(-1)!;
  const a = turns[after - 1]!, b = turns[after]!;
  const t = (frame - a.frame) / (b.frame - a.frame);
  return {
    degrees: a.degrees + t * (b.degrees - a.degrees),
    // Twice as large and half as large are equally far.
    scale: a.scale * (b.scale / a.scale) ** t,
  };
}

/** An object whose turn and scale at a frame of its own time are set. */
export function setTurn(
  shape: ObjectShape,
  key: {
    readonly frame: number;
    readonly degrees: number;
    readonly scale: number;
  },
): ObjectShape {
  const start = { frame: 0, degrees: 0, scale: 1 };
  const turns = [
    ...(shape.turns.length === 0 ? [start] : shape.turns)
      .filter(({ frame }) => frame !== key.frame),
    key,
  ].sort((a, b) => a.frame - b.frame);
  return { ...shape, turns };
}

/** The outline of an object in a frame, with the camera on top; px. */
export function outlineAt(
  track: ObjectTrack,
  document: EditorDocument,
  frame: number,
): Point[][] {
  const move = objectMove(track.shape);
  const progress = progressAt(track.timing, frame);
  const camera = document.camera.length > 0;
  return track.shape.outline.map((ring) =>
    ring.map((point) => {
      const moved = move(point, progress);
      if (!camera) return moved;
      const seen = sceneSlot.camera?.see(track, moved, { frame, document }) ??
        moved;
      const { x, y } = applyCamera(
        [{ ...seen, visible: true }],
        document,
        track.id,
        frame,
      )[0]!;
      return { x, y };
    })
  );
}

/** Whether a position is inside of closed lines (even-odd). */
export function isInside(
  outline: readonly (readonly Point[])[],
  { x, y }: Point,
): boolean {
  let inside = false;
  for (const ring of outline) {
    for (let k = 0, before = ring.length - 1; k < ring.length; before = k++) {
      const a = ring[k]!, b = ring[before]!;
      if ((a.y > y) === (b.y > y)) continue;
      if (x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)) inside = !inside;
    }
  }
  return inside;
}

/** The object that is nearest of those under a position in a frame. */
export function objectAt(
  document: EditorDocument,
  at: Point,
  frame: number,
): ObjectTrack | undefined {
  return document.tracks.findLast((track): track is ObjectTrack =>
    isObject(track) && !track.hidden &&
    isInside(outlineAt(track, document, frame), at)
  );
}

interface Cover {
  readonly id: string;
  /** Where it is among the entries: later ones are nearer. */
  readonly depth: number;
  /** For every frame its outline, and the rectangle around it. */
  readonly frames: readonly {
    readonly outline: Point[][];
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  }[];
}

const covers = new WeakMap<EditorTrack, {
  camera: EditorDocument["camera"];
  scene: EditorDocument["scene"];
  last: number;
  ready: boolean;
  frames: Cover["frames"];
}>();

/** Every object that may hide something, with its outlines. */
function coversOf(document: EditorDocument): Cover[] {
  return document.tracks.flatMap((track, depth) => {
    if (!isObject(track) || track.hidden) return [];
    let known = covers.get(track);
    const { camera, scene } = document;
    const last = lastFrameOf(document);
    // The camera in the scene may have come meanwhile.
    const ready = sceneSlot.camera !== undefined;
    if (
      known?.camera !== camera || known.scene !== scene ||
      known.last !== last || known.ready !== ready
    ) {
      const frames = Array.from({ length: last + 1 }, (_, frame) => {
        const outline = outlineAt(track, document, frame);
        const xs = outline.flat().map(({ x }) => x);
        const ys = outline.flat().map(({ y }) => y);
        return {
          outline,
          left: Math.min(...xs),
          right: Math.max(...xs),
          top: Math.min(...ys),
          bottom: Math.max(...ys),
        };
      });
      known = { camera, scene, last, ready, frames };
      covers.set(track, known);
    }
    return [{ id: track.id, depth, frames: known.frames }];
  });
}

/**
 * The tracks with what is behind an object made invisible: objects are nearer
 * the later they are in the list, and all are in front of what is not marked.
 * What is on an object in frame 0 without being marked moves on it, and is not
 * hidden by it.
 */
export function hideBehind(
  rendered: readonly RenderedTrack[],
  document: EditorDocument,
): RenderedTrack[] {
  const all = coversOf(document);
  if (all.length === 0) return [...rendered];
  const depths = new Map(
    document.tracks.map((track, depth) =>
      [track.id, isObject(track) ? depth : -1] as const
    ),
  );
  return rendered.map((track) => {
    const depth = depths.get(track.id) ?? -1;
    const first = track.points[0]!;
    const nearer = all.filter((cover) =>
      cover.id !== track.id && cover.depth > depth &&
      (depth >= 0 || !isInside(cover.frames[0]!.outline, first))
    );
    if (nearer.length === 0) return track;
    let changed = false;
    const points = track.points.map((point, frame) => {
      if (!point.visible) return point;
      const hidden = nearer.some(({ frames }) => {
        const { outline, left, right, top, bottom } = frames[frame]!;
        return point.x >= left && point.x <= right && point.y >= top &&
          point.y <= bottom && isInside(outline, point);
      });
      changed ||= hidden;
      return hidden ? { ...point, visible: false } : point;
    });
    return changed ? { ...track, points } : track;
  });
}

/**
 * The objects for the preview, the farthest first, with the indices of their
 * tracks in `rendered`.
 */
export function motionObjects(
  document: EditorDocument,
  rendered: readonly RenderedTrack[],
): MotionObject[] {
  return document.tracks.filter(isObject).filter(({ hidden }) => !hidden)
    .map(({ id, name, shape }) => ({
      name,
      outline: shape.outline,
      tracks: rendered.flatMap((track, n) => track.id === id ? [n] : []),
    }));
}
