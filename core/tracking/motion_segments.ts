/**
 * Which points move together: the camera's motion, and that of objects.
 *
 * @module
 */

import { seeded } from "../base/seeded.ts";
import {
  fitMap,
  IDENTITY,
  mapPoint,
  PAIRS_NEEDED,
  type PlaneMap,
  type PlaneMapKind,
} from "./fit_map.ts";
import type { PointTracks } from "./point_tracker.ts";

/** Points with one motion. */
export interface MotionSegment {
  /** What moves: the camera, or an object. There is one camera at most. */
  readonly kind: "camera" | "object";
  /** Indices of its points, ascending. */
  readonly points: readonly number[];
  /** From the first frame to each frame, `frames` maps. */
  readonly maps: readonly PlaneMap[];
}

/** Points, sorted by their motion. */
export interface MotionSegments {
  /** The largest first, which is the camera's. */
  readonly segments: readonly MotionSegment[];
  /** Points that move like no others. */
  readonly alone: readonly number[];
}

/** Frames that are compared with the first. */
const SAMPLES = 8;
/** Px on a 256 x 256 raster by which points of one motion may differ. */
const TOLERANCE = 2;
const TRIES = 300;
const MOST_SEGMENTS = 5;
/** Fewer points are no object: points at the edges of one can agree by chance. */
const FEWEST_POINTS = 6;

/**
 * Groups points that are given in frame 0 by motion, by RANSAC: first the
 * largest group that one homography per frame explains (a camera that turns or
 * zooms, or moves before a plane), then, one after the other, groups that a
 * similarity per frame explains.
 */
export function segmentMotion(
  tracks: PointTracks,
  size: { readonly width: number; readonly height: number },
): MotionSegments {
  const { count, frames } = tracks;
  const times = Array.from(
    { length: SAMPLES },
    (_, k) => Math.round((k + 1) * (frames - 1) / SAMPLES),
  ).filter((t, k, all) => t > 0 && all.indexOf(t) === k);
  const scale = 255 / Math.max(size.width, size.height);
  const random = seeded(1);
  let left = Array.from({ length: count }, (_, n) => n);
  const segments: MotionSegment[] = [];
  while (segments.length < MOST_SEGMENTS && left.length >= FEWEST_POINTS) {
    const first = segments.length === 0;
    const kind = first ? "homography" : "similarity";
    const found = largestGroup(tracks, left, { kind, times, scale, random });
    if (found.length < FEWEST_POINTS) break;
    segments.push({
      kind: first ? "camera" : "object",
      points: found,
      maps: motionOf(tracks, found, first ? "homography" : "similarity"),
    });
    left = left.filter((n) => !found.includes(n));
  }
  return { segments, alone: left };
}

/**
 * The motion of some points from frame 0 to each frame: the least squares map
 * of those that can be seen, of a simpler kind where they are few, and held
 * where none can be seen.
 */
export function motionOf(
  tracks: PointTracks,
  points: readonly number[],
  kind: PlaneMapKind,
): PlaneMap[] {
  const maps: PlaneMap[] = [];
  for (let t = 0; t < tracks.frames; t++) {
    const seen = points.filter((n) =>
      isSeen(tracks, n, 0) && isSeen(tracks, n, t)
    );
    // Twice as many pairs as needed, so that no single one decides.
    const kinds = (["homography", "affine", "similarity"] as const)
      .slice(["homography", "affine", "similarity"].indexOf(kind));
    const usable = kinds.find((k) => seen.length >= 2 * PAIRS_NEEDED[k]);
    const map = t === 0 ? IDENTITY : usable && fitMap(
      seen.map((n) => at(tracks, n, 0)),
      seen.map((n) => at(tracks, n, t)),
      { kind: usable },
    );
    maps.push(map ?? shiftOf(tracks, seen, t) ?? maps.at(-1) ?? IDENTITY);
  }
  return maps;
}

/** The mean displacement, where a map has too few points. */
function shiftOf(
  tracks: PointTracks,
  seen: readonly number[],
  t: number,
): PlaneMap | undefined {
  if (seen.length === 0) return undefined;
  let dx = 0, dy = 0;
  for (const n of seen) {
    const p = at(tracks, n, 0), q = at(tracks, n, t);
    dx += (q.x - p.x) / seen.length;
    dy += (q.y - p.y) / seen.length;
  }
  return [1, 0, dx, 0, 1, dy, 0, 0, 1];
}

function largestGroup(
  tracks: PointTracks,
  candidates: readonly number[],
  options: {
    kind: "homography" | "similarity";
    times: readonly number[];
    scale: number;
    random: () => number;
  },
): number[] {
  const { kind, times, scale, random } = options;
  const needed = PAIRS_NEEDED[kind];
  let best: number[] = [];
  for (let round = 0; round < TRIES; round++) {
    if (candidates.length < needed) break;
    const chosen: number[] = [];
    while (chosen.length < needed) {
      const n = candidates[Math.floor(random() * candidates.length)]!;
      if (!chosen.includes(n)) chosen.push(n);
    }
    const group = agreeing(tracks, candidates, chosen, { kind, times, scale });
    if (group.length > best.length) best = group;
  }
  // Once more with the map of all that agreed.
  if (best.length > needed) {
    const again = agreeing(tracks, candidates, best, { kind, times, scale });
    if (again.length >= best.length) best = again;
  }
  return best;
}

/** The points that move as the maps say that `chosen` fix. */
function agreeing(
  tracks: PointTracks,
  candidates: readonly number[],
  chosen: readonly number[],
  options: {
    kind: "homography" | "similarity";
    times: readonly number[];
    scale: number;
  },
): number[] {
  const { kind, times, scale } = options;
  const maps = times.map((t) => {
    const seen = chosen.filter((n) => isSeen(tracks, n, t));
    if (seen.length < PAIRS_NEEDED[kind]) return undefined;
    return fitMap(
      seen.map((n) => at(tracks, n, 0)),
      seen.map((n) => at(tracks, n, t)),
      { kind },
    );
  });
  if (maps.filter((map) => map !== undefined).length < times.length / 2) {
    return [];
  }
  return candidates.filter((n) => {
    const residuals: number[] = [];
    times.forEach((t, k) => {
      const map = maps[k];
      if (!map || !isSeen(tracks, n, t)) return;
      const p = mapPoint(map, at(tracks, n, 0)), q = at(tracks, n, t);
      residuals.push(scale * Math.hypot(p.x - q.x, p.y - q.y));
    });
    if (residuals.length < 2) return false;
    residuals.sort((a, b) => a - b);
    // Not the median alone: a motion that only begins late counts too.
    return residuals[Math.floor(0.75 * (residuals.length - 1))]! < TOLERANCE;
  });
}

function at({ frames, positions }: PointTracks, n: number, t: number) {
  const i = 2 * (n * frames + t);
  return { x: positions[i]!, y: positions[i + 1]! };
}

function isSeen({ frames, visible }: PointTracks, n: number, t: number) {
  return visible[n * frames + t] !== 0;
}
