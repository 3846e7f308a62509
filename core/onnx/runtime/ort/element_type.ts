/** The sizes and numbers of the element types of tensors. */

import { DATA_TYPES, type DataType } from "../../graph/onnx_proto.ts";

/** How many bytes an element takes. */
const BYTES: Readonly<Record<DataType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  bfloat16: 2,
  float8e4m3fn: 1,
  float8e5m2: 1,
};

/** The library's number for a type, `ONNXTensorElementDataType`: ONNX's own. */
export function codeOf(type: DataType): number {
  return DATA_TYPES[type];
}

/** How many bytes an element of that type takes. */
export function bytesPerElement(type: DataType): number {
  return BYTES[type];
}

/** The type of the library's number; undefined for one that is not used. */
export function typeOfCode(code: number): DataType | undefined {
  return (Object.keys(DATA_TYPES) as DataType[]).find((type) =>
    DATA_TYPES[type] === code
  );
}
