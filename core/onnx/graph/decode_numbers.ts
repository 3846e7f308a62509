/**
 * Decodes the values of the few stored tensors that are read here instead of by
 * ONNX Runtime: scales, and weights to quantize.
 *
 * @module
 */

import type { TensorDtype } from "../../formats/tensor_index.ts";

/**
 * Decodes little-endian bytes as float32, exactly (float64 is rounded).
 *
 * @throws {TypeError} For element types other than F32, F64, F16, BF16 and
 * F8_E4M3.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeNumbers } from "./decode_numbers.ts";
 * const bytes = new Uint8Array([0x80, 0x3f, 0x00, 0xc0]);
 * assert.equal(decodeNumbers("BF16", bytes).join(), "1,-2");
 * ```
 */
export function decodeNumbers(
  dtype: TensorDtype,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> {
  if (dtype === "F8_E4M3") {
    return Float32Array.from(bytes, (code) => FLOAT8[code]!);
  }
  // A typed array needs an aligned start; a copy has one.
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
    default:
      throw new TypeError(
        `Cannot read numbers of element type ${dtype}, expected one of F32 F64 F16 BF16 F8_E4M3`,
      );
  }
}

/** The values of the float8 codes: 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities. */
const FLOAT8 = Float32Array.from({ length: 256 }, (_, code) => {
  const sign = code & 0x80 ? -1 : 1;
  const exponent = code >> 3 & 15, mantissa = code & 7;
  if (exponent === 15 && mantissa === 7) return NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** -9
    : sign * (1 + mantissa / 8) * 2 ** (exponent - 7);
});
