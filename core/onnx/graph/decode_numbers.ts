/**
 * The numbers of a stored tensor, for the few that are looked at here and not
 * by ONNX Runtime: scales, and weights that are to be quantised.
 *
 * @module
 */

import type { TensorDtype } from "../../formats/tensor_index.ts";

/**
 * Little-endian bytes as float32 numbers, exactly (float64 is rounded).
 *
 * @throws {TypeError} For element types other than F32, F64, F16, BF16 and
 * F8_E4M3.
 */
export function decodeNumbers(
  dtype: TensorDtype,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> {
  if (dtype === "F8_E4M3") {
    return Float32Array.from(bytes, (code) => FLOAT8[code]!);
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
    default:
      throw new TypeError(
        `Cannot read numbers of element type ${dtype}, expected one of F32 F64 F16 BF16 F8_E4M3`,
      );
  }
}

/** The values of float8's codes: 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities. */
const FLOAT8 = Float32Array.from({ length: 256 }, (_, code) => {
  const sign = code & 0x80 ? -1 : 1;
  const exponent = code >> 3 & 15, mantissa = code & 7;
  if (exponent === 15 && mantissa === 7) return NaN;
  return exponent === 0
    ? sign * mantissa * 2 ** -9
    : sign * (1 + mantissa / 8) * 2 ** (exponent - 7);
});
