/** Numbers as the little-endian bytes of an element type. */

import type { DataType } from "./onnx_proto.ts";

/** The little-endian bytes of `data` in that element type. */
export function encodeNumbers(
  type: DataType,
  data: ArrayLike<number>,
): Uint8Array {
  const array = toTypedArray(type, data);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function toTypedArray(
  type: DataType,
  data: ArrayLike<number>,
): ArrayBufferView {
  switch (type) {
    case "float32":
      return Float32Array.from(data);
    case "float64":
      return Float64Array.from(data);
    case "float16":
      return Float16Array.from(data);
    case "bfloat16":
      return Uint16Array.from(data, toBfloat16);
    case "int64":
      return BigInt64Array.from(Array.from(data, BigInt));
    case "int32":
      return Int32Array.from(data);
    case "int8":
      return Int8Array.from(data);
    case "uint8":
    case "bool":
      return Uint8Array.from(data);
    case "float8e4m3fn":
    case "float8e5m2":
      throw new TypeError("Cannot write float8 constants into a model");
  }
}

const scratch = new DataView(new ArrayBuffer(4));

/** The bits of a number as bfloat16, rounded to nearest, ties to even. */
export function toBfloat16(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if (Number.isNaN(value)) return 0x7fc0;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
