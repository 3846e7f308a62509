/** Memory of the small decoder's activations. */

import { BLOCKS_PER_LEVEL, type TinyVaeConfig } from "./layout.ts";

/**
 * Memory of decoding besides the weights, in bytes: the cached frames, before
 * and after a run; two frames of the last level in a block; and the features of
 * four frames, in the runtime and outside. What is at full size is computed in
 * bands of 32 MB a tensor.
 *
 * Measured on the CPU: 0.75 GB at 832 x 480 px, where this gives 0.81 GB.
 */
export function tinyVaeActivationBytes(
  { widths }: TinyVaeConfig,
  { pixels, element }: { pixels: number; element: number },
): number {
  const cached = [64, 16, 4].reduce(
    (sum, share, level) => sum + BLOCKS_PER_LEVEL * widths[level]! / share,
    0,
  );
  const last = widths[2] / 4;
  const block = 2 * (2 * last + 2 * last + last);
  const features = 2 * 4 * last;
  const bands = 4 * 32e6;
  return pixels * (4 * 2 * cached + element * block + 4 * features) + bands;
}
