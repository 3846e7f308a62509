/**
 * Tracks as a file holds them, before they become a {@linkcode TrackSet}: of
 * any length, and with whatever numbers stood there.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import type { TrackSet } from "./track_set.ts";

/**
 * One track of any length, `(T, 3)`: x right, y down in px of the source
 * image, and visibility, 1 or 0 (in ATI's own files also between). x and y may
 * be NaN or infinite.
 */
export type RawTrack = Float32Array;

/** Tracks of any number and any lengths. */
export type RawTracks = readonly RawTrack[];

/**
 * The most tracks that a file may hold. Short tracks take little room in a
 * file and 1.5 kB each when they are padded to 121 frames.
 */
export const MAX_TRACKS = 50_000;

/** Throws a {@linkcode FormatError} when a file holds too many tracks. */
export function checkTrackCount(count: number, name: string): void {
  if (count <= MAX_TRACKS) return;
  throw new FormatError(
    `Cannot read ${
      quote(name)
    }: it has ${count} tracks, expected at most ${MAX_TRACKS}`,
  );
}

/** Throws a `RangeError` when a file of so many tracks could not be read back. */
export function checkWritableCount(count: number): void {
  if (count <= MAX_TRACKS) return;
  throw new RangeError(
    `Cannot write ${count} tracks into a file, expected at most ${MAX_TRACKS}`,
  );
}

/** How many samples a track has. */
export function lengthOf(track: RawTrack): number {
  return track.length / 3;
}

/** Tracks that give out all their numbers, such as a track set. */
export type WholeTracks = Pick<TrackSet, "count" | "frames" | "toArray">;

/** Tracks as `(frames, 3)` views of one copy. */
export function toRawTracks(tracks: WholeTracks | RawTracks): RawTracks {
  if (!("toArray" in tracks)) return tracks;
  const data = tracks.toArray();
  const stride = tracks.frames * 3;
  return Array.from(
    { length: tracks.count },
    (_, i) => data.subarray(i * stride, (i + 1) * stride),
  );
}
