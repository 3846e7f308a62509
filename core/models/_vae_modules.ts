/**
 * The modules of the video autoencoder, as `wan/modules/vae.py` has them. All
 * take and give `[1, channels, frames, height, width]`. Norms and sums are in
 * float32, convolutions and attention in the target's type.
 */

import { getTensor } from "../checkpoint/tensor_index.ts";
import { attention, conv } from "../graph/layers.ts";
import type { Value } from "../graph/value.ts";
import type { FrameMemory } from "./_causal_chunks.ts";

/** CausalConv3d: looks back in time only. */
export function causalConv(x: Value, name: string, memory: FrameMemory): Value {
  const kernel = getTensor(x.graph.weights, `${name}.weight`).shape.slice(2);
  const [time, height, width] = kernel as [number, number, number];
  const input = x.cast(x.graph.target.compute);
  const extended = time === 1 ? input : memory.extend(input, time - 1);
  const front = time - 1 - (extended.shape[2]! - x.shape[2]!);
  const above = (height - 1) / 2, left = (width - 1) / 2;
  return conv(extended, name, { pads: [front, above, left, 0, above, left] });
}

/** RMS_norm: every place's channels are scaled to length `sqrt(channels)`, times gamma. */
export function rmsNorm(x: Value, name: string): Value {
  const g = x.graph, channels = x.shape[1]!;
  const input = x.cast("float32");
  const length = g.node("ReduceL2", [input, g.constant("int64", [1], [1])], {
    type: "float32",
    shape: x.shape.with(1, 1),
  });
  const gamma = g.weight(`${name}.gamma`, {
    type: "float32",
    shape: [channels, ...x.shape.slice(2).map(() => 1)],
  });
  return input.div(length.max(1e-12)).mul(gamma.mul(Math.sqrt(channels)));
}

/** ResidualBlock: norm, SiLU, convolution, twice, beside a shortcut. */
export function residualBlock(
  x: Value,
  name: string,
  memory: FrameMemory,
): Value {
  const shortcut = x.graph.has(`${name}.shortcut.weight`)
    ? causalConv(x, `${name}.shortcut`, memory)
    : x;
  const inner = rmsNorm(x, `${name}.residual.0`).silu();
  const y = causalConv(inner, `${name}.residual.2`, memory);
  const outer = rmsNorm(y, `${name}.residual.3`).silu();
  return causalConv(outer, `${name}.residual.6`, memory).cast("float32")
    .add(shortcut.cast("float32"));
}

/** AttentionBlock: one head over the places of each frame. */
export function attentionBlock(x: Value, name: string): Value {
  const [, channels, frames, height, width] = x.shape as FilmShape;
  const images = toImages(x);
  const qkv = conv(rmsNorm(images, `${name}.norm`), `${name}.to_qkv`)
    .reshape([frames, 3 * channels, height * width]).transpose([0, 2, 1]);
  const [q, k, v] = qkv.chunk(-1, 3) as [Value, Value, Value];
  const attended = attention(q, k, v, { heads: 1 }).transpose([0, 2, 1])
    .reshape([frames, channels, height, width]);
  const y = conv(attended, `${name}.proj`).cast("float32");
  return x.add(toFilm(y));
}

/** Resample down: half the height and width, and half the frames where it has `time_conv`. */
export function downsample(
  x: Value,
  name: string,
  memory: FrameMemory,
): Value {
  const y = toFilm(conv(toImages(x), `${name}.resample.1`, {
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  }));
  if (!x.graph.has(`${name}.time_conv.weight`)) return y.cast("float32");
  const extended = memory.extend(y, 1);
  // The very first frame stays alone: the next chunk begins with it.
  return (memory.isFirst
    ? y
    : conv(extended, `${name}.time_conv`, { strides: [2, 1, 1] }))
    .cast("float32");
}

/** Resample up: twice the height and width, and twice the frames where it has `time_conv`. */
export function upsample(x: Value, name: string, memory: FrameMemory): Value {
  const frames = x.graph.has(`${name}.time_conv.weight`)
    ? doubleFrames(x, `${name}.time_conv`, memory)
    : x;
  const images = nearest2x(toImages(frames));
  return toFilm(conv(images, `${name}.resample.1`, { pads: [1, 1, 1, 1] }))
    .cast("float32");
}

/** The very first frame is not doubled, and nothing of it is remembered. */
function doubleFrames(x: Value, name: string, memory: FrameMemory): Value {
  const input = x.cast(x.graph.target.compute);
  if (memory.isFirst) {
    memory.remainSilent(input, 2);
    return x;
  }
  const [, channels, frames, height, width] = x.shape as FilmShape;
  // The first half of the channels is the even frame, the second the odd one.
  return conv(memory.extend(input, 2), name)
    .reshape([1, 2, channels, frames, height, width])
    .transpose([0, 2, 3, 1, 4, 5])
    .reshape([1, channels, 2 * frames, height, width]);
}

type FilmShape = [
  batch: number,
  channels: number,
  frames: number,
  height: number,
  width: number,
];

/** `[1, channels, frames, h, w]` to `[frames, channels, h, w]`. */
function toImages(x: Value): Value {
  const [, channels, frames, height, width] = x.shape as FilmShape;
  const swapped = frames === 1 ? x : x.transpose([0, 2, 1, 3, 4]);
  return swapped.reshape([frames, channels, height, width]);
}

/** `[frames, channels, h, w]` to `[1, channels, frames, h, w]`. */
function toFilm(x: Value): Value {
  const [frames, channels, height, width] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  return frames === 1
    ? x.reshape([1, channels, 1, height, width])
    : x.reshape([1, frames, channels, height, width])
      .transpose([0, 2, 1, 3, 4]);
}

/** Every pixel of `[n, channels, h, w]` becomes four. */
function nearest2x(x: Value): Value {
  const g = x.graph;
  const [count, channels, height, width] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const scales = g.constant("float32", [4], [1, 1, 2, 2]);
  return g.node("Resize", [x, null, scales], {
    type: x.type,
    shape: [count, channels, 2 * height, 2 * width],
  }, {
    attributes: {
      mode: { string: "nearest" },
      coordinate_transformation_mode: { string: "asymmetric" },
      nearest_mode: { string: "floor" },
    },
  });
}
