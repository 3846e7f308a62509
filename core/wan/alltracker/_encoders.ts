/** The encoders of AllTracker: a frame to features at an eighth of its size. */

import { conv } from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";
import { type BasicEncoder, CELL, type ConvNextEncoder } from "./layout.ts";
import {
  channelNorm,
  convNextBlock,
  instanceNorm,
  relu,
  resizeByCorners,
} from "./_operators.ts";

/** Padding of a 3x3 convolution. */
const PADS = [1, 1, 1, 1];

/** The full encoder: `[1, 3, 8 h, 8 w]` to `[1, features, h, w]`. */
export function convNext(image: Value, { depths }: ConvNextEncoder): Value {
  const stage = (x: Value, index: number, depth: number) => {
    for (let i = 0; i < depth; i++) {
      x = convNextBlock(x, `cnn.features.${index}.${i}`);
    }
    return x;
  };
  let x = conv(image, "cnn.features.0.0", { strides: [4, 4] });
  x = stage(channelNorm(x, "cnn.features.0.1"), 1, depths[0]);
  x = conv(channelNorm(x, "cnn.features.2.0"), "cnn.features.2.1", {
    strides: [2, 2],
  });
  x = stage(x, 3, depths[1]);
  // Where a ConvNeXt halves the size once more, this one looks further.
  x = conv(channelNorm(x, "cnn.features.4.0"), "cnn.features.4.1", {
    pads: [2, 2, 2, 2],
    dilations: [2, 2],
  });
  return conv(stage(x, 5, depths[2]), "dot_conv");
}

/**
 * The tiny encoder: `[1, 3, 8 h, 8 w]` to `[1, features, h, w]`.
 *
 * WebGPU's 3x3 convolutions are wrong in ONNX Runtime 1.30 where there are more
 * channels than a few and no multiple of four; the official ones are.
 */
export function basicEncoder(image: Value, { widths }: BasicEncoder): Value {
  const [height, width] = image.shape.slice(2) as [number, number];
  const size = [height / CELL, width / CELL] as const;
  let x = relu(instanceNorm(conv(image, "fnet.conv1", {
    strides: [2, 2],
    pads: [3, 3, 3, 3],
  })));
  const levels = widths.map((_, level) => {
    const name = `fnet.layer${level + 1}`;
    x = residualBlock(x, `${name}.0`, level === 0 ? 1 : 2);
    x = residualBlock(x, `${name}.1`, 1);
    return resizeByCorners(x, size);
  });
  const joined = conv(concat(levels, 1), "fnet.conv2", { pads: PADS });
  return conv(relu(instanceNorm(joined)), "fnet.conv3");
}

function residualBlock(x: Value, name: string, stride: number): Value {
  const strides = [stride, stride];
  const first = relu(instanceNorm(
    conv(x, `${name}.conv1`, { pads: PADS, strides }),
  ));
  const second = relu(instanceNorm(
    conv(first, `${name}.conv2`, { pads: PADS }),
  ));
  const shortcut = stride === 1
    ? x
    : instanceNorm(conv(x, `${name}.downsample.0`, { strides }));
  return relu(shortcut.add(second));
}
