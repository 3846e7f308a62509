/**
 * The decoder of the video autoencoder as graphs: latent to film.
 *
 * Mirrors `Decoder3d` and `WanVAE_.decode` in `wan/modules/vae.py`.
 *
 * @module
 */

import type { BuiltGraph } from "../graph/graph_builder.ts";
import { REFERENCE_TARGET } from "../graph/graph_target.ts";
import type { Value } from "../graph/value.ts";
import { buildChunk, type FrameMemory } from "./_causal_chunks.ts";
import {
  attentionBlock,
  causalConv,
  residualBlock,
  rmsNorm,
  upsample,
} from "./_vae_modules.ts";
import {
  restoreLatent,
  type VaeComponent,
  type VaeOptions,
} from "./wan_vae.ts";

/**
 * The decoder for one chunk of a film.
 *
 * Input: `latent` float32 `[1, 16, latents, h, w]`, normalised. Output:
 * `frames` float32 `[1, 3, n, 8 h, 8 w]`, cut off to [-1, 1]: one frame for the
 * first chunk, four per latent frame for the next ones. What the causal
 * convolutions remember comes out as `cache.0`, `cache.1`, ... and is the input
 * `past.0`, `past.1`, ... of the next chunk.
 *
 * @throws {RangeError} When the number of latent frames does not fit.
 */
export function buildVaeDecoder(
  component: VaeComponent,
  options: VaeOptions,
): BuiltGraph {
  const { size, chunk, target = REFERENCE_TARGET } = options;
  return buildChunk({
    name: "the film decoder",
    weights: component.tensors,
    target,
    input: {
      name: "latent",
      channels: component.hyperparameters.zDim,
      size,
    },
    inputFramesPerLatent: 1,
    output: "frames",
    apply: (x, memory) => decode(x, { component, memory }),
  }, chunk);
}

function decode(
  x: Value,
  { component, memory }: { component: VaeComponent; memory: FrameMemory },
): Value {
  const { dimMult, numResBlocks } = component.hyperparameters;
  x = causalConv(restoreLatent(x), "conv2", memory);
  x = causalConv(x, "decoder.conv1", memory).cast("float32");
  x = residualBlock(x, "decoder.middle.0", memory);
  x = attentionBlock(x, "decoder.middle.1");
  x = residualBlock(x, "decoder.middle.2", memory);
  let i = 0;
  for (let level = 0; level < dimMult.length; level++) {
    for (let block = 0; block <= numResBlocks; block++) {
      x = residualBlock(x, `decoder.upsamples.${i++}`, memory);
    }
    if (level === dimMult.length - 1) break;
    x = upsample(x, `decoder.upsamples.${i++}`, memory);
  }
  x = rmsNorm(x, "decoder.head.0").silu();
  x = causalConv(x, "decoder.head.2", memory);
  return x.cast("float32").clip(-1, 1);
}
