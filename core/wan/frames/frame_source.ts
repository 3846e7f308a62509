/**
 * A video that is read part by part.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";

/** A video that is read part by part: planes of red, green and blue in [-1, 1]. */
export interface FrameSource {
  /** The number of frames, their height and their width in px. */
  readonly dims: readonly [frames: number, height: number, width: number];
  /** Frames `[from, to)` as `[3, to - from, height, width]`, in an array of their own. */
  read(from: number, to: number): Tensor;
}
