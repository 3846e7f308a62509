/**
 * A preview of a latent in real pixels.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { PREVIEW_COLUMNS, previewFrames } from "../frames/latent_preview.ts";
import { tensorToFrames } from "../frames/tensor_to_frames.ts";
import { decodeTiny, type TinyRunOptions } from "./decode_tiny.ts";
import type { TinyVaeComponent } from "./tiny_decoder.ts";

/**
 * Six evenly spaced frames of the video that a latent decodes to, including the
 * first and the last, in two rows of three: `latentPreview` in real pixels.
 *
 * @param latent `[16, frames, height, width]`, the current estimate of the
 * clean latent
 */
export async function tinyPreview(
  component: TinyVaeComponent,
  latent: Tensor,
  options: TinyRunOptions,
): Promise<RgbImage> {
  const [, latents, rows, columns] = latent.dims as [
    number,
    number,
    number,
    number,
  ];
  const shown = previewFrames(4 * latents - 3);
  const across = Math.min(PREVIEW_COLUMNS, shown.length);
  const width = 8 * columns * across;
  const height = 8 * rows * Math.ceil(shown.length / across);
  const data = new Uint8Array(3 * width * height);
  let index = 0;
  for await (const part of decodeTiny(component, latent, options)) {
    for (const frame of tensorToFrames(part)) {
      const place = shown.indexOf(index++);
      if (place < 0) continue;
      const left = (place % across) * frame.width;
      const top = Math.floor(place / across) * frame.height;
      for (let y = 0; y < frame.height; y++) {
        data.set(
          frame.data.subarray(3 * y * frame.width, 3 * (y + 1) * frame.width),
          3 * ((top + y) * width + left),
        );
      }
    }
  }
  return { width, height, data };
}
