/**
 * Inputs of the transformer's graphs besides the latents: the sinusoids of a
 * timestep, the padded text features and the image features.
 *
 * @module
 */

import type { TransformerConfig } from "./layout.ts";
import { sizeOf, type Tensor } from "../../base/tensor.ts";
import { IMAGE_TOKENS } from "./_transformer_modules.ts";

/**
 * The sinusoidal embedding of a timestep, `[length]`: cosines first, then
 * sines, of `timestep * 10000^(-i / half)`, computed in float64 (as
 * `sinusoidal_embedding_1d` in wan/modules/model.py). A float32 in the graph
 * would be off by up to 6e-5 at timestep 999.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { timestepEmbedding } from "./transformer_feeds.ts";
 * assert.equal(timestepEmbedding(0, 4).data.join(), "1,1,0,0");
 * ```
 */
export function timestepEmbedding(timestep: number, length: number): Tensor {
  const half = length / 2;
  const data = new Float32Array(length);
  for (let i = 0; i < half; i++) {
    const angle = timestep * 10_000 ** (-i / half);
    data[i] = Math.cos(angle);
    data[half + i] = Math.sin(angle);
  }
  return { dims: [length], data };
}

/**
 * Text features `[tokens, textDim]` padded with rows of zeros to `textLen`, as
 * in the reference before the embedding. The padding is attended to.
 *
 * @throws {RangeError} When there are more tokens than `textLen` or the width
 * is wrong.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { padText } from "./transformer_feeds.ts";
 * const text = { dims: [1, 2], data: new Float32Array([3, 4]) };
 * const padded = padText(text, { textLen: 2, textDim: 2 });
 * assert.equal(padded.data.join(), "3,4,0,0");
 * ```
 */
export function padText(
  text: Tensor,
  parameters: Pick<TransformerConfig, "textLen" | "textDim">,
): Tensor {
  const { textLen, textDim } = parameters;
  const [tokens = 0, width] = text.dims.slice(-2);
  if (
    sizeOf(text.dims) !== tokens * textDim || width !== textDim ||
    tokens > textLen
  ) {
    throw new RangeError(
      `Cannot use text features of [${
        text.dims.join(", ")
      }], expected at most ${textLen} tokens of ${textDim}`,
    );
  }
  const data = new Float32Array(textLen * textDim);
  data.set(text.data);
  return { dims: [textLen, textDim], data };
}

/** The inputs of one step. */
export interface TransformerInputs {
  /** The noisy latent, `[outDim, F, H, W]`. */
  readonly latent: Tensor;
  /** The mask and the conditioning latent, `[inDim - outDim, F, H, W]`. */
  readonly condition: Tensor;
  /** The scheduler's timestep, 0 to 1000. */
  readonly timestep: number;
  /** Text features, `[tokens, textDim]`. */
  readonly text: Tensor;
  /** CLIP features, `[257, imageDim]` or `[1, 257, imageDim]`. */
  readonly image: Tensor;
}

/**
 * The inputs of `buildTransformer`, and of the first graph of
 * `buildTransformerBlocks`.
 *
 * @throws {RangeError} When the text or the image features have the wrong size.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { transformerFeeds } from "./transformer_feeds.ts";
 * const zeros = (...dims: number[]) => ({
 *   dims,
 *   data: new Float32Array(dims.reduce((a, b) => a * b)),
 * });
 * const feeds = transformerFeeds({
 *   latent: zeros(16, 1, 2, 2),
 *   condition: zeros(20, 1, 2, 2),
 *   timestep: 999,
 *   text: zeros(7, 4),
 *   image: zeros(1, 257, 8),
 * }, { freqDim: 256, textLen: 512, textDim: 4, imageDim: 8 });
 * assert.equal(feeds.text.dims.join(), "512,4");
 * ```
 */
export function transformerFeeds(
  inputs: TransformerInputs,
  parameters: Pick<
    TransformerConfig,
    "freqDim" | "textLen" | "textDim" | "imageDim"
  >,
): Record<"latent" | "condition" | "time" | "text" | "image", Tensor> {
  const { latent, condition, timestep, text, image } = inputs;
  const { freqDim, imageDim } = parameters;
  if (sizeOf(image.dims) !== IMAGE_TOKENS * imageDim) {
    throw new RangeError(
      `Cannot use image features of [${
        image.dims.join(", ")
      }], expected [${IMAGE_TOKENS}, ${imageDim}]`,
    );
  }
  return {
    latent,
    condition,
    time: timestepEmbedding(timestep, freqDim),
    text: padText(text, parameters),
    image: { dims: [IMAGE_TOKENS, imageDim], data: image.data },
  };
}
