/**
 * Which points of a video are worth following, and which of those that were
 * followed are worth keeping.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { framePyramid } from "./_frame_pyramid.ts";
import {
  type MotionSegments,
  segmentHiddenMotion,
  segmentMotion,
} from "./motion_segments.ts";
import { type Corner, strongestCorner } from "./_strongest_corner.ts";
import type { PointTracks } from "./point_tracker.ts";

/** How points are chosen. */
export type PointChoice =
  | { readonly kind: "grid"; readonly count: number }
  | { readonly kind: "auto"; readonly count: number }
  | {
    readonly kind: "points";
    readonly points: readonly { readonly x: number; readonly y: number }[];
  };

/** A point that is not kept, and why. */
export interface DroppedPoint {
  /** Its index among the candidates. */
  readonly index: number;
  /** What makes it unreliable. */
  readonly reason: "hidden for most of the time" | "jumps" | "moves alone";
}

/** What is kept of many tracks. */
export interface ChosenPoints {
  /** Indices of the kept candidates: camera first, then object by object. */
  readonly kept: readonly number[];
  /** The segment of each, an index into `segments`. */
  readonly segmentOf: readonly number[];
  /** The motions that were found; `points` are indices of candidates. */
  readonly segments: MotionSegments["segments"];
  /** Candidates that are unreliable; the others were merely not needed. */
  readonly dropped: readonly DroppedPoint[];
}

/** Px that points may seem to move under a camera that does not. */
const STILL = 0.5;
/** Share of the frames in which a point has to be seen. */
const SEEN = 0.4;
/** That of the points of an object that is hidden for most of the time. */
const SEEN_OF_HIDDEN = 0.1;
/** More tracks than these confuse the model. */
export const MOST_AUTO_POINTS = 20;

const EXPECTED = 'expected "grid:49", "auto:20" or "x,y;x,y"';

/**
 * A choice as it is written on the command line: `grid:49`, `auto:20`, or
 * positions in px as `x,y;x,y`.
 *
 * @throws {TypeError} When the text is none of these.
 */
export function parsePointChoice(text: string): PointChoice {
  const named = /^(grid|auto):(\d{1,4})$/.exec(text.trim());
  if (named) {
    const kind = named[1] as "grid" | "auto", count = Number(named[2]);
    const most = kind === "auto" ? MOST_AUTO_POINTS : 1024;
    if (count < 1 || count > most) {
      throw new TypeError(
        `Cannot take ${
          quote(text)
        } as points: ${count} of them, expected 1 to ${most}`,
      );
    }
    return { kind, count };
  }
  const points = text.split(";").map((part) => {
    const numbers = part.split(",").map((word) =>
      word.trim() === "" ? NaN : Number(word)
    );
    if (numbers.length !== 2 || !numbers.every(Number.isFinite)) {
      throw new TypeError(`Cannot take ${quote(text)} as points, ${EXPECTED}`);
    }
    return { x: numbers[0]!, y: numbers[1]! };
  });
  return { kind: "points", points };
}

/**
 * At least `count` points on a grid, column by column. The distance to the
 * borders is `margin` px, an eighteenth of each side by default.
 */
export function gridPoints(
  count: number,
  size: { readonly width: number; readonly height: number },
  options: { margin?: number } = {},
): { x: number; y: number }[] {
  const side = Math.ceil(Math.sqrt(count));
  const place = (i: number, length: number) => {
    const margin = options.margin ?? length / 18;
    return side === 1
      ? length / 2
      : margin + i * (length - 2 * margin) / (side - 1);
  };
  return Array.from({ length: side * side }, (_, n) => ({
    x: place(Math.floor(n / side), size.width),
    y: place(n % side, size.height),
  }));
}

/**
 * Well-textured points all over a frame: in each cell of a grid the pixel with
 * the greatest smaller eigenvalue of the gradient matrix (Shi and Tomasi
 * 1994), where there is one above a hundredth of what is usual in this frame.
 */
export function texturedPoints(
  frame: RgbImage,
  options: { columns?: number; rows?: number } = {},
): { x: number; y: number }[] {
  const { columns = 20, rows = 12 } = options;
  const { levels } = framePyramid(frame);
  const level = levels.length > 1 ? 1 : 0;
  const plane = levels[level]!;
  const { width, height } = plane;
  const scale = 2 ** level;
  const margin = Math.max(4, Math.round(0.02 * Math.min(width, height)));
  const cells: Corner[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const corner = strongestCorner(plane, {
        top: Math.max(margin, Math.floor(row * height / rows)),
        bottom: Math.min(height - margin, (row + 1) * height / rows),
        left: Math.max(margin, Math.floor(column * width / columns)),
        right: Math.min(width - margin, (column + 1) * width / columns),
        step: 1,
        above: 0,
      });
      if (corner) cells.push(corner);
    }
  }
  const sorted = cells.map(({ strength }) => strength).sort((a, b) => a - b);
  const usual = sorted[Math.floor(0.95 * sorted.length)] ?? 0;
  return cells.filter(({ strength }) => strength > 0.01 * usual)
    .map(({ x, y }) => ({ x: x * scale, y: y * scale }));
}

/**
 * Keeps at most `count` of many tracks that begin in frame 0: reliable ones,
 * some of every motion, spread over the frame, those that can be seen longest
 * first.
 *
 * The camera's motion keeps up to six, which is all that it needs; the objects
 * share the rest by the root of their size. A point that is hidden for most of
 * the time is kept only where all points of its motion are: an object that
 * leaves the frame early, or is covered.
 */
export function choosePoints(
  tracks: PointTracks,
  options: {
    readonly count: number;
    readonly width: number;
    readonly height: number;
  },
): ChosenPoints {
  const { count } = options;
  const dropped: DroppedPoint[] = [];
  const share = seenShares(tracks);
  const jumping = jumps(tracks);
  const reliable: number[] = [], hidden: number[] = [];
  share.forEach((seen, n) => {
    if (seen < SEEN) hidden.push(n);
    else if (jumping[n]) dropped.push({ index: n, reason: "jumps" });
    else reliable.push(n);
  });
  const { segments, alone } = segmentMotion(
    subset(tracks, reliable),
    options,
  );
  for (const n of alone) {
    dropped.push({ index: reliable[n]!, reason: "moves alone" });
  }
  const known = segments.map((segment) => ({
    ...segment,
    points: segment.points.map((n) => reliable[n]!),
  }));
  const original = [
    ...known,
    ...segmentHiddenMotion(tracks, {
      ...options,
      points: hidden.filter((n) => share[n]! >= SEEN_OF_HIDDEN && !jumping[n]),
      known,
    }),
  ];
  for (const n of hidden) {
    if (original.some(({ points }) => points.includes(n))) continue;
    dropped.push({ index: n, reason: "hidden for most of the time" });
  }
  dropped.sort((a, b) => a.index - b.index);
  const quotas = shareOut(original.map(({ points }) => points.length), count);
  const kept: number[] = [], segmentOf: number[] = [];
  original.forEach(({ points }, s) => {
    const steady = points.toSorted((p, q) => share[q]! - share[p]! || p - q);
    const best = steady.slice(
      0,
      Math.max(quotas[s]!, Math.ceil(steady.length / 2)),
    );
    for (const n of spread(tracks, best, quotas[s]!)) {
      kept.push(n);
      segmentOf.push(s);
    }
  });
  return { kept, segmentOf, segments: original, dropped };
}

/**
 * The kept tracks of {@linkcode choosePoints}, in its order. Where the camera
 * does not move, its points are written as exactly static: the model holds the
 * background by them.
 */
export function keptTracks(
  tracks: PointTracks,
  { kept, segmentOf, segments }: ChosenPoints,
): PointTracks {
  const result = subset(tracks, kept);
  const camera = segments[0];
  if (camera?.kind !== "camera") return result;
  const moved = camera.points.map((n) => farthestStep(tracks, n))
    .sort((a, b) => a - b);
  if (moved[Math.floor(moved.length / 2)]! >= STILL) return result;
  const { frames, positions } = result;
  kept.forEach((_, k) => {
    if (segmentOf[k] !== 0) return;
    const row = positions.subarray(2 * k * frames, 2 * (k + 1) * frames);
    for (let i = 2; i < row.length; i++) row[i] = row[i % 2]!;
  });
  return result;
}

/** The greatest distance from the first frame's position while seen, px. */
function farthestStep(
  { frames, positions, visible }: PointTracks,
  n: number,
): number {
  let farthest = 0;
  const first = n * frames;
  for (let at = first; at < first + frames; at++) {
    if (!visible[at]) continue;
    farthest = Math.max(
      farthest,
      Math.hypot(
        positions[2 * at]! - positions[2 * first]!,
        positions[2 * at + 1]! - positions[2 * first + 1]!,
      ),
    );
  }
  return farthest;
}

/** Some of the tracks, in the given order. */
export function subset(
  tracks: PointTracks,
  indices: readonly number[],
): PointTracks {
  const { frames } = tracks;
  const positions = new Float32Array(2 * frames * indices.length);
  const visible = new Uint8Array(frames * indices.length);
  indices.forEach((from, to) => {
    positions.set(
      tracks.positions.subarray(2 * frames * from, 2 * frames * (from + 1)),
      2 * frames * to,
    );
    visible.set(
      tracks.visible.subarray(frames * from, frames * (from + 1)),
      frames * to,
    );
  });
  return { count: indices.length, frames, positions, visible };
}

/** The share of the frames in which each point can be seen. */
function seenShares({ count, frames, visible }: PointTracks): number[] {
  return Array.from(
    { length: count },
    (_, n) =>
      visible.subarray(n * frames, (n + 1) * frames)
        .reduce((sum, v) => sum + v, 0) / frames,
  );
}

/** Which tracks have a step far beyond those of their nearest neighbors. */
function jumps(tracks: PointTracks): boolean[] {
  const { count, frames, positions, visible } = tracks;
  const step = (n: number, t: number) => {
    const at = n * frames + t;
    if (!visible[at] || !visible[at - 1]) return undefined;
    return Math.hypot(
      positions[2 * at]! - positions[2 * at - 2]!,
      positions[2 * at + 1]! - positions[2 * at - 1]!,
    );
  };
  return Array.from({ length: count }, (_, n) => {
    const near = Array.from({ length: count }, (_, m) => m)
      .filter((m) => m !== n)
      .map((m) => ({ m, far: distance(tracks, n, m) }))
      .sort((p, q) => p.far - q.far).slice(0, 8);
    for (let t = 1; t < frames; t++) {
      const own = step(n, t);
      if (own === undefined) continue;
      const others = near.map(({ m }) => step(m, t))
        .filter((value) => value !== undefined).sort((p, q) => p - q);
      if (others.length < 3) continue;
      const usual = others[Math.floor(others.length / 2)]!;
      const most = others.at(-1)!;
      if (own > 5 * usual + 4 && own > 1.5 * most) return true;
    }
    return false;
  });
}

/** Distance in frame 0, px. */
function distance({ frames, positions }: PointTracks, n: number, m: number) {
  const p = 2 * n * frames, q = 2 * m * frames;
  return Math.hypot(
    positions[p]! - positions[q]!,
    positions[p + 1]! - positions[q + 1]!,
  );
}

/** How many points each segment keeps; the first is the camera's. */
function shareOut(sizes: readonly number[], count: number): number[] {
  const [camera = 0, ...objects] = sizes;
  const quotas = sizes.map(() => 0);
  let left = count;
  quotas[0] = Math.min(camera, objects.length === 0 ? count : 6, left);
  left -= quotas[0];
  const total = objects.reduce((sum, size) => sum + Math.sqrt(size), 0);
  objects.forEach((size, k) => {
    const fair = Math.max(2, Math.floor(left * Math.sqrt(size) / total));
    quotas[k + 1] = Math.min(size, fair);
  });
  // What rounding and small segments leave over, or took too much.
  const given = () => quotas.reduce((sum, n) => sum + n, 0);
  for (
    let s = sizes.length - 1;
    given() > count;
    s = s ? s - 1 : sizes.length - 1
  ) {
    if (quotas[s]! > 0) quotas[s]!--;
  }
  for (let s = 1; s < sizes.length; s++) {
    quotas[s]! += Math.min(sizes[s]! - quotas[s]!, count - given());
  }
  quotas[0]! += Math.min(camera - quotas[0]!, count - given());
  return quotas;
}

/** Farthest-point sampling in frame 0, from the first of `indices` on. */
function spread(
  tracks: PointTracks,
  indices: readonly number[],
  count: number,
): number[] {
  if (count === 0) return [];
  const chosen = [indices[0]!];
  while (chosen.length < Math.min(count, indices.length)) {
    let best = -1, bestFar = -1;
    for (const n of indices) {
      const far = Math.min(...chosen.map((m) => distance(tracks, n, m)));
      if (far > bestFar && !chosen.includes(n)) {
        best = n;
        bestFar = far;
      }
    }
    chosen.push(best);
  }
  return chosen;
}
