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
  /** Features of the negative prompt, for graphs with `nag`. */
  readonly negative?: Tensor | undefined;
}

/**
 * The inputs of `buildTransformer`, and of the first graph of
 * `buildTransformerBlocks`.
 *
 * @throws {RangeError} When the text or the image features have the wrong size.
 */
export function transformerFeeds(
  inputs: TransformerInputs,
  parameters: Pick<
    TransformerConfig,
    "freqDim" | "textLen" | "textDim" | "imageDim"
  >,
):
  & Record<"latent" | "condition" | "time" | "text" | "image", Tensor>
  & { negative?: Tensor } {
  const { latent, condition, timestep, text, image, negative } = inputs;
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
    ...(negative && { negative: padText(negative, parameters) }),
  };
}
