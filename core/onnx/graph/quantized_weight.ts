/**
 * 8- and 4-bit weights: how they are stored in a safetensors file, made, and
 * dequantized. The layout is that of ONNX Runtime's MatMulNBits operator, so
 * that the file can be mapped unchanged.
 *
 * The matrix `<name>` `[out, in]` (`<name>` ends in `.weight`) becomes two
 * tensors:
 *
 * - `<name>_q4` or `<name>_q8`, `U8` `[out, blocks, bytes]`: every row is cut
 *   into `blocks = ceil(in / blockSize)` blocks of `bytes = blockSize * bits / 8`
 *   bytes; the first of the two 4-bit numbers in a byte is the low half. The
 *   last block is padded with zeros.
 * - `<name>_q4_scales` or `<name>_q8_scales`, `F16` `[out, blocks]`.
 *
 * A stored number `q` of a block with scale `s` is `(q - 2^(bits-1)) * s`.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";

/** The supported numbers of bits. */
export const QUANTIZED_BITS = [4, 8] as const;

/** 4 or 8. */
export type QuantizedBits = typeof QUANTIZED_BITS[number];

/** How a matrix is quantized. */
export interface Quantization {
  /** Bits per number. */
  readonly bits: QuantizedBits;
  /** How many numbers of a row share one scale: a power of two, at least 16. */
  readonly blockSize: number;
}

/** A quantized matrix in a checkpoint. */
export interface QuantizedWeight extends Quantization {
  /** The quantized numbers, `[out, blocks, bytes]`. */
  readonly packed: TensorEntry;
  /** The scales, `[out, blocks]`. */
  readonly scales: TensorEntry;
}

/** The names of the two tensors that store `name`. */
export function quantizedNames(
  name: string,
  bits: QuantizedBits,
): { packed: string; scales: string } {
  const packed = `${name}_q${bits}`;
  return { packed, scales: `${packed}_scales` };
}

/**
 * The quantized matrix that stores `name`; undefined if there is none.
 *
 * @throws {FormatError} When its two tensors do not match.
 */
export function findQuantized(
  tensors: TensorIndex,
  name: string,
): QuantizedWeight | undefined {
  for (const bits of QUANTIZED_BITS) {
    const names = quantizedNames(name, bits);
    const packed = tensors.get(names.packed);
    if (!packed) continue;
    const scales = tensors.get(names.scales);
    const [out, blocks, bytes = 0] = packed.shape;
    const blockSize = bytes * 8 / bits;
    if (
      scales?.dtype !== "F16" || packed.dtype !== "U8" ||
      packed.shape.length !== 3 || !isBlockSize(blockSize) ||
      scales.shape.join() !== `${out},${blocks}`
    ) {
      throw new FormatError(
        `Cannot use quantized weight ${quote(names.packed)} of ${
          quote(packed.file)
        }: it is ${packed.dtype} [${packed.shape.join(", ")}] with scales ${
          scales ? `${scales.dtype} [${scales.shape.join(", ")}]` : "missing"
        }, expected U8 [out, blocks, bytes] with scales F16 [out, blocks]`,
        { offset: packed.offset },
      );
    }
    return { bits, blockSize, packed, scales };
  }
  return undefined;
}

/**
 * Whether MatMulNBits supports this block size: a power of two from 16 to 256.
 */
export function isBlockSize(size: number): boolean {
  return size >= 16 && size <= 256 && Number.isInteger(Math.log2(size));
}

/**
 * The scales that are tried for a block, relative to the one that maps its
 * largest number to the outermost level. That level has no counterpart of the
 * other sign, so an equally large number of the other sign is clipped; one scale
 * avoids that. With few levels, clipping the largest numbers slightly brings all
 * others closer.
 */
const SCALES: Readonly<Record<QuantizedBits, readonly number[]>> = {
  4: [8 / 7, 1, 0.95, 0.9, 0.85, 0.8],
  8: [128 / 127, 1],
};

/**
 * Quantizes rows of numbers. Each block's scale is the candidate with the
 * smallest squared error. There is one more level on one side of zero; the side
 * with the largest number gets it.
 *
 * @param rows `[out, in]`, row-major
 * @param options.columns `in`
 */
export function quantizeRows(
  rows: Float32Array,
  options: Quantization & { columns: number },
): { packed: Uint8Array<ArrayBuffer>; scales: Float16Array<ArrayBuffer> } {
  const { bits, blockSize, columns } = options;
  const count = rows.length / columns;
  const blocks = Math.ceil(columns / blockSize);
  const packed = new Uint8Array(count * blocks * blockSize * bits / 8);
  const scales = new Float16Array(count * blocks);
  const levels = new Uint8Array(blockSize), best = new Uint8Array(blockSize);
  const bytes = blockSize * bits / 8;
  for (let row = 0; row < count; row++) {
    for (let block = 0; block < blocks; block++) {
      const from = row * columns + block * blockSize;
      const to = Math.min(from + blockSize, (row + 1) * columns);
      const at = row * blocks + block;
      scales[at] = quantizeBlock(rows.subarray(from, to), {
        bits,
        levels,
        best,
      });
      const start = at * bytes;
      if (bits === 8) packed.set(best, start);
      else {
        for (let i = 0; i < bytes; i++) {
          packed[start + i] = best[2 * i]! | best[2 * i + 1]! << 4;
        }
      }
    }
  }
  return { packed, scales };
}

/** Writes the block's levels to `best` and returns its scale. */
function quantizeBlock(
  numbers: Float32Array,
  options: { bits: QuantizedBits; levels: Uint8Array; best: Uint8Array },
): number {
  const { bits, best, levels } = options;
  const zero = 2 ** (bits - 1), most = 2 ** bits - 1;
  let extreme = 0;
  for (const x of numbers) if (Math.abs(x) > Math.abs(extreme)) extreme = x;
  best.fill(zero);
  if (extreme === 0) return 0;
  let chosen = 0, least = Infinity;
  for (const factor of SCALES[bits]) {
    const scale = toFloat16(extreme / -zero * factor);
    if (scale === 0) continue; // too small even for float16
    const inverse = 1 / scale;
    let error = 0;
    levels.fill(zero);
    for (let i = 0; i < numbers.length; i++) {
      const x = numbers[i]!;
      // Round half up: the number is never negative here.
      const level = Math.min(
        most,
        Math.max(0, Math.floor(x * inverse + zero + 0.5)),
      );
      levels[i] = level;
      const gap = x - (level - zero) * scale;
      error += gap * gap;
    }
    if (error < least) {
      least = error;
      chosen = scale;
      best.set(levels);
    }
  }
  return chosen;
}

const half = new Float16Array(1);

function toFloat16(x: number): number {
  half[0] = x;
  return half[0]!;
}

/**
 * Dequantizes rows to `[out, in]`: the inverse of {@linkcode quantizeRows} up
 * to its error.
 */
export function dequantizeRows(
  stored: { packed: Uint8Array; scales: ArrayLike<number> },
  options: Quantization & { columns: number },
): Float32Array<ArrayBuffer> {
  const { bits, blockSize, columns } = options;
  const { packed, scales } = stored;
  const blocks = Math.ceil(columns / blockSize);
  const count = scales.length / blocks;
  const zero = 2 ** (bits - 1);
  const rows = new Float32Array(count * columns);
  for (let row = 0; row < count; row++) {
    for (let block = 0; block < blocks; block++) {
      const scale = scales[row * blocks + block]!;
      const from = row * columns + block * blockSize;
      const to = Math.min(from + blockSize, (row + 1) * columns);
      // Where the block's numbers begin, counted in numbers.
      const start = (row * blocks + block) * blockSize - from;
      for (let i = from; i < to; i++) {
        const at = start + i;
        const level = bits === 8
          ? packed[at]!
          : packed[at >> 1]! >> 4 * (at & 1) & 15;
        rows[i] = (level - zero) * scale;
      }
    }
  }
  return rows;
}
