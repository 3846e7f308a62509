/**
 * What can be done to tracks, as pure functions from document to document:
 * every button, key and drag of the page ends in one of these.
 *
 * @module
 */

import { cardinalHandles } from "../../core/tracks/path.ts";
import { subdivideSpline } from "./curve.ts";
import {
  alwaysVisible,
  type CircleShape,
  type EditorDocument,
  type EditorTrack,
  fullTiming,
  ownLastFrame,
  type Point,
  type Shape,
  type SplineShape,
} from "./document.ts";

/** Colors in the palette; see `components/palette.ts`. */
const COLORS = 8;

const KIND_NAMES: Record<Shape["kind"], string> = {
  freehand: "Stroke",
  spline: "Curve",
  static: "Anchor",
  circle: "Circle",
  free: "Track",
  object: "Object",
};

/**
 * A new track with the next free number in its name and the next color.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createTrack } from "./edits.ts";
 * import { emptyDocument } from "./document.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * const track = createTrack(document, { kind: "static", x: 1, y: 2 });
 * assert.equal(track.name, "Anchor 1");
 * ```
 */
export function createTrack(
  document: EditorDocument,
  shape: Shape,
  options: { readonly id?: string; readonly name?: string } = {},
): EditorTrack {
  const kind = KIND_NAMES[shape.kind];
  const used = new Set(document.tracks.map((track) => track.name));
  let number = 1;
  while (used.has(`${kind} ${number}`)) number++;
  return {
    id: options.id ?? newId(),
    name: options.name ?? `${kind} ${number}`,
    colour: nextColor(document.tracks),
    locked: false,
    hidden: false,
    shape,
    timing: fullTiming(document),
    visible: alwaysVisible(document),
  };
}

/** The color of the palette that is used least. */
function nextColor(tracks: readonly EditorTrack[]): number {
  const uses = new Array<number>(COLORS).fill(0);
  for (const { colour } of tracks) {
    uses[colour % COLORS] = uses[colour % COLORS]! + 1;
  }
  return uses.indexOf(Math.min(...uses));
}

/** An id that is in no document yet. */
export function newId(): string {
  return crypto.randomUUID().slice(0, 13);
}

/** The document with more tracks at the end of its list. */
export function addTracks(
  document: EditorDocument,
  tracks: readonly EditorTrack[],
): EditorDocument {
  return { ...document, tracks: [...document.tracks, ...tracks] };
}

/**
 * The document with one function applied to some tracks. Locked tracks stay
 * as they are, unless `evenLocked` is set (for unlocking, renaming, hiding).
 */
export function updateTracks(
  document: EditorDocument,
  ids: ReadonlySet<string>,
  change: (track: EditorTrack) => EditorTrack,
  options: { readonly evenLocked?: boolean } = {},
): EditorDocument {
  const changes = (track: EditorTrack) =>
    ids.has(track.id) && (options.evenLocked === true || !track.locked);
  if (!document.tracks.some(changes)) return document;
  return {
    ...document,
    tracks: document.tracks.map((track) =>
      changes(track) ? change(track) : track
    ),
  };
}

/** The document without some tracks; locked ones stay. */
export function removeTracks(
  document: EditorDocument,
  ids: ReadonlySet<string>,
): EditorDocument {
  const tracks = document.tracks.filter((track) =>
    !ids.has(track.id) || track.locked
  );
  return tracks.length === document.tracks.length ? document : {
    ...document,
    tracks,
    camera: document.camera.map((move) =>
      move.applies === "all" ? move : {
        ...move,
        applies: move.applies.filter((id) => tracks.some((t) => t.id === id)),
      }
    ),
  };
}

/**
 * Copies of some tracks, moved by (dx, dy) px, each after its original.
 * Camera moves that apply to the original apply to the copy.
 */
export function duplicateTracks(
  document: EditorDocument,
  ids: ReadonlySet<string>,
  options: { readonly dx: number; readonly dy: number },
): { document: EditorDocument; copies: string[] } {
  const copies = new Map<string, string>();
  let next = document;
  const tracks = document.tracks.flatMap((track) => {
    if (!ids.has(track.id)) return [track];
    const made = createTrack(next, moveShape(track.shape, options));
    const copy = {
      ...track,
      ...made,
      timing: track.timing,
      visible: track.visible,
    };
    next = addTracks(next, [copy]);
    copies.set(track.id, copy.id);
    return [track, copy];
  });
  const camera = document.camera.map((move) =>
    move.applies === "all" ? move : {
      ...move,
      applies: move.applies.flatMap((id) => {
        const copy = copies.get(id);
        return copy === undefined ? [id] : [id, copy];
      }),
    }
  );
  return {
    document: { ...document, tracks, camera },
    copies: [...copies.values()],
  };
}

/** A shape with one function applied to every position in it. */
export function mapShape(
  shape: Shape,
  place: (point: Point) => Point,
): Shape {
  const origin = place({ x: 0, y: 0 });
  /** Handles are relative: they follow the linear part of the function. */
  const direction = (handle: Point) => {
    const p = place(handle);
    return { x: p.x - origin.x, y: p.y - origin.y };
  };
  switch (shape.kind) {
    case "static":
    case "circle":
      return { ...shape, ...place(shape) };
    case "freehand":
      return { ...shape, points: shape.points.map(place) };
    case "spline":
      return {
        ...shape,
        points: shape.points.map((p) => ({
          ...place(p),
          ...(p.in ? { in: direction(p.in) } : {}),
          ...(p.out ? { out: direction(p.out) } : {}),
        })),
      };
    case "object":
      return {
        ...shape,
        outline: shape.outline.map((ring) => ring.map(place)),
        path: shape.path.map(place),
        points: shape.points.map(place),
      };
    case "free": {
      const samples = [...shape.samples];
      for (let i = 0; i < samples.length; i += 3) {
        const { x, y } = place({ x: samples[i]!, y: samples[i + 1]! });
        samples[i] = x;
        samples[i + 1] = y;
      }
      return { ...shape, samples };
    }
  }
}

/** A shape moved by (dx, dy) px. */
export function moveShape(
  shape: Shape,
  { dx, dy }: { readonly dx: number; readonly dy: number },
): Shape {
  return mapShape(shape, ({ x, y }) => ({ x: x + dx, y: y + dy }));
}

/** A shape mirrored at the center of its extent; of an object, its path. */
export function mirrorShape(
  shape: Shape,
  axis: "horizontal" | "vertical",
): Shape {
  if (shape.kind === "object") {
    const start = shape.path[0]!;
    const path = shape.path.map(({ x, y }) =>
      axis === "horizontal"
        ? { x: 2 * start.x - x, y }
        : { x, y: 2 * start.y - y }
    );
    return { ...shape, path };
  }
  const { left, right, top, bottom } = shapeBounds(shape);
  return axis === "horizontal"
    ? mapShape(shape, ({ x, y }) => ({ x: left + right - x, y }))
    : mapShape(shape, ({ x, y }) => ({ x, y: top + bottom - y }));
}

/** A shape walked from its end to its start; an object stays as it is. */
export function reverseShape(shape: Shape): Shape {
  switch (shape.kind) {
    case "static":
    case "object":
      return shape;
    case "freehand": {
      const duration = shape.times.at(-1) ?? 0;
      return {
        ...shape,
        points: shape.points.toReversed(),
        times: shape.times.map((time) => duration - time).reverse(),
      };
    }
    case "spline":
      return {
        ...shape,
        points: shape.points.map(({ x, y, in: before, out: after }) => ({
          x,
          y,
          ...(after ? { in: after } : {}),
          ...(before ? { out: before } : {}),
        })).reverse(),
      };
    case "circle":
      return {
        ...shape,
        radii: shape.radii.map(({ frame, radius }) => ({
          frame: ownLastFrame(shape) - frame,
          radius,
        })).reverse(),
      };
    case "free": {
      const samples: number[] = [];
      for (let i = shape.samples.length - 3; i >= 0; i -= 3) {
        samples.push(...shape.samples.slice(i, i + 3));
      }
      return { ...shape, samples };
    }
  }
}

/** The smallest rectangle around a shape's positions, px. */
export function shapeBounds(
  shape: Shape,
): { left: number; right: number; top: number; bottom: number } {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const { x, y } of shapePositions(shape)) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, right, top, bottom };
}

/** The positions that a shape goes through or is at, px; no Bezier handles. */
export function shapePositions(shape: Shape): Point[] {
  switch (shape.kind) {
    case "static":
    case "circle":
      return [{ x: shape.x, y: shape.y }];
    case "freehand":
    case "spline":
      return shape.points.map(({ x, y }) => ({ x, y }));
    case "object":
      return shape.path.map(({ x, y }) => ({ x, y }));
    case "free":
      return Array.from({ length: shape.samples.length / 3 }, (_, i) => ({
        x: shape.samples[3 * i]!,
        y: shape.samples[3 * i + 1]!,
      }));
  }
}

/**
 * How much of a drag a point follows that is `away` points from the dragged
 * one, 0..1; half of it at `width` points.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { followShare } from "./edits.ts";
 * assert.equal(followShare(-5, 5), 0.5);
 * assert.equal(followShare(1, 0), 0);
 * ```
 */
export function followShare(away: number, width: number): number {
  if (away === 0) return 1;
  return width <= 0 ? 0 : 2 ** -((away / width) ** 2);
}

/**
 * A shape with its point `index` dragged by (dx, dy) px. On strokes and
 * tracks from files the neighbors follow with a Gaussian falloff whose half
 * width, in points, is `width`: a neighbor that far away follows by half.
 * Width 0 moves the one point alone; splines always move just the one.
 *
 * Source: the reference's editor drags with sigma = 5 / sqrt(2 ln 2), which is
 * a `width` of 5.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { dragPoint } from "./edits.ts";
 * const shape = dragPoint({ kind: "static", x: 1, y: 1 }, 0, {
 *   dx: 2, dy: 0, width: 5,
 * });
 * assert.equal(shape.kind, "static");
 * assert.equal(shape.x, 3);
 * ```
 */
export function dragPoint(
  shape: Shape,
  index: number,
  drag: { readonly dx: number; readonly dy: number; readonly width: number },
): Shape {
  const { dx, dy, width } = drag;
  if (shape.kind === "static" || shape.kind === "circle") {
    return moveShape(shape, drag);
  }
  const share = (i: number) =>
    followShare(i - index, shape.kind === "spline" ? 0 : width);
  if (shape.kind === "free") {
    const samples = shape.samples.map((value, k) =>
      k % 3 === 2
        ? value
        : value + share(Math.floor(k / 3)) * (k % 3 === 0 ? dx : dy)
    );
    return { ...shape, samples };
  }
  const moved = <P extends Point>(p: P, i: number): P => ({
    ...p,
    x: p.x + share(i) * dx,
    y: p.y + share(i) * dy,
  });
  if (shape.kind === "object") {
    // It is where it is in the image: its path begins there.
    const path = shape.path.map((p, i) => i === 0 ? p : moved(p, i));
    return { ...shape, path };
  }
  return shape.kind === "freehand"
    ? { ...shape, points: shape.points.map(moved) }
    : { ...shape, points: shape.points.map(moved) };
}

/** A spline with another curve; going to bezier keeps the shape. */
export function setCurve(
  shape: SplineShape,
  curve: "cardinal" | "linear" | "bezier",
): SplineShape {
  if (curve === shape.curve) return shape;
  if (curve !== "bezier") {
    return {
      ...shape,
      curve,
      points: shape.points.map(({ x, y }) => ({ x, y })),
    };
  }
  const handles = cardinalHandles(
    shape.points,
    shape.curve === "linear" ? 0 : shape.tension,
  );
  return {
    ...shape,
    curve,
    points: shape.points.map(({ x, y }, i) => ({ x, y, ...handles[i]! })),
  };
}

/** A spline or stroke without its point `index`; the last point stays. */
export function removePoint(shape: Shape, index: number): Shape {
  if (shape.kind === "spline" && shape.points.length > 1) {
    return { ...shape, points: shape.points.toSpliced(index, 1) };
  }
  if (shape.kind === "object" && index > 0) {
    return {
      ...shape,
      path: shape.path.toSpliced(index, 1),
      times: shape.times.toSpliced(index, 1),
    };
  }
  if (shape.kind === "freehand" && shape.points.length > 1) {
    return {
      ...shape,
      points: shape.points.toSpliced(index, 1),
      times: shape.times.length === shape.points.length
        ? shape.times.toSpliced(index, 1)
        : shape.times,
    };
  }
  return shape;
}

/** A spline with a new point in the middle of every piece. */
export function subdivideAll(
  shape: SplineShape,
): SplineShape {
  let result = shape;
  for (let i = shape.points.length - 2; i >= 0; i--) {
    result = subdivideSpline(result, i);
  }
  return result;
}

/**
 * A circle whose radius at a frame is set: the parametric zoom. A key at the
 * frame is replaced, else added.
 */
export function setRadius(
  shape: CircleShape,
  frame: number,
  radius: number,
): CircleShape {
  const radii = [
    ...shape.radii.filter((key) => key.frame !== frame),
    { frame, radius: Math.max(0, radius) },
  ].sort((a, b) => a.frame - b.frame);
  return { ...shape, radii };
}

/**
 * A grid of anchors, each cell's center one, that keeps away from positions that
 * move (within `clear` px of `avoid`).
 */
export function anchorGrid(
  document: EditorDocument,
  options: {
    readonly columns: number;
    readonly rows: number;
    readonly avoid?: readonly Point[];
    readonly clear?: number;
  },
): EditorTrack[] {
  const { columns, rows, avoid = [], clear = 0 } = options;
  const made: EditorTrack[] = [];
  let next = document;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = (column + 0.5) * document.width / columns;
      const y = (row + 0.5) * document.height / rows;
      if (avoid.some((p) => Math.hypot(p.x - x, p.y - y) < clear)) continue;
      const track = createTrack(next, { kind: "static", x, y });
      next = addTracks(next, [track]);
      made.push(track);
    }
  }
  return made;
}

/**
 * Shows or hides frames `[from, to]` of a track: its visible ranges with that
 * piece joined or cut out, in rising order, without overlaps.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { setVisible } from "./edits.ts";
 * const ranges = setVisible([[0, 120]], { from: 10, to: 20, visible: false });
 * assert.equal(JSON.stringify(ranges), "[[0,9],[21,120]]");
 * ```
 */
export function setVisible(
  ranges: EditorTrack["visible"],
  change: {
    readonly from: number;
    readonly to: number;
    readonly visible: boolean;
  },
): EditorTrack["visible"] {
  const last = Math.max(change.to, ...ranges.map(([, to]) => to));
  const seen = new Uint8Array(last + 1);
  for (const [from, to] of ranges) seen.fill(1, from, to + 1);
  seen.fill(change.visible ? 1 : 0, change.from, change.to + 1);
  const result: [number, number][] = [];
  for (let frame = 0; frame <= last; frame++) {
    if (!seen[frame]) continue;
    const last = result.at(-1);
    if (last && last[1] === frame - 1) last[1] = frame;
    else result.push([frame, frame]);
  }
  return result;
}
