/**
 * Tracks as the model is told them: from 121 frames at 24 per second in px to
 * 81 frames at 16 per second in units of the image's short edge.
 *
 * Mirrors `process_tracks` of the reference's `wan/utils/motion.py`, lines
 * 54-74, with every operation in float32 and in the same order.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { TRACK_FRAMES, type TrackSet } from "./track_set.ts";

/** Frames of the model's clip: five seconds at 16 per second, and frame 0. */
export const VIDEO_FRAMES = 81;

/** Frames per second of the model's clip. */
export const VIDEO_FPS = 16;

const { fround } = Math;

/**
 * Of the 121 frames at 24 per second, the one that a frame at 16 per second
 * shows: `floor(1.5 * frame)`. Nothing is interpolated; frames 2, 5, 8, ...
 * are dropped.
 */
export function trackFrameAt(frame: number): number {
  return Math.floor(1.5 * frame);
}

/** How many frames at 16 per second show something of so many at 24. */
export function videoFrameCount(trackFrames: number): number {
  return Math.ceil(trackFrames / 1.5);
}

/**
 * The tracks as the conditioning takes them, `(81, N, 4)`: time from -1 to 1,
 * x and y relative to the image's center in halves of its short edge (so
 * the long axis exceeds -1..1), and visibility, 1 or -1 (or between).
 *
 * `image` is the size in px of the image on which the tracks were drawn, not
 * that of the video.
 *
 * @throws {RangeError} When the image size is not positive.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { processTracks, TrackSet } from "@ati/ati";
 * const tracks = TrackSet.fromPoints([[{ x: 320, y: 0, visible: true }]]);
 * const { dims, data } = processTracks(tracks, { width: 640, height: 360 });
 * assert.equal(dims.join(), "81,1,4");
 * assert.equal(data.slice(0, 4).join(), "-1,0,-1,1");
 * ```
 */
export function processTracks(
  tracks: TrackSet,
  image: { width: number; height: number },
): Tensor {
  const { width, height } = image;
  if (!(width > 0 && height > 0 && width < Infinity && height < Infinity)) {
    throw new RangeError(
      `Cannot process tracks for an image of ${quote(width)}x${
        quote(height)
      }, expected its size in px`,
    );
  }
  const shortEdge = fround(Math.min(width, height));
  const normalize = (value: number, length: number) =>
    fround(fround(fround(value - fround(length / 2)) / shortEdge) * 2);
  const { count } = tracks;
  const data = new Float32Array(VIDEO_FRAMES * count * 4);
  let at = 0;
  for (let frame = 0; frame < VIDEO_FRAMES; frame++) {
    const source = trackFrameAt(frame);
    const time = linspace(source);
    for (let track = 0; track < count; track++) {
      data[at++] = time;
      data[at++] = normalize(tracks.x(track, source), width);
      data[at++] = normalize(tracks.y(track, source), height);
      data[at++] = fround(fround(tracks.visibility(track, source) * 2) - 1);
    }
  }
  return { dims: [VIDEO_FRAMES, count, 4], data };
}

/**
 * `torch.linspace(-1, 1, 121)[frame]`: counted from the nearer end. Torch's
 * own last bits depend on the processor's vector width (up to 1.3e-7); this is
 * its scalar rule. The conditioning never reads the time.
 */
function linspace(frame: number): number {
  const last = TRACK_FRAMES - 1;
  const step = fround(2 / last);
  return frame < TRACK_FRAMES / 2
    ? fround(-1 + fround(step * frame))
    : fround(1 - fround(step * (last - frame)));
}
