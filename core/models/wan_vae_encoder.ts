/**
 * The encoder of the video autoencoder as graphs: film to latent.
 *
 * Mirrors `Encoder3d` and `WanVAE_.encode` in `wan/modules/vae.py`.
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
  downsample,
  residualBlock,
  rmsNorm,
} from "./_vae_modules.ts";
import {
  framesPerLatent,
  normalizeLatent,
  pixelsPerCell,
  type VaeComponent,
  type VaeOptions,
} from "./wan_vae.ts";

/**
 * The encoder for one chunk of a film.
 *
 * Input: `frames` float32 `[1, 3, n, 8 h, 8 w]` in [-1, 1], one frame for the
 * first chunk, four per latent frame for the next ones. Output: `latent`
 * float32 `[1, 16, latents, h, w]`, normalised. What the causal convolutions
 * remember comes out as `cache.0`, `cache.1`, ... and is the input `past.0`,
 * `past.1`, ... of the next chunk.
 *
 * @throws {RangeError} When the number of latent frames does not fit.
 */
export function buildVaeEncoder(
  component: VaeComponent,
  options: VaeOptions,
): BuiltGraph {
  const { size: [height, width], chunk, target = REFERENCE_TARGET } = options;
  const scale = pixelsPerCell(component);
  return buildChunk({
    name: "the film encoder",
    weights: component.tensors,
    target,
    input: {
      name: "frames",
      channels: 3,
      size: [height * scale, width * scale],
    },
    inputFramesPerLatent: framesPerLatent(component),
    output: "latent",
    apply: (x, memory) => encode(x, { component, memory }),
  }, chunk);
}

function encode(
  x: Value,
  { component, memory }: { component: VaeComponent; memory: FrameMemory },
): Value {
  const { dimMult, numResBlocks, zDim } = component.hyperparameters;
  x = causalConv(x, "encoder.conv1", memory).cast("float32");
  let i = 0;
  for (let level = 0; level < dimMult.length; level++) {
    for (let block = 0; block < numResBlocks; block++) {
      x = residualBlock(x, `encoder.downsamples.${i++}`, memory);
    }
    if (level === dimMult.length - 1) break;
    x = downsample(x, `encoder.downsamples.${i++}`, memory);
  }
  x = residualBlock(x, "encoder.middle.0", memory);
  x = attentionBlock(x, "encoder.middle.1");
  x = residualBlock(x, "encoder.middle.2", memory);
  x = rmsNorm(x, "encoder.head.0").silu();
  x = causalConv(x, "encoder.head.2", memory);
  // Mean and log variance; nothing is drawn at random.
  const [mean] = causalConv(x, "conv1", memory).split(1, [zDim, zDim]);
  return normalizeLatent(mean!.cast("float32"));
}
