/** A stored tensor, or a part of it, as a graph sees it. */

import {
  byteLengthOf,
  elementBits,
  type TensorDtype,
  type TensorEntry,
} from "../../formats/tensor_index.ts";
import { quote } from "../../base/errors.ts";
import { sizeOf } from "../../base/tensor.ts";
import type { WeightOptions } from "./value.ts";
import type { DataType } from "./onnx_proto.ts";

/** The element types of checkpoints that a graph can hold. */
const TYPES: Partial<Record<TensorDtype, DataType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  F64: "float64",
  F8_E4M3: "float8e4m3fn",
  F8_E5M2: "float8e5m2",
  I32: "int32",
  I64: "int64",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};

/**
 * The bytes, element type and shape of a tensor under `options`.
 *
 * @throws {TypeError} When no graph can hold its element type.
 * @throws {RangeError} When the options do not fit its shape.
 */
export function viewTensor(
  entry: TensorEntry,
  options: Omit<WeightOptions, "type">,
): { part: TensorEntry; type: DataType; shape: readonly number[] } {
  const type = TYPES[entry.dtype];
  if (!type) {
    throw new TypeError(
      `Cannot use ${quote(entry.name)} of ${
        quote(entry.file)
      }: its element type is ${entry.dtype}, expected one of ${
        Object.keys(TYPES).join(" ")
      }`,
    );
  }
  const part = options.rows ? rowsOf(entry, options.rows) : entry;
  const shape = options.shape ?? part.shape;
  if (sizeOf(shape) !== sizeOf(part.shape)) {
    throw new RangeError(
      `Cannot use ${quote(entry.name)} of ${quote(entry.file)}: its shape is [${
        part.shape.join(", ")
      }], expected [${shape.join(", ")}]`,
    );
  }
  if (part.length !== byteLengthOf(entry.dtype, shape)) {
    throw new RangeError(
      `Cannot use ${quote(entry.name)} of ${
        quote(entry.file)
      }: it has ${part.length} bytes, expected ${
        byteLengthOf(entry.dtype, shape)
      }`,
    );
  }
  return { part, type, shape };
}

function rowsOf(
  entry: TensorEntry,
  [from, to]: readonly [number, number],
): TensorEntry {
  const [count = 0, ...rest] = entry.shape;
  if (!(0 <= from && from < to && to <= count)) {
    throw new RangeError(
      `Cannot use rows ${from} to ${to} of ${
        quote(entry.name)
      }: it has ${count} rows`,
    );
  }
  const bytes = sizeOf(rest) * elementBits(entry.dtype) / 8;
  return {
    ...entry,
    name: `${entry.name}[${from}:${to}]`,
    shape: [to - from, ...rest],
    offset: entry.offset + from * bytes,
    length: (to - from) * bytes,
  };
}
