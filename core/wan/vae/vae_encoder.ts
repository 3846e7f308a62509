/**
 * The encoder of the VAE as graphs: from a video to a latent.
 *
 * Mirrors `Encoder3d` and `WanVAE_.encode` in `wan/modules/vae.py`.
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
  downsample,
  inFloat32,
  normSilu,
  residualBlock,
} from "./_vae_modules.ts";
import {
  framesPerLatent,
  normalizeLatent,
  pixelsPerCell,
  type VaeComponent,
  type VaeOptions,
  vaeTarget,
} from "./vae_chunks.ts";

/**
 * The encoder for one chunk of a video.
 *
 * Input: `frames` float32 `[1, 3, n, 8 h, 8 w]` in [-1, 1], one frame for the
 * first chunk, four per latent frame for the next ones. Output: `latent`
 * float32 `[1, 16, latents, h, w]`, normalized. Of its parts, `fine` computes
 * `features` `[1, channels, latents, h, w]`, the input of `coarse`, and `outer`
 * those of `inner`, `[1, channels, n, 4 h, 4 w]`; a chunk of `outer` counts
 * frames instead of latent frames. The caches of the causal convolutions are the
 * outputs `cache.0`, `cache.1`, ... and the inputs `past.0`, `past.1`, ... of
 * the next chunk.
 *
 * @throws {RangeError} When the number of latent frames is invalid.
 */
export function buildVaeEncoder(
  component: VaeComponent,
  options: VaeOptions,
): BuiltGraph {
  const { size: [height, width], part, chunk } = options;
  const { dim, dimMult } = component.config;
  const scale = pixelsPerCell(component);
  return buildChunk({
    name: "the VAE encoder",
    weights: component.tensors,
    target: vaeTarget(options),
    ...(part === "coarse"
      ? {
        input: {
          name: "features",
          channels: dim * dimMult.at(-2)!,
          size: [height, width],
        },
        inputFramesPerLatent: 1,
      }
      : part === "inner"
      ? {
        input: {
          name: "features",
          channels: dim * dimMult[0]!,
          size: [height * scale / 2, width * scale / 2],
        },
        inputFramesPerLatent: framesPerLatent(component),
      }
      : {
        input: {
          name: "frames",
          channels: 3,
          size: [height * scale, width * scale],
        },
        inputFramesPerLatent: part === "outer" ? 1 : framesPerLatent(component),
      }),
    output: part === "fine" || part === "outer" ? "features" : "latent",
    apply(x, memory) {
      const context = { component, memory };
      const last = dimMult.length - 1;
      if (part !== "coarse" && part !== "inner") {
        x = stepDown(
          inFloat32(causalConv(x, "encoder.conv1", memory)),
          0,
          context,
        );
      }
      if (part === "outer") return x;
      for (let level = 1; part !== "coarse" && level < last; level++) {
        x = stepDown(x, level, context);
      }
      return part === "fine" ? x : coarse(x, context);
    },
  }, chunk);
}

/**
 * The receptive field of the fine part to one side, in latent cells: the sum
 * over its convolutions.
 */
export function encoderReach(component: VaeComponent): number {
  const { dimMult, numResBlocks } = component.config;
  const scale = pixelsPerCell(component);
  let pixels = 1;
  for (let level = 0; level < dimMult.length - 1; level++) {
    pixels += (2 * numResBlocks + 1) * 2 ** level;
  }
  return Math.ceil(pixels / scale);
}

interface Context {
  readonly component: VaeComponent;
  readonly memory: FrameMemory;
}

/** A level, and the downsampling after it. */
function stepDown(
  x: FrameValues,
  level: number,
  { component, memory }: Context,
): FrameValues {
  const { numResBlocks } = component.config;
  let i = level * (numResBlocks + 1);
  for (let block = 0; block < numResBlocks; block++) {
    x = residualBlock(x, `encoder.downsamples.${i++}`, memory);
  }
  return downsample(x, `encoder.downsamples.${i}`, memory);
}

/** The last level, the middle with its attention, and the head. */
function coarse(x: FrameValues, { component, memory }: Context): FrameValues {
  const { dimMult, numResBlocks, zDim } = component.config;
  const done = (dimMult.length - 1) * (numResBlocks + 1);
  for (let block = 0; block < numResBlocks; block++) {
    x = residualBlock(x, `encoder.downsamples.${done + block}`, memory);
  }
  x = residualBlock(x, "encoder.middle.0", memory);
  x = attentionBlock(x, "encoder.middle.1");
  x = residualBlock(x, "encoder.middle.2", memory);
  x = normSilu(x, "encoder.head.0");
  x = causalConv(x, "encoder.head.2", memory);
  // Mean and log variance; the mean is used, nothing is sampled.
  return causalConv(x, "conv1", memory).map((frame) => {
    const [mean] = frame.split(1, [zDim, zDim]);
    return normalizeLatent(mean!.cast("float32"));
  });
}
