/**
 * What the image encoder's activations take on a GPU.
 *
 * @module
 */

import type { ClipConfig } from "./layout.ts";

/**
 * The bytes of a run's activations. `element` is the size of a number in the
 * matrix products, 2 or 4.
 */
export function clipActivationBytes(
  { dim, mlpDim, imageSize, patchSize }: ClipConfig,
  element: number,
): number {
  const tokens = (imageSize / patchSize) ** 2 + 1;
  return tokens * (4 * dim + (3 * dim + 2 * mlpDim) * element);
}
