/**
 * The modules of the VAE in `wan/modules/vae.py`, for videos as lists of frames
 * `[1, channels, height, width]`. Norms and sums are float32, convolutions and
 * attention have the target's type.
 */

import { getTensor } from "../../formats/tensor_index.ts";
import {
  attention,
  conv,
  type ConvOptions,
  nearest2x,
} from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import type { FrameMemory, FrameValues } from "../causal/causal_chunks.ts";

/** The weight of a convolution over time. */
type TimeKernel = [
  out: number,
  inner: number,
  time: number,
  height: number,
  width: number,
];

/** A frame `[1, channels, height, width]`. */
type ImageShape = [
  batch: number,
  channels: number,
  height: number,
  width: number,
];

/** CausalConv3d: looks back in time only. */
export function causalConv(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const { graph } = video[0]!;
  const [, , time, height, width] = getTensor(
    graph.weights,
    `${name}.weight`,
  ).shape as TimeKernel;
  const above = (height - 1) / 2, left = (width - 1) / 2;
  const pads = [above, left, above, left];
  const input = video.map((frame) => frame.cast(graph.target.compute));
  const extended = time === 1 ? input : memory.extend(input, time - 1);
  return video.map((_, i) =>
    overTime(extended.slice(i, i + time), name, { pads })
  );
}

/**
 * A convolution over as many frames as the kernel is long, computed over the
 * channels of all of them: `[out, in, time, h, w]` is `[out, in * time, h, w]`
 * when the frames are interleaved channel by channel.
 *
 * The number of channels is padded to a multiple of four with zeros: ONNX
 * Runtime's WebGPU convolution gives wrong results for nine.
 */
function overTime(
  frames: FrameValues,
  name: string,
  options: ConvOptions,
): Value {
  const { graph, shape } = frames[0]!;
  const [, channels, height, width] = shape as ImageShape;
  const stored = getTensor(graph.weights, `${name}.weight`).shape;
  const [out, , time, ...kernel] = stored as TimeKernel;
  const padded = Math.ceil(channels / 4) * 4;
  const more = [1, 0, padded - channels] as const;
  const x = concat(
    frames.map((frame) =>
      frame.pad([more]).reshape([1, padded, 1, height, width])
    ),
    2,
  ).reshape([1, padded * time, height, width]);
  const flat = [out, padded * time, ...kernel];
  const weight = padded === channels
    ? graph.weight(`${name}.weight`, { shape: flat })
    : graph.weight(`${name}.weight`).pad([more]).reshape(flat);
  return conv(x, name, { ...options, weight });
}

/** The residual stream is always float32. */
export function inFloat32(video: FrameValues): FrameValues {
  return video.map((frame) => frame.cast("float32"));
}

/** RMS_norm: the channels at every position are scaled to length `sqrt(channels)`, times gamma. */
function rmsNorm(x: Value, name: string): Value {
  const g = x.graph, channels = x.shape[1]!;
  const input = x.cast("float32");
  const length = g.node("ReduceL2", [input, g.constant("int64", [1], [1])], {
    type: "float32",
    shape: x.shape.with(1, 1),
  });
  const gamma = g.weight(`${name}.gamma`, {
    type: "float32",
    shape: [channels, 1, 1],
  });
  return input.div(length.max(1e-12)).mul(gamma.mul(Math.sqrt(channels)));
}

/** RMS_norm and SiLU, frame by frame. */
export function normSilu(video: FrameValues, name: string): FrameValues {
  return video.map((frame) => rmsNorm(frame, name).silu());
}

/** ResidualBlock: norm, SiLU, convolution, twice, plus a shortcut. */
export function residualBlock(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const { graph } = video[0]!;
  const shortcut = graph.has(`${name}.shortcut.weight`)
    ? causalConv(video, `${name}.shortcut`, memory)
    : video;
  let y = normSilu(video, `${name}.residual.0`);
  y = causalConv(y, `${name}.residual.2`, memory);
  y = normSilu(y, `${name}.residual.3`);
  y = causalConv(y, `${name}.residual.6`, memory);
  return y.map((frame, i) =>
    frame.cast("float32").add(shortcut[i]!.cast("float32"))
  );
}

/** AttentionBlock: one head over the positions of each frame. */
export function attentionBlock(video: FrameValues, name: string): FrameValues {
  return video.map((x) => {
    const [, channels, height, width] = x.shape as ImageShape;
    const qkv = conv(rmsNorm(x, `${name}.norm`), `${name}.to_qkv`)
      .reshape([1, 3 * channels, height * width]).transpose([0, 2, 1]);
    const [q, k, v] = qkv.chunk(-1, 3) as [Value, Value, Value];
    const attended = attention(q, k, v, { heads: 1 }).transpose([0, 2, 1])
      .reshape(x.shape);
    return x.add(conv(attended, `${name}.proj`).cast("float32"));
  });
}

/** Resample down: half the height and width, and half the frames if it has `time_conv`. */
export function downsample(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const { graph } = video[0]!;
  const y = video.map((x) =>
    conv(x, `${name}.resample.1`, { strides: [2, 2], pads: [0, 0, 1, 1] })
  );
  return inFloat32(
    graph.has(`${name}.time_conv.weight`)
      ? halveFrames(y, `${name}.time_conv`, memory)
      : y,
  );
}

/** The very first frame is kept as it is; the next chunk begins with it. */
function halveFrames(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const extended = memory.extend(video, 1);
  if (memory.isFirst) return video;
  return Array.from(
    { length: video.length / 2 },
    (_, i) => overTime(extended.slice(2 * i, 2 * i + 3), name, {}),
  );
}

/** Resample up: twice the height and width, and twice the frames if it has `time_conv`. */
export function upsample(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const { graph } = video[0]!;
  const frames = graph.has(`${name}.time_conv.weight`)
    ? doubleFrames(video, `${name}.time_conv`, memory)
    : video;
  return frames.map((x) =>
    conv(nearest2x(x), `${name}.resample.1`, { pads: [1, 1, 1, 1] })
      .cast("float32")
  );
}

/** The very first frame is not doubled, and zeros are cached for it. */
function doubleFrames(
  video: FrameValues,
  name: string,
  memory: FrameMemory,
): FrameValues {
  const input = video.map((frame) => frame.cast(frame.graph.target.compute));
  if (memory.isFirst) {
    memory.cacheZeros(input, 2);
    return video;
  }
  const extended = memory.extend(input, 2);
  // The first half of the channels is the even frame, the second the odd one.
  return video.flatMap((_, i) =>
    overTime(extended.slice(i, i + 3), name, {}).chunk(1, 2)
  );
}
