/**
 * The small decoder as graphs: from a latent to a video, faster and in less
 * memory than the VAE, at lower quality.
 *
 * Mirrors `TAEHV.decode_video` in madebyollin/taehv. There the frames are
 * upsampled before they are multiplied; here after it, which is the same (one
 * is a product per pixel, the other repeats pixels) for a quarter of the work.
 *
 * @module
 */

import {
  type BuiltGraph,
  GraphBuilder,
} from "../../onnx/graph/graph_builder.ts";
import type { GraphTarget } from "../../onnx/graph/graph_target.ts";
import { conv, nearest2x } from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import {
  buildChunk,
  type FrameMemory,
  type FrameValues,
} from "../causal/causal_chunks.ts";
import type { Component } from "../networks.ts";
import {
  restoreLatent,
  type VaeOptions,
  vaeTarget,
} from "../vae/vae_chunks.ts";
import { LAST, levelIndices, type TinyVaeConfig } from "./layout.ts";

/** The small decoder, as its graphs need it. */
export type TinyVaeComponent = Pick<
  Component<"tinyVae">,
  "tensors" | "config" | "files"
>;

/** Options of the small decoder's graphs. */
export interface TinyDecoderOptions
  extends Pick<VaeOptions, "size" | "chunk" | "target"> {
  /** Only the part before the convolutions at full size; by default all. */
  readonly part?: "inner";
}

/** The convolution after the last level. */
const LAST_GROWN = levelIndices(2).conv;

/** The convolutions' padding. */
const PADS = { pads: [1, 1, 1, 1] };

/** The same within a band of rows, which has its neighbors' rows. */
const BAND_PADS = { pads: [0, 1, 0, 1] };

/**
 * The small decoder for one chunk of a video.
 *
 * Input: `latent` float32 `[1, 16, latents, h, w]`, normalized. Output:
 * `frames` float32 `[1, 3, n, 8 h, 8 w]`, clamped to [-1, 1]: one frame for the
 * first chunk, four per latent frame for the next ones. `inner` computes the
 * `features` `[1, channels, n, 4 h, 4 w]` of {@linkcode buildTinyOutput}. Caches
 * as in `buildVaeDecoder`.
 *
 * @throws {RangeError} When the number of latent frames is invalid.
 */
export function buildTinyDecoder(
  component: TinyVaeComponent,
  options: TinyDecoderOptions,
): BuiltGraph {
  const { size, part, chunk } = options;
  const { config } = component;
  const isRaw = takesRawLatents(component);
  return buildChunk({
    name: "the small decoder",
    weights: component.tensors,
    target: vaeTarget(options),
    input: { name: "latent", channels: config.zDim, size },
    inputFramesPerLatent: 1,
    output: part === "inner" ? "features" : "frames",
    apply(x, memory) {
      const features = inner(x, { config, memory, isRaw });
      return part === "inner"
        ? features.map((frame) => frame.cast("float32"))
        : features.map((frame) => {
          const x = relu(conv(nearest2x(frame), `decoder.${LAST_GROWN}`, PADS));
          return colors(conv(x, `decoder.${LAST}`, PADS));
        });
    },
  }, chunk);
}

/**
 * The convolutions at full size, for a band of rows of one frame. The frame at
 * full size has 100 MB a tensor at 832x480; a band has what fits.
 *
 * Inputs: `features` float32 `[1, channels, rows + 2, columns]`, a band with the
 * row above and the one below it, zeros outside the frame; `inside` float32
 * `[1, 1, 2 rows + 2, 1]`, 1 for the rows at full size that are in the frame and
 * 0 for others, from the one above the band on. Output: `frames` float32
 * `[1, 3, 2 rows, 2 columns]`, clamped to [-1, 1].
 */
export function buildTinyOutput(
  component: TinyVaeComponent,
  { rows, columns, target }: {
    readonly rows: number;
    readonly columns: number;
    readonly target?: GraphTarget;
  },
): BuiltGraph {
  const g = new GraphBuilder("the small decoder's output", {
    weights: component.tensors,
    target: vaeTarget({ ...(target && { target }) }),
  });
  const width = component.config.widths[2];
  const features = g.input("features", "float32", [
    1,
    width,
    rows + 2,
    columns,
  ]);
  const inside = g.input("inside", "float32", [1, 1, 2 * rows + 2, 1]);
  const { compute } = g.target;
  const upsampled = nearest2x(features.cast(compute));
  const x = relu(conv(upsampled, `decoder.${LAST_GROWN}`, BAND_PADS))
    .mul(inside.cast(compute));
  g.output("frames", colors(conv(x, `decoder.${LAST}`, BAND_PADS)));
  return g.build();
}

/**
 * Whether the network was trained on latents as the VAE makes them, before they
 * are normalized. Only the file's name tells: lighttaew2_1 was, taew2_1 was not.
 */
export function takesRawLatents(
  { files }: Pick<TinyVaeComponent, "files">,
): boolean {
  return /(?:^|[\\/])lighttae[^\\/]*$/i.test(files[0] ?? "");
}

function inner(
  latents: FrameValues,
  { config, memory, isRaw }: {
    config: TinyVaeConfig;
    memory: FrameMemory;
    isRaw: boolean;
  },
): FrameValues {
  let x: FrameValues = latents.map((latent) => {
    const given = isRaw ? restoreLatent(latent) : latent;
    return relu(conv(softLimit(given), "decoder.1", PADS));
  });
  config.frames.forEach((count, level) => {
    const { blocks, grow, conv: next } = levelIndices(level);
    for (const block of blocks) x = memoryBlock(x, block, memory);
    const isLast = level === config.frames.length - 1;
    // Of the frames that the first latent becomes only the last one is shown.
    if (isLast && memory.isFirst) x = x.slice(-1);
    x = x.flatMap((frame) =>
      conv(frame, `decoder.${grow}.conv`).chunk(1, count)
    );
    if (isLast) return;
    x = x.map((frame) => conv(nearest2x(frame), `decoder.${next}`, PADS));
  });
  return memory.isFirst ? x.slice(-1) : x;
}

/** From [0, 1] to [-1, 1]. */
function colors(x: Value): Value {
  return x.cast("float32").clip(0, 1).mul(2).sub(1);
}

/** MemBlock: three convolutions over each frame and the one before it. */
function memoryBlock(
  video: FrameValues,
  index: number,
  memory: FrameMemory,
): FrameValues {
  const layer = (x: Value, i: number) =>
    conv(x, `decoder.${index}.conv.${i}`, PADS);
  const extended = memory.extend(video, 1);
  return video.map((frame, i) => {
    let x = relu(layer(concat([frame, extended[i]!], 1), 0));
    x = relu(layer(x, 2));
    return relu(layer(x, 4).add(frame));
  });
}

/** `3 tanh(x / 3)` */
function softLimit(x: Value): Value {
  const scaled = x.div(3);
  return scaled.graph.node("Tanh", [scaled], scaled).mul(3);
}

function relu(x: Value): Value {
  return x.graph.node("Relu", [x], x);
}
