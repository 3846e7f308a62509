/**
 * Tracks of any length brought to the 121 frames that ATI knows.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { lengthOf, type RawTrack } from "./raw_tracks.ts";
import { TRACK_FPS, TRACK_FRAMES } from "./track_set.ts";

/**
 * What is done with a track that has not 121 frames.
 *
 * - `pad`: invisible samples at (0, 0) are appended, or the end is cut off;
 *   what the reference's editor does. Frame 7 stays frame 7.
 * - `resample`: the track is stretched or squeezed in time, so that its first
 *   and last sample stay the first and last. Right for the same five seconds
 *   at another rate, such as 81 frames at 16 per second.
 * - `error`: it is refused.
 */
export type LengthPolicy = "pad" | "resample" | "error";

/** The values of {@linkcode LengthPolicy}. */
export const LENGTH_POLICIES: readonly LengthPolicy[] = [
  "pad",
  "resample",
  "error",
];

/**
 * One track with exactly 121 frames.
 *
 * Between two visible samples, `resample` moves in a straight line; where one
 * of them is invisible it takes the nearer one. With `fps`, the rate at which
 * the track was sampled, it keeps the speed instead of the ends: samples
 * beyond five seconds are dropped, missing ones are invisible.
 *
 * @throws {RangeError} When the policy is `error` and the length is not 121.
 */
export function fitLength(
  track: RawTrack,
  options: { length: LengthPolicy; fps?: number },
): RawTrack {
  const { length, fps } = options;
  const have = lengthOf(track);
  if (length === "error") {
    if (have === TRACK_FRAMES) return track;
    throw new RangeError(
      `Cannot take a track of ${have} frames, expected ${TRACK_FRAMES}`,
    );
  }
  if (length === "pad") {
    if (have === TRACK_FRAMES) return track;
    const fitted = new Float32Array(TRACK_FRAMES * 3);
    fitted.set(track.subarray(0, fitted.length));
    return fitted;
  }
  if (fps !== undefined && !(fps > 0 && fps < Infinity)) {
    throw new RangeError(
      `Cannot resample from ${
        quote(fps)
      } frames per second, expected more than 0`,
    );
  }
  if (fps === undefined ? have === TRACK_FRAMES : fps === TRACK_FPS) {
    return fitLength(track, { length: "pad" });
  }
  const fitted = new Float32Array(TRACK_FRAMES * 3);
  for (let frame = 0; frame < TRACK_FRAMES; frame++) {
    // Multiplied first, so that whole positions come out whole.
    const position = fps === undefined
      ? frame * (have - 1) / (TRACK_FRAMES - 1)
      : frame * fps / TRACK_FPS;
    if (position > have - 1) break;
    fitted.set(sampleAt(track, position), frame * 3);
  }
  return fitted;
}

/** The track at a position between two samples. */
function sampleAt(
  track: RawTrack,
  position: number,
): Iterable<number> & ArrayLike<number> {
  const before = Math.floor(position);
  const after = Math.ceil(position);
  const rest = position - before;
  const a = track.subarray(before * 3, before * 3 + 3);
  const b = track.subarray(after * 3, after * 3 + 3);
  if (rest === 0) return a;
  if (a[2]! && b[2]!) {
    const mix = (axis: number) => a[axis]! + (b[axis]! - a[axis]!) * rest;
    return [mix(0), mix(1), 1];
  }
  return rest < 0.5 ? a : b;
}
