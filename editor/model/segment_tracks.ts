/**
 * The tracks that a segment of a long video follows, without a copy: those that
 * `LongTracks.piece` gives.
 *
 * @module
 */

import {
  TRACK_FRAMES,
  type TrackPoint,
  type TrackPositions,
} from "../../core/tracks/track_set.ts";

/**
 * The 121 frames of a segment, the last one held where the tracks end. After
 * the first segment tracks that are not visible at its start are left out.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { segmentTracks } from "./segment_tracks.ts";
 * import { positionsOf } from "./track_positions.ts";
 * const visible = true;
 * const points = Array.from({ length: 241 }, (_, x) => ({ x, y: 0, visible }));
 * const long = positionsOf([points], { frames: 241 });
 * assert.equal(segmentTracks(long, 1).x(0, 2), 122);
 * ```
 */
export function segmentTracks(
  long: TrackPositions,
  segment: number,
): TrackPositions {
  const from = segment * (TRACK_FRAMES - 1);
  const kept = Array.from({ length: long.count }, (_, track) => track)
    .filter((track) => segment === 0 || long.visible(track, from));
  const there = (frame: number) => Math.min(from + frame, long.frames - 1);
  const x = (track: number, frame: number) =>
    long.x(kept[track]!, there(frame));
  const y = (track: number, frame: number) =>
    long.y(kept[track]!, there(frame));
  const visible = (track: number, frame: number) =>
    long.visible(kept[track]!, there(frame));
  const track = (index: number): TrackPoint[] =>
    Array.from({ length: TRACK_FRAMES }, (_, frame) => ({
      x: x(index, frame),
      y: y(index, frame),
      visible: visible(index, frame),
    }));
  return {
    ...{ count: kept.length, frames: TRACK_FRAMES, x, y, visible, track },
    *[Symbol.iterator]() {
      for (let index = 0; index < kept.length; index++) yield track(index);
    },
  };
}

/** The numbers of tracks, `(N, frames, 3)`: x, y, visible. */
export function numbersOf(tracks: TrackPositions): Float32Array<ArrayBuffer> {
  const data = new Float32Array(3 * tracks.frames * tracks.count);
  let at = 0;
  for (let track = 0; track < tracks.count; track++) {
    for (let frame = 0; frame < tracks.frames; frame++) {
      data[at++] = tracks.x(track, frame);
      data[at++] = tracks.y(track, frame);
      data[at++] = Number(tracks.visible(track, frame));
    }
  }
  return data;
}
