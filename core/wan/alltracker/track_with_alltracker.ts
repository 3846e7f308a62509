/**
 * Follows points through a video with AllTracker: 16 frames at a time, each
 * window begins with the last eight frames of the one before.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Point, RgbImage } from "../../base/image.ts";
import type { AllTrackerComponent } from "./alltracker_graphs.ts";
import type {
  AllTrackerOptions,
  AllTrackerTracks,
} from "./alltracker_tracks.ts";
import { PointResults } from "./_point_results.ts";
import { followWindows } from "./_follow_windows.ts";

/**
 * Follows points of the first frame through all frames, as the reference's
 * `forward` does: the later of two windows has the frames that are in both. Each frame is encoded
 * once; the features of 16 frames are in memory at a time, so that a longer
 * video needs no more.
 *
 * The time goes with the frames and with the square of the working size; with
 * the number of points hardly at all.
 *
 * @param frames all of one size
 * @param points in px of the first frame; pixel centers are integers
 * @throws {RangeError} When there are no frames or no points, a position is not
 * finite, a frame has another size, or the working size is too small.
 *
 * @example
 * ```ts
 * import {
 *   CPU,
 *   openComponent,
 *   type RgbImage,
 *   trackWithAllTracker,
 * } from "@ati/ati";
 *
 * export async function follow(frames: AsyncIterable<RgbImage>) {
 *   const tracker = await openComponent("allTracker", "alltracker_tiny.pth");
 *   return await trackWithAllTracker(tracker, frames, {
 *     points: [{ x: 120, y: 80 }],
 *     device: CPU,
 *   });
 * }
 * ```
 */
export async function trackWithAllTracker(
  component: AllTrackerComponent,
  frames: AsyncIterable<RgbImage> | Iterable<RgbImage>,
  options: AllTrackerOptions & { readonly points: readonly Point[] },
): Promise<AllTrackerTracks> {
  const { points } = options;
  checkPoints(points);
  let results: PointResults | undefined;
  for await (const window of followWindows(component, frames, options)) {
    results ??= new PointResults(points, window.plan);
    results.take(window); // what earlier windows said of its frames is replaced
  }
  if (!results) throw new RangeError("Cannot track: there are no frames");
  return results.tracks();
}

function checkPoints(points: readonly Point[]): void {
  if (points.length === 0) {
    throw new RangeError("Cannot track: there are no points");
  }
  points.forEach(({ x, y }, n) => {
    if (Number.isFinite(x) && Number.isFinite(y)) return;
    throw new RangeError(
      `Cannot track point ${n} at (${quote(x)}, ${
        quote(y)
      }), expected finite numbers of px`,
    );
  });
}
