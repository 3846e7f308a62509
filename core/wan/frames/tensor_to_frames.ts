/**
 * Conversions between images and the VAE's tensors.
 *
 * @module
 */

import { withHint } from "../../base/errors.ts";
import { firstFrame } from "./first_frame.ts";
import type { RgbImage } from "../../base/image.ts";
import type { FrameSource } from "./frame_source.ts";
import type { Tensor } from "../../base/tensor.ts";

/**
 * The conditioning video, read in parts: the image as frame 0, then gray (0);
 * `conditioningVideo` has it in one tensor.
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
 * The images of a part of a video `[3, frames, height, width]` in [-1, 1],
 * converted to 0..255 by truncation, not rounding, as in the reference
 * (utils.py:40-47). The image's memory is reused for the next one.
 *
 * @throws {RangeError} When a value is NaN, of which an image would be black.
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
        if (Number.isNaN(value)) throw notANumber(frame);
        const unit = Math.fround(Math.fround(value + 1) / 2);
        data[3 * i + channel] = Math.trunc(Math.fround(unit * 255));
      }
    }
    yield { width, height, data };
  }
}

function notANumber(frame: number): RangeError {
  return new RangeError(withHint(
    `Cannot make frame ${frame} of a part of the video: the VAE's result is NaN, expected numbers`,
    "The VAE overflowed: run it in fp32 (--dtype vae=fp32). If it did, its weights are damaged: load their file again.",
  ));
}
