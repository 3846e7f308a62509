/**
 * How well tracks fit the truth: the TAP-Vid figures, and those of ATI.
 *
 * @module
 */

import type { PointTracks } from "./point_tracker.ts";

/** The TAP-Vid figures of one video, each a share from 0 to 1. */
export interface TrackScore {
  /** Mean Jaccard over the thresholds. */
  readonly averageJaccard: number;
  /** Share of truly visible points within the threshold, averaged. */
  readonly positionAccuracy: number;
  /** Share of right answers to whether the point is seen. */
  readonly occlusionAccuracy: number;
  /** `positionAccuracy` at each of the thresholds. */
  readonly within: readonly number[];
}

/** Distances on a 256 x 256 raster. */
const THRESHOLDS = [1, 2, 4, 8, 16] as const;

/**
 * The TAP-Vid figures, queried first: each point is judged on the frames after
 * its query frame. Distances are taken after both axes are scaled to 256.
 *
 * Source: Doersch et al. 2022, "TAP-Vid".
 *
 * @throws {RangeError} When the sizes do not fit each other, or nothing is to
 * be judged.
 */
export function scoreTracks(
  predicted: PointTracks,
  truth: PointTracks,
  options: {
    /** Width of the frames in px. */
    readonly width: number;
    /** Height of the frames in px. */
    readonly height: number;
    /** `(N)`; the first truly visible frame of each point by default. */
    readonly queryFrames?: ArrayLike<number>;
  },
): TrackScore {
  requireSameSize(predicted, truth);
  const { width, height } = options;
  const { count, frames } = truth;
  const sx = 255 / (width - 1), sy = 255 / (height - 1);
  let judged = 0, right = 0, seen = 0;
  const near = THRESHOLDS.map(() => 0);
  const hits = THRESHOLDS.map(() => 0);
  const wrong = THRESHOLDS.map(() => 0);
  for (let n = 0; n < count; n++) {
    const row = n * frames;
    const query = options.queryFrames?.[n] ??
      truth.visible.subarray(row, row + frames).findIndex((v) => v !== 0);
    if (query < 0) continue;
    for (let t = query + 1; t < frames; t++) {
      const at = row + t;
      const isSeen = truth.visible[at] !== 0;
      const saidSeen = predicted.visible[at] !== 0;
      judged++;
      if (isSeen === saidSeen) right++;
      if (isSeen) seen++;
      const distance = Math.hypot(
        (predicted.positions[2 * at]! - truth.positions[2 * at]!) * sx,
        (predicted.positions[2 * at + 1]! - truth.positions[2 * at + 1]!) * sy,
      );
      THRESHOLDS.forEach((threshold, k) => {
        const isNear = isSeen && distance < threshold;
        if (isNear) near[k]!++;
        if (isNear && saidSeen) hits[k]!++;
        if (!isNear && saidSeen) wrong[k]!++;
      });
    }
  }
  if (judged === 0 || seen === 0) {
    throw new RangeError(
      "Cannot score tracks without a truly visible sample after the query frames",
    );
  }
  const within = near.map((n) => n / seen);
  return {
    averageJaccard: mean(hits.map((hit, k) => hit / (seen + wrong[k]!))),
    positionAccuracy: mean(within),
    occlusionAccuracy: right / judged,
    within,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** How well a video follows its tracks. */
export interface FollowScore {
  /** Mean distance in px (end-point error), over the samples that count. */
  readonly endPointError: number;
  /** Share of the samples within 1 % of the image's diagonal. */
  readonly within1Percent: number;
  /** Share of the samples within 5 % of the image's diagonal. */
  readonly within5Percent: number;
  /** How many samples count: those that the tracks say can be seen. */
  readonly samples: number;
}

/**
 * The distance of what a video shows from what its tracks say, wherever
 * `wanted` is visible, after the first time that it is. The shares are named
 * Acc@0.01 and Acc@0.05 in the ATI paper. Its code does not come with them:
 * thresholds are taken of the frame's diagonal here, so compare figures of this
 * function with each other, not with the paper's table.
 *
 * @throws {RangeError} When the sizes do not fit each other, or no sample
 * counts.
 */
export function scoreFollowing(
  shown: PointTracks,
  wanted: PointTracks,
  options: { readonly width: number; readonly height: number },
): FollowScore {
  requireSameSize(shown, wanted);
  const diagonal = Math.hypot(options.width, options.height);
  const { count, frames } = wanted;
  let sum = 0, close = 0, near = 0, samples = 0;
  for (let n = 0; n < count; n++) {
    let begun = false;
    for (let t = 0; t < frames; t++) {
      const at = n * frames + t;
      if (wanted.visible[at] === 0) continue;
      if (!begun) {
        begun = true;
        continue;
      }
      const distance = Math.hypot(
        shown.positions[2 * at]! - wanted.positions[2 * at]!,
        shown.positions[2 * at + 1]! - wanted.positions[2 * at + 1]!,
      );
      samples++;
      sum += distance;
      if (distance < 0.01 * diagonal) close++;
      if (distance < 0.05 * diagonal) near++;
    }
  }
  if (samples === 0) {
    throw new RangeError(
      "Cannot score tracks without a visible sample after frame 0",
    );
  }
  return {
    endPointError: sum / samples,
    within1Percent: close / samples,
    within5Percent: near / samples,
    samples,
  };
}

function requireSameSize(a: PointTracks, b: PointTracks): void {
  for (const { count, frames, positions, visible } of [a, b]) {
    if (
      count !== b.count || frames !== b.frames ||
      positions.length !== 2 * count * frames ||
      visible.length !== count * frames
    ) {
      throw new RangeError(
        `Cannot score ${a.count} tracks of ${a.frames} frames against ${b.count} of ${b.frames}: they have ${positions.length} coordinates and ${visible.length} visibilities, expected as many tracks and frames on both sides`,
      );
    }
  }
}
