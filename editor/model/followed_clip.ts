/**
 * What was followed through a video, and how reliable it is.
 *
 * @module
 */

import { withHint } from "../../core/base/errors.ts";
import {
  choosePoints,
  type DroppedPoint,
  type PointChoice,
} from "../../core/tracking/choose_points.ts";
import { composeMaps, type PlaneMap } from "../../core/tracking/fit_map.ts";
import type { PointTracks } from "../../core/tracking/point_tracker.ts";
import type { ImageSize } from "../../core/tracks/coordinates.ts";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";

/** Tracks of a video, px of its frames, 24 samples per second. */
export interface FollowedClip {
  /** The tracks, at most as many samples as the document has frames. */
  readonly tracks: PointTracks;
  /**
   * The camera's motion from frame 0 to each sample; undefined where it cannot
   * be told from that of the points, which may all be an object's.
   */
  readonly camera: readonly PlaneMap[] | undefined;
  /** Tracks that may be wrong, and why. */
  readonly suspects: readonly DroppedPoint[];
  /** Candidates that were followed and left out because they were unreliable. */
  readonly leftOut: number;
  /** Frames of the video that were looked at. */
  readonly frames: number;
}

/** The most points times frames: the tracker keeps 2 kB each, 1 GB in all. */
const MOST_STEPS = 500_000;

/**
 * Checks that the memory of a browser is enough to follow points.
 *
 * @param options.rate frames of the video per second
 * @throws {RangeError} When it is not; says for how long it would be.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { checkMemory } from "./followed_clip.ts";
 * checkMemory(240, { seconds: 60, rate: 30 });
 * checkMemory(20, { seconds: 120, rate: 60 });
 * assert.throws(
 *   () => checkMemory(240, { seconds: 120, rate: 30 }),
 *   /240 points for 120 s: .* expected at most 69 s/,
 * );
 * ```
 */
export function checkMemory(
  points: number,
  { seconds, rate }: { readonly seconds: number; readonly rate: number },
): void {
  if (!(points * rate * seconds > MOST_STEPS)) return;
  throw new RangeError(withHint(
    `Cannot follow ${points} points for ${
      Math.ceil(seconds)
    } s: a browser's memory is too small for it, expected at most ${
      Math.floor(MOST_STEPS / (points * rate))
    } s`,
    "Follow fewer points (a grid, or where you click), or a shorter part.",
  ));
}

/**
 * So many stills are shown of a long video, not each of its frames: of 480 px
 * they take 124 MB at 16:9, and 221 MB when they are square.
 */
const MOST_STILLS = 240;

/**
 * How many samples are between the stills of so many seconds that are followed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { followedSeconds, stillStep } from "./followed_clip.ts";
 * assert.deepEqual([0, 5, 10, 120].map(stillStep), [0, 1, 1, 12]);
 * const video = { duration: 8, from: 3 };
 * assert.equal(stillStep(followedSeconds(120, video)), 1);
 * ```
 */
export function stillStep(seconds: number): number {
  return Math.ceil(seconds * TRACK_FPS / MOST_STILLS);
}

/**
 * How much of a video is followed from a time on, in seconds: as much as is
 * wanted, and as the video has.
 */
export function followedSeconds(
  wanted: number,
  { duration, from }: { readonly duration: number; readonly from: number },
): number {
  return Math.min(wanted, Math.max(duration - from, 1e-3));
}

/** With fewer points none can be told to move like no others. */
const CROWD = 12;

/** The tracks that may be wrong: by the rules that choose points. */
export function suspects(
  tracks: PointTracks,
  size: ImageSize,
): readonly DroppedPoint[] {
  const { dropped } = choosePoints(tracks, { count: tracks.count, ...size });
  return tracks.count >= CROWD
    ? dropped
    : dropped.filter(({ reason }) => reason !== "moves alone");
}

/** A choice of points in px of a frame that has another size. */
export function movedChoice(
  choice: PointChoice,
  from: ImageSize,
  to: ImageSize,
): PointChoice {
  if (choice.kind !== "points") return choice;
  const [sx, , tx, , sy, ty] = scaleMap(from, to);
  return {
    kind: "points",
    points: choice.points.map(({ x, y }) => ({
      x: Math.min(to.width - 1, Math.max(0, sx * x + tx)),
      y: Math.min(to.height - 1, Math.max(0, sy * y + ty)),
    })),
  };
}

/** What was followed in frames of one size, in px of another. */
export function scaledClip(
  clip: FollowedClip,
  { from, to }: { readonly from: ImageSize; readonly to: ImageSize },
): FollowedClip {
  if (from.width === to.width && from.height === to.height) return clip;
  const map = scaleMap(from, to), back = scaleMap(to, from);
  const [sx, , tx, , sy, ty] = map;
  const { tracks, camera } = clip;
  const positions = tracks.positions.map((value, i) =>
    i % 2 === 0 ? sx * value + tx : sy * value + ty
  );
  return {
    ...clip,
    tracks: { ...tracks, positions },
    camera: camera?.map((moved) => composeMaps(map, composeMaps(moved, back))),
  };
}

/** Pixel centers are integers; the outer edges of both sizes are the same. */
function scaleMap(from: ImageSize, to: ImageSize): PlaneMap {
  const sx = to.width / from.width, sy = to.height / from.height;
  return [sx, 0, (sx - 1) / 2, 0, sy, (sy - 1) / 2, 0, 0, 1];
}
