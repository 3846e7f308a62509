/**
 * The decoder of the VAE as graphs: from a latent to a video.
 *
 * Mirrors `Decoder3d` and `WanVAE_.decode` in `wan/modules/vae.py`.
 *
 * @module
 */

import type { BuiltGraph } from "../../onnx/graph/graph_builder.ts";
import {
  buildChunk,
  type FrameMemory,
  type FrameValues,
} from "../causal/causal_chunks.ts";
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
} from "./vae_chunks.ts";

/**
 * The decoder for one chunk of a video.
 *
 * Input: `latent` float32 `[1, 16, latents, h, w]`, normalized. Output:
 * `frames` float32 `[1, 3, n, 8 h, 8 w]`, clamped to [-1, 1]: one frame for the
 * first chunk, four per latent frame for the next ones. Of its parts, `coarse`
 * computes `features` `[1, channels, latents, h, w]`, the input of `fine`, and
 * `inner` those of `outer`, `[1, channels, n, 4 h, 4 w]`; a chunk of `outer`
 * counts frames instead of latent frames. The caches of the causal convolutions
 * are the outputs `cache.0`, `cache.1`, ... and the inputs `past.0`, `past.1`,
 * ... of the next chunk.
 *
 * @throws {RangeError} When the number of latent frames is invalid.
 */
export function buildVaeDecoder(
  component: VaeComponent,
  options: VaeOptions,
): BuiltGraph {
  const { size, part, chunk } = options;
  const { dim, dimMult, zDim } = component.config;
  const half = pixelsPerCell(component) / 2;
  return buildChunk({
    name: "the VAE decoder",
    weights: component.tensors,
    target: vaeTarget(options),
    input: part === "fine"
      ? { name: "features", channels: dim * dimMult.at(-1)!, size }
      : part === "outer"
      ? {
        name: "features",
        channels: dim * dimMult[1]!,
        size: [size[0] * half, size[1] * half],
      }
      : { name: "latent", channels: zDim, size },
    inputFramesPerLatent: 1,
    output: part === "coarse" || part === "inner" ? "features" : "frames",
    apply(x, memory) {
      const context = { component, memory };
      const last = dimMult.length - 1;
      if (part !== "fine" && part !== "outer") x = coarse(x, context);
      if (part === "coarse") return x;
      for (let level = part === "outer" ? last : 1; level < last; level++) {
        x = stepUp(x, level, context);
      }
      return part === "inner" ? x : head(stepUp(x, last, context), context);
    },
  }, chunk);
}

/**
 * The receptive field of the fine part to one side, in latent cells: the sum
 * over its convolutions.
 */
export function decoderReach(component: VaeComponent): number {
  const { dimMult, numResBlocks } = component.config;
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

/** The middle with its attention, and the first level up to its upsampling. */
function coarse(x: FrameValues, { component, memory }: Context): FrameValues {
  const { numResBlocks } = component.config;
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

/** An upsampling, and the level after it. */
function stepUp(
  x: FrameValues,
  level: number,
  { component, memory }: Context,
): FrameValues {
  const { numResBlocks } = component.config;
  const perLevel = numResBlocks + 2; // one more block, and the upsampling
  let i = level * perLevel - 1;
  x = upsample(x, `decoder.upsamples.${i++}`, memory);
  for (let block = 0; block <= numResBlocks; block++) {
    x = residualBlock(x, `decoder.upsamples.${i++}`, memory);
  }
  return x;
}

/** From the last level to frames. */
function head(x: FrameValues, { memory }: Context): FrameValues {
  x = normSilu(x, "decoder.head.0");
  x = causalConv(x, "decoder.head.2", memory);
  return x.map((frame) => frame.cast("float32").clip(-1, 1));
}
