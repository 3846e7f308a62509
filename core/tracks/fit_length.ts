/**
 * Tracks of any length brought to the 121 frames that ATI knows.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { lengthOf, type RawTrack } from "./raw_tracks.ts";
import { VIDEO_FPS, VIDEO_FRAMES } from "./resample.ts";
import { TRACK_FPS, TRACK_FRAMES } from "./track_set.ts";

/**
 * What is done with a track that has not 121 frames.
 *
 * - `auto`: by the length of the file's longest track, see
 *   {@linkcode lengthRule}.
 * - `pad`: invisible samples at (0, 0) are appended, or the end is cut off;
 *   what the reference's editor does. Frame 7 stays frame 7.
 * - `resample`: the track is stretched or squeezed in time, so that its first
 *   and last sample stay the first and last. Right for the same five seconds
 *   at another rate, such as 81 frames at 16 per second.
 * - `error`: it is refused.
 */
export type LengthPolicy = "auto" | "pad" | "resample" | "error";

/** The values of {@linkcode LengthPolicy}. */
export const LENGTH_POLICIES: readonly LengthPolicy[] = [
  "auto",
  "pad",
  "resample",
  "error",
];

/** What the lengths of a file's tracks mean. */
export interface LengthRule {
  /** Samples per second. */
  readonly fps: number;
  /** In plain words, for the user; undefined where nothing was decided. */
  readonly note: string | undefined;
}

/**
 * At which rate tracks were sampled, by the longest of a file:
 *
 * | samples | taken as | because |
 * |---|---|---|
 * | 121 | 24 per second | ATI's own length |
 * | 5, 9, 13, ... 81 (4n + 1) | 16 per second, one for each frame of the video | the lengths of Wan's videos: Wan-Move, WanVideoWrapper |
 * | 1 | a static anchor, held | |
 * | others | spread over the whole 5 seconds | a path with as many points as its editor was set to, such as SplineEditor's 16 |
 *
 * A run takes more than 121 samples as a longer video, see `LongTracks`.
 *
 * Shorter tracks of the same file have the same rate and are invisible after
 * their end; a single sample is held.
 */
export function lengthRule(lengths: readonly number[]): LengthRule {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0);
  const seconds = (TRACK_FRAMES - 1) / TRACK_FPS;
  if (longest === TRACK_FRAMES || longest === 0) {
    return { fps: TRACK_FPS, note: shorterNote(lengths, longest) };
  }
  if (longest === 1) {
    return {
      fps: TRACK_FPS,
      note: `Tracks of one sample were held for the whole ${seconds} seconds.`,
    };
  }
  const least = lengths.reduce((few, length) => Math.min(few, length), longest);
  const samples = `Tracks of ${
    least === longest ? longest : `${least} to ${longest}`
  } samples`;
  const otherwise =
    'length "pad" takes one for each frame at 24 per second, fps their own rate';
  if (longest <= VIDEO_FRAMES && longest % 4 === 1) {
    return {
      fps: VIDEO_FPS,
      note:
        `${samples} were taken as ${VIDEO_FPS} per second, one for each of ${longest} frames of the video (${otherwise}).`,
    };
  }
  return {
    fps: (longest - 1) / seconds,
    note:
      `${samples} were spread over the whole ${seconds} seconds (${otherwise}).`,
  };
}

function shorterNote(
  lengths: readonly number[],
  longest: number,
): string | undefined {
  const shorter = lengths.filter((length) => length > 1 && length < longest);
  if (shorter.length === 0) return undefined;
  return `${shorter.length} of ${lengths.length} tracks are shorter than ${longest} samples; they are invisible after their end.`;
}

/**
 * One track with exactly 121 frames.
 *
 * Between two visible samples, `resample` moves in a straight line; where one
 * of them is invisible it takes the nearer one. With `fps`, the rate at which
 * the track was sampled, it keeps the speed instead of the ends: samples
 * beyond five seconds are dropped, missing ones are invisible. At 16 per second
 * each sample is exactly at the frame that the video shows of it,
 * `trackFrameAt`. With `times`, when each sample is in seconds from 0, the rate
 * may vary. A single sample is held. `auto` with a rate or times is `resample`
 * with it, without one the rule for this track alone.
 *
 * @throws {RangeError} When the policy is `error` and the length is not 121, or
 * there are fewer times than samples.
 */
export function fitLength(
  track: RawTrack,
  options: { length: LengthPolicy; fps?: number; times?: readonly number[] },
): RawTrack {
  const have = lengthOf(track);
  const { times } = options;
  const resamples = options.length === "auto" || options.length === "resample";
  if (times && resamples && have !== 1) return fitTimes(track, times);
  if (options.length === "auto") {
    const held = have === 1
      ? {}
      : { fps: options.fps ?? lengthRule([have]).fps };
    return fitLength(track, { length: "resample", ...held });
  }
  const { length, fps } = options;
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
  // A single sample has no rate: it is held.
  const rate = have === 1 ? undefined : fps;
  if (rate === undefined ? have === TRACK_FRAMES : rate === TRACK_FPS) {
    return fitLength(track, { length: "pad" });
  }
  if (rate !== undefined) {
    return atTrackRate(track, { fps: rate, frames: TRACK_FRAMES });
  }
  const fitted = new Float32Array(TRACK_FRAMES * 3);
  for (let frame = 0; frame < TRACK_FRAMES; frame++) {
    // Multiplied first, so that whole positions come out whole.
    const position = frame * (have - 1) / (TRACK_FRAMES - 1);
    fitted.set(sampleAt(track, position), frame * 3);
  }
  return fitted;
}

/**
 * One track of any rate at 24 frames per second: `frames` of them, invisible
 * after its end.
 */
export function atTrackRate(
  track: RawTrack,
  { fps, frames }: { readonly fps: number; readonly frames: number },
): RawTrack {
  const last = lengthOf(track) - 1;
  const fitted = new Float32Array(frames * 3);
  for (let frame = 0; frame < frames; frame++) {
    // Multiplied first, so that whole positions come out whole.
    const position = fps === VIDEO_FPS
      ? videoPosition(frame)
      : frame * fps / TRACK_FPS;
    if (position > last + 1e-6) break; // more than rounding beyond the end
    fitted.set(sampleAt(track, Math.min(position, last)), frame * 3);
  }
  return fitted;
}

/** One track whose samples are at these times. */
function fitTimes(track: RawTrack, times: readonly number[]): RawTrack {
  const have = lengthOf(track);
  const late = times.findIndex((time, i) =>
    !(time >= (i === 0 ? 0 : times[i - 1]!))
  );
  if (times.length < have || late >= 0) {
    throw new RangeError(
      late >= 0
        ? `Cannot resample from ${
          quote(times[late])
        } s as the time of sample ${late}, expected times that ascend from 0`
        : `Cannot resample ${have} samples by ${times.length} times, expected one for each sample`,
    );
  }
  const fitted = new Float32Array(TRACK_FRAMES * 3);
  for (let frame = 0, after = 0; frame < TRACK_FRAMES; frame++) {
    const time = frame / TRACK_FPS;
    while (after < have && times[after]! < time - 1e-4) after++;
    if (after === have) break;
    const before = Math.max(0, after - 1);
    const span = times[after]! - times[before]!;
    const position = span > 0
      ? before + Math.min(1, Math.max(0, (time - times[before]!) / span))
      : after;
    fitted.set(sampleAt(track, position), frame * 3);
  }
  return fitted;
}

/**
 * Which frame of the video, at 16 per second, a frame at 24 per second is: of
 * three, two are shown and the third is between.
 */
function videoPosition(frame: number): number {
  const [pair, rest] = [Math.floor(frame / 3), frame % 3];
  return 2 * pair + (rest === 2 ? 1.5 : rest);
}

/** The track at a position between two samples. */
export function sampleAt(
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
    return [mix(0), mix(1), mix(2)];
  }
  return rest < 0.5 ? a : b;
}
