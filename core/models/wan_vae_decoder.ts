/**
 * The decoder of the video autoencoder as graphs: latent to film.
 *
 * Mirrors `Decoder3d` and `WanVAE_.decode` in `wan/modules/vae.py`.
 *
 * @module
 */

import type { BuiltGraph } from "../graph/graph_builder.ts";
import { buildChunk, type Film, type FrameMemory } from "./_causal_chunks.ts";
import {
  attentionBlock,
  causalConv,
  inFloat32,
  normSilu,
  residualBlock,
  upsample,
} from "./_vae_modules.ts";
import {
  pixelsPerCell,
  restoreLatent,
  type VaeComponent,
  type VaeOptions,
  vaeTarget,
} from "./wan_vae.ts";

/**
 * The decoder for one chunk of a film.
 *
 * Input: `latent` float32 `[1, 16, latents, h, w]`, normalised. Output:
 * `frames` float32 `[1, 3, n, 8 h, 8 w]`, cut off to [-1, 1]: one frame for the
 * first chunk, four per latent frame for the next ones. Of its parts, `coarse`
 * makes `features` `[1, channels, latents, h, w]`, which `fine` is fed. What
 * the causal convolutions remember comes out as `cache.0`, `cache.1`, ... and
 * is the input `past.0`, `past.1`, ... of the next chunk.
 *
 * @throws {RangeError} When the number of latent frames does not fit.
 */
export function buildVaeDecoder(
  component: VaeComponent,
  options: VaeOptions,
): BuiltGraph {
  const { size, part, chunk } = options;
  const { dim, dimMult, zDim } = component.hyperparameters;
  return buildChunk({
    name: "the film decoder",
    weights: component.tensors,
    target: vaeTarget(options),
    input: part === "fine"
      ? { name: "features", channels: dim * dimMult.at(-1)!, size }
      : { name: "latent", channels: zDim, size },
    inputFramesPerLatent: 1,
    output: part === "coarse" ? "features" : "frames",
    apply(x, memory) {
      const features = part === "fine" ? x : coarse(x, { component, memory });
      return part === "coarse"
        ? features
        : fine(features, { component, memory });
    },
  }, chunk);
}

/**
 * How many latent cells far the fine part looks: the sum of what its
 * convolutions look to one side.
 */
export function decoderReach(component: VaeComponent): number {
  const { dimMult, numResBlocks } = component.hyperparameters;
  const last = dimMult.length - 1;
  let pixels = 1;
  for (let level = 1; level <= last; level++) {
    pixels += (1 + 2 * (numResBlocks + 1)) * 2 ** (last - level);
  }
  return Math.ceil(pixels / pixelsPerCell(component));
}

interface Context {
  readonly component: VaeComponent;
  readonly memory: FrameMemory;
}

/** The middle with its attention, and the first level up to its step up. */
function coarse(x: Film, { component, memory }: Context): Film {
  const { numResBlocks } = component.hyperparameters;
  x = causalConv(x.map(restoreLatent), "conv2", memory);
  x = inFloat32(causalConv(x, "decoder.conv1", memory));
  x = residualBlock(x, "decoder.middle.0", memory);
  x = attentionBlock(x, "decoder.middle.1");
  x = residualBlock(x, "decoder.middle.2", memory);
  for (let block = 0; block <= numResBlocks; block++) {
    x = residualBlock(x, `decoder.upsamples.${block}`, memory);
  }
  return x;
}

/** Every step up with the level behind it, and the head. */
function fine(x: Film, { component, memory }: Context): Film {
  const { dimMult, numResBlocks } = component.hyperparameters;
  let i = numResBlocks + 1;
  for (let level = 1; level < dimMult.length; level++) {
    x = upsample(x, `decoder.upsamples.${i++}`, memory);
    for (let block = 0; block <= numResBlocks; block++) {
      x = residualBlock(x, `decoder.upsamples.${i++}`, memory);
    }
  }
  x = normSilu(x, "decoder.head.0");
  x = causalConv(x, "decoder.head.2", memory);
  return x.map((frame) => frame.cast("float32").clip(-1, 1));
}
