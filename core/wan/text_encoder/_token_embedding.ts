/**
 * The text encoder's table of tokens, row by row: the rows of the prompt's
 * tokens are picked as they are stored and converted then, since the table of
 * the real model takes 2 GB.
 */

import { getTensor, type TensorEntry } from "../../formats/tensor_index.ts";
import { findScale } from "../../formats/weight_scale.ts";
import { decodeNumbers } from "../../onnx/graph/decode_numbers.ts";
import {
  findQuantized,
  type QuantizedWeight,
} from "../../onnx/graph/quantized_weight.ts";
import {
  concat,
  type GraphWriter,
  type Value,
} from "../../onnx/graph/value.ts";

/** The rows of the tokens `ids` int32 `[1, length]`: float32 `[1, length, dim]`. */
export function tokenEmbedding(ids: Value, dim: number): Value {
  const g = ids.graph;
  const key = "token_embedding.weight";
  const quantized = g.has(key) ? undefined : findQuantized(g.weights, key);
  if (quantized) return quantizedRows(g, quantized, { ids, dim });
  const entry = getTensor(g.weights, key);
  const rows = entry.dtype === "F8_E4M3" || entry.dtype === "F8_E5M2"
    ? float8Rows(g, entry, ids)
    : g.rawWeight(key).gather(ids).cast("float32");
  const scale = findScale(g.weights, key);
  if (!scale) return rows;
  const { counts, group } = scale;
  const factors = g.tensor(scale.entry, { type: "float32", shape: counts });
  if (counts[0] === 1 && counts[1] === 1) return rows.mul(factors.reshape([]));
  const number = group[0] === 1 ? ids : g.node("Div", [
    ids,
    g.constant("int32", [], [group[0]]),
  ], ids);
  const [batch, length] = ids.shape as [number, number];
  return rows.reshape([batch, length, counts[1], dim / counts[1]])
    .mul(factors.gather(number).reshape([batch, length, counts[1], 1]))
    .reshape([batch, length, dim]);
}

/** No operator picks rows of float8: pick their codes, and look these up. */
function float8Rows(g: GraphWriter, entry: TensorEntry, ids: Value): Value {
  const codes = g.tensor({ ...entry, dtype: "U8" }, { type: "uint8" })
    .gather(ids).cast("int32");
  const values = decodeNumbers(entry.dtype, Uint8Array.from(Array(256).keys()));
  return g.constant("float32", [256], values).gather(codes);
}

/** Rows of 8- and 4-bit numbers, as `quantized_weight.ts` says what they mean. */
function quantizedRows(
  g: GraphWriter,
  weight: QuantizedWeight,
  { ids, dim }: { ids: Value; dim: number },
): Value {
  const { bits, blockSize } = weight;
  const [batch, length] = ids.shape as [number, number];
  const blocks = weight.scales.shape[1]!;
  const bytes = g.tensor(weight.packed, { type: "uint8" }).gather(ids)
    .cast("float32");
  let levels = bytes;
  if (bits === 4) {
    const high = g.node("Floor", [bytes.mul(1 / 16)], bytes);
    const apart = [...bytes.shape, 1];
    const pair = [bytes.sub(high.mul(16)), high];
    levels = concat(pair.map((half) => half.reshape(apart)), 4);
  }
  const factors = g.rawWeight(weight.scales.name).gather(ids).cast("float32");
  return levels.reshape([batch, length, blocks, blockSize])
    .sub(2 ** (bits - 1))
    .mul(factors.reshape([batch, length, blocks, 1]))
    .reshape([batch, length, blocks * blockSize])
    .slice(2, 0, dim);
}
