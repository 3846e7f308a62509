/**
 * Tracks at a video's own frames, as tracks at 24 samples per second.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { TRACK_FPS, TRACK_FRAMES, TrackSet } from "../tracks/track_set.ts";
import type { PointTracks } from "./point_tracker.ts";

/**
 * Tracks at {@linkcode TRACK_FPS} samples per second: positions are interpolated
 * between the two frames that are shown before and after a sample, visibility
 * is that of the nearer one. So any frame rate will do, and one that varies.
 *
 * @param options.most the most samples; {@linkcode TRACK_FRAMES} unless given
 * @param times `(T)`: when each frame is shown, in seconds, ascending.
 *
 * @throws {RangeError} When there are not as many times as frames, or they do
 * not ascend.
 */
export function sampleTracks(
  tracks: PointTracks,
  times: readonly number[],
  { most = TRACK_FRAMES }: { readonly most?: number } = {},
): PointTracks {
  const { count, frames } = tracks;
  const unordered = times.findIndex((time, t) =>
    t > 0 && !(time > times[t - 1]!)
  );
  if (times.length !== frames || frames === 0 || unordered >= 0) {
    throw new RangeError(
      unordered >= 0
        ? `Cannot sample tracks: frame ${unordered} is shown at ${
          quote(times[unordered])
        } s, expected more than the ${quote(times[unordered - 1])} s before`
        : `Cannot sample tracks of ${frames} frames shown at ${times.length} times, expected as many`,
    );
  }
  const start = times[0]!, length = times.at(-1)! - start;
  const samples = Math.min(
    most,
    Math.floor(length * TRACK_FPS + 1e-6) + 1,
  );
  const positions = new Float32Array(2 * count * samples);
  const visible = new Uint8Array(count * samples);
  for (let s = 0, after = 0; s < samples; s++) {
    const time = start + s / TRACK_FPS;
    while (after < frames - 1 && times[after]! < time - 1e-9) after++;
    const before = Math.max(0, after - 1);
    const span = times[after]! - times[before]!;
    const share = span > 0
      ? Math.min(1, Math.max(0, (time - times[before]!) / span))
      : 1;
    for (let n = 0; n < count; n++) {
      const p = n * frames + before, q = n * frames + after;
      const at = n * samples + s;
      for (let axis = 0; axis < 2; axis++) {
        positions[2 * at + axis] =
          (1 - share) * tracks.positions[2 * p + axis]! +
          share * tracks.positions[2 * q + axis]!;
      }
      visible[at] = tracks.visible[share < 0.5 ? p : q]!;
    }
  }
  return { count, frames: samples, positions, visible };
}

/**
 * Tracks as a set of 121 frames. Where there are fewer, the last position is
 * held and cannot be seen.
 *
 * @throws {RangeError} When there are more than 121 frames or none.
 */
export function toTrackSet(tracks: PointTracks): TrackSet {
  const { count, frames, positions, visible } = tracks;
  if (frames < 1 || frames > TRACK_FRAMES) {
    throw new RangeError(
      `Cannot make a track set of ${frames} frames, expected 1 to ${TRACK_FRAMES}`,
    );
  }
  return TrackSet.fromPoints(
    Array.from(
      { length: count },
      (_, n) =>
        Array.from({ length: TRACK_FRAMES }, (_, t) => {
          const at = n * frames + Math.min(t, frames - 1);
          return {
            x: positions[2 * at]!,
            y: positions[2 * at + 1]!,
            visible: t < frames && visible[at] !== 0,
          };
        }),
    ),
  );
}
