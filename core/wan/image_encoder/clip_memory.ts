/**
 * GPU memory of the image encoder's activations.
 *
 * @module
 */

import type { ClipConfig } from "./layout.ts";

/**
 * The bytes of a run's activations. `element` is the element size of the matrix
 * products, 2 or 4 bytes.
 */
export function clipActivationBytes(
  { dim, mlpDim, imageSize, patchSize }: ClipConfig,
  element: number,
): number {
  const tokens = (imageSize / patchSize) ** 2 + 1;
  return tokens * (4 * dim + (3 * dim + 2 * mlpDim) * element);
}
