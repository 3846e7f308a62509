/**
 * Scaled 8-bit weights in a graph: the stored numbers times their factors.
 *
 * @module
 */

import { getTensor } from "../../formats/tensor_index.ts";
import type { WeightScale } from "../../formats/weight_scale.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { DataType } from "./onnx_proto.ts";
import type { GraphWriter, Value, WeightOptions } from "./value.ts";

/**
 * The checkpoint's weight `key` times its factors, in that element type.
 *
 * With one factor per tensor or row the DequantizeLinear operator does it
 * where the target has it for float8. Elsewhere the numbers are converted and
 * multiplied: in the compute type with one factor, in float32 with several,
 * since float16 has not the range that small factors need.
 */
export function scaledWeight(
  g: GraphWriter,
  key: string,
  options: WeightOptions & { type: DataType; scale: WeightScale },
): Value {
  const { type, scale, rows, shape } = options;
  const { counts, group } = scale;
  const entry = getTensor(g.weights, key);
  const all = entry.shape[0]!;
  const columns = sizeOf(entry.shape) / all;
  const [from, to] = rows ?? [0, all];
  const out = to - from;
  const result = shape ?? [out, ...entry.shape.slice(1)];
  const part = rows ? { rows } : {};
  const isFloat8 = entry.dtype === "F8_E4M3" || entry.dtype === "F8_E5M2";
  const dequantize = isFloat8 && g.target.float8 === "dequantize";

  if (counts[0] === 1 && counts[1] === 1) {
    const stored = g.rawWeight(key, { ...part, shape: result });
    const factor = g.tensor(scale.entry, { type: "float32", shape: [] });
    if (!dequantize) return stored.cast(type).mul(factor.cast(type));
    return g.node("DequantizeLinear", [stored, factor], {
      type: "float32",
      shape: result,
    }).cast(type);
  }
  const stored = g.rawWeight(key, { ...part, shape: [out, columns] });
  if (counts[0] === all && counts[1] === 1) {
    const factors = g.tensor(scale.entry, {
      type: "float32",
      ...part,
      shape: [out],
    });
    const scaled = dequantize
      ? g.node("DequantizeLinear", [stored, factors], {
        type: "float32",
        shape: stored.shape,
      }, { attributes: { axis: { int: 0 } } })
      : stored.cast("float32").mul(factors.reshape([out, 1]));
    return scaled.cast(type).reshape(result);
  }
  const factors = g.tensor(scale.entry, { type: "float32", shape: counts });
  const numbers = stored.cast("float32");
  const isWhole = !rows && all % group[0] === 0 && columns % group[1] === 0;
  const scaled = isWhole
    ? numbers.reshape([counts[0], group[0], counts[1], group[1]])
      .mul(factors.reshape([counts[0], 1, counts[1], 1]))
    : numbers.mul(
      factors
        .gather(groupOf(g, { from, to, size: group[0] }), 0)
        .gather(groupOf(g, { from: 0, to: columns, size: group[1] }), 1),
    );
  return scaled.reshape(result).cast(type);
}

/** The number of the group that each of these rows or columns is in. */
function groupOf(
  g: GraphWriter,
  { from, to, size }: { from: number; to: number; size: number },
): Value {
  return g.constant(
    "int32",
    [to - from],
    Int32Array.from(
      { length: to - from },
      (_, i) => Math.floor((from + i) / size),
    ),
  );
}
