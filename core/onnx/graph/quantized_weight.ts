/**
 * Weights of 8 and 4 bits: how they are stored in a safetensors file, how they
 * are made, and what they mean. The packing is that of ONNX Runtime's
 * MatMulNBits operator, so that the file is mapped as it is.
 *
 * The matrix `<name>` `[out, in]` (`<name>` ends in `.weight`) becomes two
 * tensors:
 *
 * - `<name>_q4` or `<name>_q8`, `U8` `[out, blocks, bytes]`: every row is cut
 *   into `blocks = ceil(in / blockSize)` blocks of `bytes = blockSize * bits / 8`
 *   bytes; of two 4-bit numbers in a byte the first has the low half. The end
 *   of the last block is filled with zeros.
 * - `<name>_q4_scales` or `<name>_q8_scales`, `F16` `[out, blocks]`.
 *
 * A stored number `q` of a block with scale `s` means `(q - 2^(bits-1)) * s`.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";

/** How many bits a number may be stored in. */
export const QUANTIZED_BITS = [4, 8] as const;

/** 4 or 8. */
export type QuantizedBits = typeof QUANTIZED_BITS[number];

/** How a matrix is quantised. */
export interface Quantization {
  /** Bits per number. */
  readonly bits: QuantizedBits;
  /** How many numbers of a row share one scale: a power of two from 16. */
  readonly blockSize: number;
}

/** A quantised matrix in a checkpoint. */
export interface QuantizedWeight extends Quantization {
  /** The packed numbers, `[out, blocks, bytes]`. */
  readonly packed: TensorEntry;
  /** The scales, `[out, blocks]`. */
  readonly scales: TensorEntry;
}

/** The names of the two tensors that stand for `name`. */
export function quantizedNames(
  name: string,
  bits: QuantizedBits,
): { packed: string; scales: string } {
  const packed = `${name}_q${bits}`;
  return { packed, scales: `${packed}_scales` };
}

/**
 * The quantised matrix that stands for `name`, or undefined when there is
 * none.
 *
 * @throws {FormatError} When its two tensors do not fit together.
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
        `Cannot use quantised weight ${quote(names.packed)} of ${
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
 * Whether MatMulNBits takes blocks of that many numbers: a power of two from
 * 16 to 256.
 */
export function isBlockSize(size: number): boolean {
  return size >= 16 && size <= 256 && Number.isInteger(Math.log2(size));
}

/**
 * The scales that are tried for a block, over the one at which its largest
 * number takes the outermost level. That level has none opposite, so a number
 * as large of the other sign is cut off; one scale spares it. With few levels,
 * cutting off the largest numbers a little brings all the others closer.
 */
const SCALES: Readonly<Record<QuantizedBits, readonly number[]>> = {
  4: [8 / 7, 1, 0.95, 0.9, 0.85, 0.8],
  8: [128 / 127, 1],
};

/**
 * Rows of numbers, quantised. Each block's scale is chosen among a few by the
 * smallest squared error. Of the levels there is one more on one side of zero;
 * the side with the largest number gets it.
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

/** Writes the block's levels to `best`; returns its scale. */
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
      // Half up: Math.round() on a number that is never negative here.
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
 * What quantised rows mean, `[out, in]`: the inverse of
 * {@linkcode quantizeRows} up to its error.
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
