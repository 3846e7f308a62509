/**
 * Between pictures and the autoencoder's films.
 *
 * @module
 */

import { firstFrame } from "./first_frame.ts";
import type { RgbImage } from "../../base/image.ts";
import type { FrameSource } from "./frame_source.ts";
import type { Tensor } from "../../base/tensor.ts";

/**
 * The film that the model is conditioned on, read part by part: the image as
 * frame 0, then nothing (0, which is grey), as `conditioningVideo` has it at once.
 */
export function conditioningFrames(
  image: RgbImage,
  size: { width: number; height: number; frameCount: number },
): FrameSource {
  const { width, height, frameCount } = size;
  const first = firstFrame(image, { width, height });
  const plane = width * height;
  return {
    dims: [frameCount, height, width],
    read(from, to) {
      const length = (to - from) * plane;
      const data = new Float32Array(3 * length);
      if (from === 0) {
        for (let channel = 0; channel < 3; channel++) {
          const start = channel * plane;
          data.set(first.data.subarray(start, start + plane), channel * length);
        }
      }
      return { dims: [3, to - from, height, width], data };
    },
  };
}

/**
 * The pictures of a part of a film `[3, frames, height, width]` in [-1, 1],
 * cut to 0..255 as the reference cuts them: toward zero, not to the nearest
 * (utils.py:40-47). The picture's memory is used again for the next one.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { tensorToFrames } from "@ati/ati";
 * const part = { dims: [3, 1, 1, 1], data: new Float32Array([-1, 0, 2]) };
 * const [frame] = tensorToFrames(part);
 * assert.deepEqual([...frame!.data], [0, 127, 255]);
 * ```
 */
export function* tensorToFrames(part: Tensor): Generator<RgbImage, void, void> {
  const [, frames, height, width] = part.dims as [
    number,
    number,
    number,
    number,
  ];
  const plane = height * width;
  const data = new Uint8Array(3 * plane);
  for (let frame = 0; frame < frames; frame++) {
    for (let channel = 0; channel < 3; channel++) {
      const start = (channel * frames + frame) * plane;
      for (let i = 0; i < plane; i++) {
        const value = Math.min(1, Math.max(-1, part.data[start + i]!));
        const unit = Math.fround(Math.fround(value + 1) / 2);
        data[3 * i + channel] = Math.trunc(Math.fround(unit * 255));
      }
    }
    yield { width, height, data };
  }
}
