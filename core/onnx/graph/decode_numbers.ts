/**
 * The numbers of a stored tensor, for the few that are looked at here and not
 * by ONNX Runtime: scales, and weights that are to be quantised.
 *
 * @module
 */

import { dequantizeBlocks, isBlockType } from "../../formats/gguf_blocks.ts";
import type { TensorDtype } from "../../formats/tensor_index.ts";

/**
 * Little-endian bytes as float32 numbers, exactly (float64 and the products of
 * GGUF's blocks are rounded).
 *
 * @throws {TypeError} For element types other than F32, F64, F16, BF16,
 * F8_E4M3, F8_E5M2, I8, U8, I32 and I64, and the blocks of GGUF.
 */
export function decodeNumbers(
  dtype: TensorDtype,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> {
  if (isBlockType(dtype)) return dequantizeBlocks(dtype, bytes);
  if (dtype === "F8_E4M3") {
    return Float32Array.from(bytes, (code) => E4M3[code]!);
  }
  if (dtype === "F8_E5M2") {
    return Float32Array.from(bytes, (code) => E5M2[code]!);
  }
  // A view needs an aligned start; a copy has one.
  const { buffer } = bytes.slice();
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return Float32Array.from(new Float64Array(buffer));
    case "F16":
      return Float32Array.from(new Float16Array(buffer));
    case "BF16": {
      const halves = new Uint16Array(buffer);
      const bits = new Uint32Array(halves.length);
      for (let i = 0; i < bits.length; i++) bits[i] = halves[i]! << 16;
      return new Float32Array(bits.buffer);
    }
    case "I8":
      return Float32Array.from(new Int8Array(buffer));
    case "U8":
      return Float32Array.from(new Uint8Array(buffer));
    case "I32":
      return Float32Array.from(new Int32Array(buffer));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer), Number);
    default:
      throw new TypeError(
        `Cannot read numbers of element type ${dtype}, expected one of F32 F64 F16 BF16 F8_E4M3 F8_E5M2 I8 U8 I32 I64 or a block type of GGUF`,
      );
  }
}

/** The values of e4m3fn's codes: 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities. */
const E4M3 = Float32Array.from({ length: 256 }, (_, code) => {
  const sign = code & 0x80 ? -1 : 1;
  const exponent = code >> 3 & 15, mantissa = code & 7;
  if (exponent === 15 && mantissa === 7) return NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** -9
    : sign * (1 + mantissa / 8) * 2 ** (exponent - 7);
});

/** The values of e5m2's codes: a float16 without its low byte, with infinities. */
const E5M2 = Float32Array.from(
  new Float16Array(
    Uint16Array.from({ length: 256 }, (_, code) => code << 8).buffer,
  ),
);
