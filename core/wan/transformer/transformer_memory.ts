/**
 * What the transformer's activations take on a GPU.
 *
 * @module
 */

import type { TransformerConfig } from "./layout.ts";

/**
 * The bytes of a pass's activations. `element` is the size of a number in the
 * matrix products, 2 or 4.
 *
 * Counted on full-width graphs: 29 to 34 bytes per token and channel in 16 bit,
 * 38 to 45 in float32. The residual stream, norms and rotations are float32 at
 * every dtype.
 */
export function transformerActivationBytes(
  { dim, patchSize }: TransformerConfig,
  video: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
  },
  element: number,
): number {
  const [frames, rows, columns] = patchSize;
  const tokens = ((video.frames - 1) / 4 + 1) / frames *
    (video.height / 8 / rows) * (video.width / 8 / columns);
  return Math.ceil(tokens * dim * (element === 2 ? 34 : 45));
}
