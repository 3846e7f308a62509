/** Memory of AllTracker's activations. */

import { type AllTrackerConfig, CELL } from "./layout.ts";

/**
 * Memory of tracking besides the weights, in bytes, whatever the number of
 * frames: the features of a window; its look-ups, its state before and after a
 * refinement, and a copy of these on their way through the blocks; the parts
 * of 32 MB that the largest tensors are computed in.
 *
 * @param size the working size in px
 */
export function allTrackerActivationBytes(
  { window, dim, features, hidden }: AllTrackerConfig,
  { width, height }: { readonly width: number; readonly height: number },
): number {
  const cells = (width / CELL) * (height / CELL);
  return 4 * window * cells * (features + 2 * dim + 4 * hidden) + 6 * 32e6;
}
