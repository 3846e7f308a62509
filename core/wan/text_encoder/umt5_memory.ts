/**
 * GPU memory of the text encoder's activations.
 *
 * @module
 */

import type { T5Config } from "./layout.ts";

/** The number of tokens that a prompt is padded to. */
const TOKENS = 512;

/**
 * The bytes of a run's activations. `element` is the element size of the matrix
 * products, 2 or 4 bytes. Counted: 1.06 GB at umt5-xxl's width.
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

/**
 * GPU memory of a run with streamed blocks besides the blocks' weights, in
 * bytes: `state` for each prompt, `workspace` once. `embedding` is the size of
 * the table of tokens, which is on the GPU before the blocks are run.
 *
 * Counted at umt5-xxl's width: 2.1 GB with the table, 0.37 GB in a block that
 * converts its weights to float32.
 */
export function streamedUmt5Bytes(
  { dim, dimFfn, numHeads }: T5Config,
  options: { element: number; converted: boolean; embedding: number },
): { state: number; workspace: number } {
  const { element, converted, embedding } = options;
  const attention = 3 * numHeads * TOKENS * TOKENS * 4;
  const live = attention + TOKENS * (4 * dim + 3 * dimFfn * element);
  const weights = converted ? 2 * element * dim * dimFfn : 0;
  return {
    state: 4 * TOKENS * (dim + 1),
    workspace: Math.max(live + weights, embedding + 4 * 4 * TOKENS * dim),
  };
}
