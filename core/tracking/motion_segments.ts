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

/** The size of the frames, px. */
interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** What points are grouped by. */
interface Grouping {
  /** Frames that are compared with the first. */
  readonly times: readonly number[];
  /** In how many of these a point has to be seen. */
  readonly fewestTimes: number;
  /** Px on the 256 x 256 raster per px of the frame. */
  readonly scale: number;
}

/**
 * Groups points that are given in frame 0 by motion, by RANSAC: first the
 * largest group that one homography per frame explains (a camera that turns or
 * zooms, or moves before a plane), then, one after the other, groups that a
 * similarity per frame explains.
 */
export function segmentMotion(
  tracks: PointTracks,
  size: FrameSize,
): MotionSegments {
  const { count, frames } = tracks;
  const times = Array.from(
    { length: SAMPLES },
    (_, k) => Math.round((k + 1) * (frames - 1) / SAMPLES),
  ).filter((t, k, all) => t > 0 && all.indexOf(t) === k);
  return segmentsOf(tracks, Array.from({ length: count }, (_, n) => n), [], {
    times,
    fewestTimes: 2,
    scale: scaleOf(size),
  });
}

/**
 * Further motions among points that can be seen in a part of the frames only:
 * they are compared in the frames that show some of them, and those that move
 * like one of the `known` segments are left out. Where none is known, the first
 * is the camera's.
 */
export function segmentHiddenMotion(
  tracks: PointTracks,
  options: FrameSize & {
    /** Indices of the points. */
    readonly points: readonly number[];
    readonly known: readonly MotionSegment[];
  },
): MotionSegment[] {
  const { points, known } = options;
  const shown: number[] = [];
  for (let t = 1; t < tracks.frames; t++) {
    const seen = points.filter((n) => isSeen(tracks, n, t)).length;
    if (seen >= FEWEST_POINTS) shown.push(t);
  }
  const times = Array.from(
    { length: SAMPLES },
    (_, k) => shown[Math.ceil((k + 1) * shown.length / SAMPLES) - 1],
  ).filter((t, k, all) => t !== undefined && all.indexOf(t) === k) as number[];
  const grouping = {
    times,
    fewestTimes: Math.max(2, times.length / 2),
    scale: scaleOf(options),
  };
  const others = points.filter((n) =>
    !known.some(({ maps }) => {
      const at = times.map((t) => maps[t]);
      // Any time will do: a point is not an object's because it is lost early.
      return moves(tracks, n, at, { ...grouping, fewestTimes: 1 });
    })
  );
  return segmentsOf(tracks, others, known, grouping).segments
    .slice(known.length);
}

function scaleOf({ width, height }: FrameSize): number {
  return 255 / Math.max(width, height);
}

/** The known segments, and those of the other points. */
function segmentsOf(
  tracks: PointTracks,
  points: readonly number[],
  known: readonly MotionSegment[],
  grouping: Grouping,
): MotionSegments {
  const random = seeded(1);
  let left = points;
  const segments = [...known];
  while (segments.length < MOST_SEGMENTS && left.length >= FEWEST_POINTS) {
    const first = segments.length === 0;
    const kind = first ? "homography" : "similarity";
    const found = largestGroup(tracks, left, { ...grouping, kind, random });
    if (found.length < FEWEST_POINTS) break;
    segments.push({
      kind: first ? "camera" : "object",
      points: found,
      maps: motionOf(tracks, found, kind),
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
  options: Grouping & {
    kind: "homography" | "similarity";
    random: () => number;
  },
): number[] {
  const { kind, random } = options;
  const needed = PAIRS_NEEDED[kind];
  let best: number[] = [];
  for (let round = 0; round < TRIES; round++) {
    if (candidates.length < needed) break;
    const chosen: number[] = [];
    while (chosen.length < needed) {
      const n = candidates[Math.floor(random() * candidates.length)]!;
      if (!chosen.includes(n)) chosen.push(n);
    }
    const group = agreeing(tracks, candidates, chosen, options);
    if (group.length > best.length) best = group;
  }
  // Once more with the map of all that agreed.
  if (best.length > needed) {
    const again = agreeing(tracks, candidates, best, options);
    if (again.length >= best.length) best = again;
  }
  return best;
}

/** The points that move as the maps say that `chosen` fix. */
function agreeing(
  tracks: PointTracks,
  candidates: readonly number[],
  chosen: readonly number[],
  options: Grouping & { kind: "homography" | "similarity" },
): number[] {
  const { kind, times } = options;
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
  return candidates.filter((n) => moves(tracks, n, maps, options));
}

/** Whether a point moves as the maps to `times` say. */
function moves(
  tracks: PointTracks,
  n: number,
  maps: readonly (PlaneMap | undefined)[],
  { times, fewestTimes, scale }: Grouping,
): boolean {
  const residuals: number[] = [];
  times.forEach((t, k) => {
    const map = maps[k];
    if (!map || !isSeen(tracks, n, t)) return;
    const p = mapPoint(map, at(tracks, n, 0)), q = at(tracks, n, t);
    residuals.push(scale * Math.hypot(p.x - q.x, p.y - q.y));
  });
  if (residuals.length < fewestTimes) return false;
  residuals.sort((a, b) => a - b);
  // Not the median alone: a motion that only begins late counts too.
  return residuals[Math.floor(0.75 * (residuals.length - 1))]! < TOLERANCE;
}

function at({ frames, positions }: PointTracks, n: number, t: number) {
  const i = 2 * (n * frames + t);
  return { x: positions[i]!, y: positions[i + 1]! };
}

function isSeen({ frames, visible }: PointTracks, n: number, t: number) {
  return visible[n * frames + t] !== 0;
}
