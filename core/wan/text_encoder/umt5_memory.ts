/**
 * What the text encoder's activations take on a GPU.
 *
 * @module
 */

import type { T5Config } from "./layout.ts";

/** Tokens that a prompt is padded to. */
const TOKENS = 512;

/**
 * The bytes of a run's activations. `element` is the size of a number in the
 * matrix products, 2 or 4. Counted: 1.06 GB at umt5-xxl's width.
 */
export function umt5ActivationBytes(
  { dim, dimFfn, numHeads }: T5Config,
  element: number,
): number {
  // Scores, position bias and their softmax are float32.
  const attention = 3 * numHeads * TOKENS * TOKENS * 4;
  const live = attention + TOKENS * (4 * dim + 3 * dimFfn * element);
  return 4.5 * live;
}
