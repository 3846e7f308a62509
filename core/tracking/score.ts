/**
 * How well tracks fit the truth: the TAP-Vid figures, and those of ATI.
 *
 * @module
 */

import { quote } from "../errors.ts";
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
 * @throws {RangeError} When the sizes do not fit each other.
 */
export function scoreTracks(
  predicted: PointTracks,
  truth: PointTracks,
  options: {
    width: number;
    height: number;
    /** `(N)`; the first truly visible frame of each point by default. */
    queryFrames?: ArrayLike<number>;
    frames: number;
  },
): TrackScore {
  const { width, height, frames } = options;
  const count = truth.visible.length / frames;
  for (
    const [name, tracks] of Object.entries({ predicted, truth })
  ) {
    if (
      tracks.visible.length !== count * frames ||
      tracks.positions.length !== 2 * count * frames ||
      !Number.isInteger(count)
    ) {
      throw new RangeError(
        `Cannot score ${name} tracks of ${tracks.positions.length} and ${tracks.visible.length} numbers, expected (${
          quote(count)
        }, ${frames}, 2) and (${quote(count)}, ${frames})`,
      );
    }
  }
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
