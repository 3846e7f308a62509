/** Operators that only AllTracker's graphs use. */

import { layerNorm, linear } from "../../onnx/graph/layers.ts";
import { conv } from "../../onnx/graph/layers.ts";
import { concat, type Value } from "../../onnx/graph/value.ts";

/** Values of a tensor that is computed at once; 8 MB in float32. */
const AT_ONCE = 2 ** 21;

/** `max(x, 0)` */
export function relu(x: Value): Value {
  return x.graph.node("Relu", [x], x);
}

/** The largest whole numbers that are not above `x`. */
export function floor(x: Value): Value {
  return x.graph.node("Floor", [x], x);
}

/** `x` with its channels last: `[n, c, h, w]` to `[n, h, w, c]`. */
export function channelsLast(x: Value): Value {
  return x.transpose([0, 2, 3, 1]);
}

/** `x` with its channels second: `[n, h, w, c]` to `[n, c, h, w]`. */
export function channelsSecond(x: Value): Value {
  return x.transpose([0, 3, 1, 2]);
}

/** A layer norm over the channels of `[n, c, h, w]`. */
export function channelNorm(x: Value, name: string): Value {
  return channelsSecond(layerNorm(channelsLast(x), { eps: EPS, name }));
}

/** Of all layer norms. */
export const EPS = 1e-6;

/**
 * Torch's InstanceNorm2d without weights, as a layer norm over the pixels: CUDA
 * has no InstanceNormalization of the present operator set.
 */
export function instanceNorm(x: Value): Value {
  const g = x.graph;
  const [batch, channels, rows, columns] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const flat = x.reshape([batch, channels, rows * columns]);
  const ones = g.constant("float32", [], [1]).expand([rows * columns]);
  return g.node("LayerNormalization", [flat, ones], flat, {
    attributes: { axis: { int: -1 }, epsilon: { float: 1e-5 } },
  }).reshape(x.shape);
}

/** Bilinear to `[height, width]`, corners on corners. */
export function resizeByCorners(
  x: Value,
  [height, width]: readonly [number, number],
): Value {
  const shape = [x.shape[0]!, x.shape[1]!, height, width];
  if (shape.join() === x.shape.join()) return x;
  const sizes = x.graph.constant("int64", [4], shape);
  return x.graph.node("Resize", [x, null, null, sizes], {
    type: x.type,
    shape,
  }, {
    attributes: {
      mode: { string: "linear" },
      coordinate_transformation_mode: { string: "align_corners" },
    },
  });
}

/**
 * Torch's `interpolate(x, scale_factor=0.5, mode="area")`: an even axis has
 * means of two, an odd one means of three that overlap.
 */
export function half(x: Value): Value {
  const [batch, channels, ...size] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const kernel = size.map((length) => length % 2 === 0 ? 2 : 3);
  return x.graph.node("AveragePool", [x], {
    type: x.type,
    shape: [batch, channels, ...size.map((length) => Math.floor(length / 2))],
  }, {
    attributes: { kernel_shape: { ints: kernel }, strides: { ints: [2, 2] } },
  });
}

/** One of each row: `x` `[n, m]`, `indices` `[n, k]`, the result `[n, k]`. */
export function gatherInRows(x: Value, indices: Value): Value {
  return x.graph.node("GatherElements", [x, indices], {
    type: x.type,
    shape: indices.shape,
  }, { attributes: { axis: { int: 1 } } });
}

/**
 * What `make` makes of `x`, in parts along the first axis, so that no tensor
 * has more than a fixed number of values.
 *
 * @param values the values of the largest tensor for one of that axis
 */
export function inParts(
  count: number,
  values: number,
  make: (from: number, to: number) => Value,
): Value {
  const most = Math.max(1, Math.floor(AT_ONCE / values));
  const parts = Math.ceil(count / most);
  const bounds = Array.from(
    { length: parts + 1 },
    (_, i) => Math.round(i * count / parts),
  );
  return concat(
    bounds.slice(1).map((to, i) => make(bounds[i]!, to)),
    0,
  );
}

/** ConvNeXt's block: over space channel by channel, then over the channels. */
export function convNextBlock(x: Value, name: string): Value {
  const [count, width, rows, columns] = x.shape as [
    number,
    number,
    number,
    number,
  ];
  const scale = x.graph.weight(`${name}.layer_scale`, { shape: [width, 1, 1] });
  return inParts(count, 4 * width * rows * columns, (from, to) => {
    const part = x.slice(0, from, to);
    const spread = conv(part, `${name}.block.0`, {
      pads: [3, 3, 3, 3],
      groups: width,
    });
    const normed = layerNorm(channelsLast(spread), {
      eps: EPS,
      name: `${name}.block.2`,
    });
    const mixed = linear(
      linear(normed, `${name}.block.3`).gelu("none"),
      `${name}.block.5`,
    );
    return part.add(channelsSecond(mixed).mul(scale));
  });
}
