/**
 * The image as CLIP's vision network sees it.
 *
 * Source: the reference's `wan/modules/clip.py`, lines 528-537. The resize in
 * its list of torchvision transforms is never run.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { resizeImageBicubic } from "../frames/bicubic.ts";

/** Side of the square that CLIP takes, in px. */
const SIDE = 224;
/** Mean and deviation of red, green and blue in CLIP's training images. */
const MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
const DEVIATION = [0.26862954, 0.26130258, 0.27577711] as const;

/**
 * The whole image squeezed into a square by torch's bicubic (from its own
 * size, not from the video's), in CLIP's normalised colours.
 *
 * @returns (1, 3, 224, 224).
 * @throws {RangeError} When the image's bytes do not fit its size.
 */
export function preprocessClipImage(image: RgbImage): Tensor {
  const { data } = resizeImageBicubic(image, { width: SIDE, height: SIDE });
  const plane = SIDE * SIDE;
  for (let channel = 0; channel < 3; channel++) {
    const mean = Math.fround(MEAN[channel]!);
    const deviation = Math.fround(DEVIATION[channel]!);
    for (let i = channel * plane; i < (channel + 1) * plane; i++) {
      const value = Math.fround(Math.fround(data[i]! * 0.5) + 0.5);
      data[i] = Math.fround(value - mean) / deviation;
    }
  }
  return { dims: [1, 3, SIDE, SIDE], data };
}
