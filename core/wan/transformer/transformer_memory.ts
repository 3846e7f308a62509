/**
 * GPU memory of the transformer's activations.
 *
 * @module
 */

import type { TransformerConfig } from "./layout.ts";
import { MOST_VALUES } from "./transformer.ts";

/**
 * The bytes of a pass's activations. `element` is the element size of the matrix
 * products, 2 or 4 bytes.
 *
 * Counted on full-width graphs: 29 to 34 bytes per token and channel in 16 bit,
 * 38 to 45 in float32. The residual stream, norms and rotations are float32 at
 * every dtype.
 */
export function transformerActivationBytes(
  config: TransformerConfig,
  video: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
  },
  element: number,
): number {
  const tokens = tokensOf(config, video);
  return Math.ceil(tokens * config.dim * (element === 2 ? 34 : 45));
}

/** Tokens of a video. */
function tokensOf(
  { patchSize }: TransformerConfig,
  video: { width: number; height: number; frames: number },
): number {
  const [frames, rows, columns] = patchSize;
  return ((video.frames - 1) / 4 + 1) / frames *
    (video.height / 8 / rows) * (video.width / 8 / columns);
}

/**
 * GPU memory of a pass with streamed blocks besides the blocks' weights, in
 * bytes: `state` for each pass that is under way, `workspace` once for all.
 *
 * Counted on full-width graphs in 16 bit: 2.12 GB for a block, 2.60 GB for the
 * graph before the blocks at 480p; 4.35 and 4.38 GB at 720p. Weights that are
 * stored in another type than they are computed in are converted for as long as
 * the block runs. Guidance of the attention (NAG) has a second text in the
 * context, and three more float32 features of a chunk at once: from the graph,
 * not counted.
 */
export function streamedTransformerBytes(
  config: TransformerConfig,
  video: { width: number; height: number; frames: number },
  options: {
    element: number;
    converted: "none" | "cast" | "unpacked";
    isGuided?: boolean | undefined;
  },
): { state: number; workspace: number } {
  const { dim, ffnDim, textLen, textDim } = config;
  const { element, converted, isGuided = false } = options;
  const values = tokensOf(config, video) * dim;
  const widest = dim * ffnDim;
  const weights = {
    none: 0,
    cast: element * (4 * dim ** 2 + 2 * widest),
    unpacked: 2 * element * widest,
  }[converted];
  // A chunk's activations, the widest of which have 2^26 values.
  const chunk = Math.min(MOST_VALUES * 6, values * 40);
  const guidance = isGuided
    ? Math.min(MOST_VALUES / ffnDim * dim, values) * 3 * 4
    : 0;
  const block = values * (element === 2 ? 10.4 : 17.6) + chunk + guidance;
  // Of the graph before the blocks, `time_projection` as it is stored and in
  // float32, and the other weights.
  const edge = dim * (6 * dim * 6 + 4 * (dim + 2 * textDim));
  const first = values * 8.3 + edge;
  return {
    state: Math.ceil(
      4 * (values + (6 + 257 + (isGuided ? 2 : 1) * textLen) * dim),
    ),
    workspace: Math.ceil(Math.max(block + weights, first)),
  };
}
