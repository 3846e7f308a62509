/**
 * What the model is told about the image: the first frame of the clip, and
 * eighty frames of nothing.
 *
 * Source: the reference's `wan/image2video.py`, lines 179 and 244-252.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { type PixelSize, resizeImageBicubic } from "./bicubic.ts";
import { VIDEO_FRAMES } from "../../tracks/resample.ts";

/**
 * The image as the first frame of the clip: stretched to the size by torch's
 * bicubic, overshoot beyond -1 and 1 not cut.
 *
 * @returns (3, height, width), -1 black, 1 white.
 * @throws {RangeError} When a side is not a positive whole number, or the
 * image's bytes do not fit its size.
 */
export function firstFrame(image: RgbImage, size: PixelSize): Tensor {
  return resizeImageBicubic(image, size);
}

/**
 * The clip that the VAE encodes: {@linkcode firstFrame}, then 80 frames of
 * zeros, which is middle grey. At 832x480 it takes 388 MB; where the VAE is
 * fed piece by piece, take `firstFrame` and zeros instead.
 *
 * @returns (3, 81, height, width).
 * @throws {RangeError} As {@linkcode firstFrame}.
 */
export function conditioningVideo(image: RgbImage, size: PixelSize): Tensor {
  const frame = firstFrame(image, size);
  const plane = size.width * size.height;
  const data = new Float32Array(3 * VIDEO_FRAMES * plane);
  for (let channel = 0; channel < 3; channel++) {
    data.set(
      frame.data.subarray(channel * plane, (channel + 1) * plane),
      channel * VIDEO_FRAMES * plane,
    );
  }
  return { dims: [3, VIDEO_FRAMES, size.height, size.width], data };
}
