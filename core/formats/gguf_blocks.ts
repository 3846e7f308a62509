/**
 * The block types of GGUF files: how many numbers share a block, how many
 * bytes it takes, and what its bits mean.
 *
 * Every number is computed as the `gguf` Python package computes it, product
 * by product in float32, so that the results agree bit for bit.
 *
 * Source: the block structures of ggml, `ggml/src/ggml-common.h`, and
 * `gguf-py/gguf/quants.py`.
 *
 * @module
 */

/** The block types whose numbers can be read. */
export const BLOCK_TYPES = [
  "Q4_0",
  "Q4_1",
  "Q5_0",
  "Q5_1",
  "Q8_0",
  "Q2_K",
  "Q3_K",
  "Q4_K",
  "Q5_K",
  "Q6_K",
] as const;

/** A block type of GGUF by its ggml name. */
export type BlockType = (typeof BLOCK_TYPES)[number];

/** How large a block is. */
export interface BlockSize {
  /** How many numbers it holds. */
  readonly values: number;
  /** How many bytes it takes. */
  readonly bytes: number;
}

const SIZES: Readonly<Record<BlockType, BlockSize>> = {
  Q4_0: { values: 32, bytes: 18 },
  Q4_1: { values: 32, bytes: 20 },
  Q5_0: { values: 32, bytes: 22 },
  Q5_1: { values: 32, bytes: 24 },
  Q8_0: { values: 32, bytes: 34 },
  Q2_K: { values: 256, bytes: 84 },
  Q3_K: { values: 256, bytes: 110 },
  Q4_K: { values: 256, bytes: 144 },
  Q5_K: { values: 256, bytes: 176 },
  Q6_K: { values: 256, bytes: 210 },
};

/** Whether `type` is a block type, and not one of single numbers. */
export function isBlockType(type: string): type is BlockType {
  return Object.hasOwn(SIZES, type);
}

/** How many numbers and bytes a block of that type has. */
export function blockSizeOf(type: BlockType): BlockSize {
  return SIZES[type];
}

/** Writes the numbers of one block: `read` has its bytes, `out` its numbers. */
type Dequantize = (block: Block, out: Float32Array) => void;

/**
 * The numbers of whole blocks.
 *
 * @param bytes the blocks, one after the other
 * @returns as many numbers as the blocks hold, in their order
 * @throws {RangeError} When `bytes` does not end with a block.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { dequantizeBlocks } from "./gguf_blocks.ts";
 * const block = new Uint8Array(34); // Q8_0: a float16 scale, 32 signed bytes
 * block.set([0x00, 0x38, 3, 0xff]); // scale 0.5, then 3 and -1
 * assert.equal(dequantizeBlocks("Q8_0", block).subarray(0, 3).join(), "1.5,-0.5,0");
 * ```
 */
export function dequantizeBlocks(
  type: BlockType,
  bytes: Uint8Array,
): Float32Array<ArrayBuffer> {
  const size = SIZES[type];
  const count = bytes.length / size.bytes;
  if (!Number.isInteger(count)) {
    throw new RangeError(
      `Cannot read blocks of ${type}: ${bytes.length} bytes are given, expected a multiple of ${size.bytes}`,
    );
  }
  const numbers = new Float32Array(count * size.values);
  const dequantize = DEQUANTIZE[type];
  const block = new Block(bytes);
  for (let i = 0; i < count; i++) {
    block.start = i * size.bytes;
    const from = i * size.values;
    dequantize(block, numbers.subarray(from, from + size.values));
  }
  return numbers;
}

/** A window on the bytes of one block. */
class Block {
  /** Where the block begins. */
  start = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The byte at `i`, 0 to 255. */
  byte(i: number): number {
    return this.#bytes[this.start + i]!;
  }

  /** The byte at `i`, -128 to 127. */
  signed(i: number): number {
    return this.#view.getInt8(this.start + i);
  }

  /** The float16 at `i`, subnormal ones included. */
  half(i: number): number {
    return this.#view.getFloat16(this.start + i, true);
  }

  /** The 32 bits at `i`. */
  bits(i: number): number {
    return this.#view.getUint32(this.start + i, true);
  }

  /** The 4-bit number `i` of the 32 at `at`: first all low halves. */
  nibble(at: number, i: number): number {
    return i < 16 ? this.byte(at + i) & 15 : this.byte(at + i - 16) >> 4;
  }
}

const { fround } = Math;

/**
 * The 6-bit scale and minimum of each of the 8 sub-blocks of Q4_K and Q5_K,
 * packed into 12 bytes at `at`: four scales, four minima, then the low halves
 * of the other four of each, whose high bits are those of the first eight
 * bytes.
 */
function scaleAndMinimum(
  block: Block,
  at: number,
  i: number,
): { scale: number; minimum: number } {
  if (i < 4) {
    return {
      scale: block.byte(at + i) & 63,
      minimum: block.byte(at + i + 4) & 63,
    };
  }
  const low = block.byte(at + i + 4);
  return {
    scale: low & 15 | block.byte(at + i - 4) >> 6 << 4,
    minimum: low >> 4 | block.byte(at + i) >> 6 << 4,
  };
}

const DEQUANTIZE: Readonly<Record<BlockType, Dequantize>> = {
  // scale, 32 x 4 bits; (q - 8) * scale
  Q4_0(block, out) {
    const scale = block.half(0);
    for (let i = 0; i < 32; i++) out[i] = scale * (block.nibble(2, i) - 8);
  },
  // scale, minimum, 32 x 4 bits; q * scale + minimum
  Q4_1(block, out) {
    const scale = block.half(0), minimum = block.half(2);
    for (let i = 0; i < 32; i++) {
      out[i] = fround(scale * block.nibble(4, i)) + minimum;
    }
  },
  // scale, 32 high bits, 32 x 4 bits; (q - 16) * scale
  Q5_0(block, out) {
    const scale = block.half(0), high = block.bits(2);
    for (let i = 0; i < 32; i++) {
      out[i] = scale * ((block.nibble(6, i) | (high >>> i & 1) << 4) - 16);
    }
  },
  // scale, minimum, 32 high bits, 32 x 4 bits; q * scale + minimum
  Q5_1(block, out) {
    const scale = block.half(0), minimum = block.half(2), high = block.bits(4);
    for (let i = 0; i < 32; i++) {
      const q = block.nibble(8, i) | (high >>> i & 1) << 4;
      out[i] = fround(scale * q) + minimum;
    }
  },
  // scale, 32 signed bytes
  Q8_0(block, out) {
    const scale = block.half(0);
    for (let i = 0; i < 32; i++) out[i] = block.signed(2 + i) * scale;
  },
  // 16 bytes of scale (low half) and minimum, 256 x 2 bits, scales of both
  Q2_K(block, out) {
    const scale = block.half(80), minimum = block.half(82);
    for (let i = 0; i < 256; i++) {
      const packed = block.byte(i >> 4);
      const step = fround(scale * (packed & 15));
      const low = fround(minimum * (packed >> 4));
      const q = twoBits(block, 16, i);
      out[i] = fround(step * q) - low;
    }
  },
  // 256 high bits, 256 x 2 bits, 16 x 6 bits of scales, scale
  Q3_K(block, out) {
    const scale = block.half(108);
    for (let i = 0; i < 256; i++) {
      const part = i >> 4;
      const low = block.byte(96 + part % 8) >> 4 * (part >> 3) & 15;
      const high = block.byte(104 + part % 4) >> 2 * (part >> 2) & 3;
      const step = fround(scale * ((low | high << 4) - 32));
      // The bit is set where nothing is taken off.
      const set = block.byte(i & 31) >> (i >> 5) & 1;
      out[i] = step * (twoBits(block, 32, i) - (set ? 0 : 4));
    }
  },
  // scale, minimum, 12 bytes of scales and minima, 256 x 4 bits
  Q4_K(block, out) {
    const scale = block.half(0), minimum = block.half(2);
    for (let part = 0; part < 8; part++) {
      const own = scaleAndMinimum(block, 4, part);
      const step = fround(scale * own.scale);
      const low = fround(minimum * own.minimum);
      for (let i = 0; i < 32; i++) {
        const q = fourBits(block, 16, part * 32 + i);
        out[part * 32 + i] = fround(step * q) - low;
      }
    }
  },
  // as Q4_K, with 256 high bits before the low halves
  Q5_K(block, out) {
    const scale = block.half(0), minimum = block.half(2);
    for (let part = 0; part < 8; part++) {
      const own = scaleAndMinimum(block, 4, part);
      const step = fround(scale * own.scale);
      const low = fround(minimum * own.minimum);
      for (let i = 0; i < 32; i++) {
        const high = block.byte(16 + i) >> part & 1;
        const q = fourBits(block, 48, part * 32 + i) | high << 4;
        out[part * 32 + i] = fround(step * q) - low;
      }
    }
  },
  // 256 x 4 low bits, 256 x 2 high bits, 16 signed scales, scale
  Q6_K(block, out) {
    const scale = block.half(208);
    for (let i = 0; i < 256; i++) {
      const step = fround(scale * block.signed(192 + (i >> 4)));
      // Each half of the block: 64 bytes of low halves, then their high ones.
      const half = i >> 7, within = i & 127;
      const low = block.byte(64 * half + (within & 63)) >>
          4 * (within >> 6) & 15;
      const high = block.byte(128 + 32 * half + (within & 31)) >>
          2 * (within >> 5) & 3;
      out[i] = step * ((low | high << 4) - 32);
    }
  },
};

/** The 2-bit number `i` of 256 at `at`: 32 bytes hold 4 x 32 of them. */
function twoBits(block: Block, at: number, i: number): number {
  return block.byte(at + 32 * (i >> 7) + (i & 31)) >> 2 * (i >> 5 & 3) & 3;
}

/** The 4-bit number `i` of 256 at `at`: 32 bytes hold 2 x 32 of them. */
function fourBits(block: Block, at: number, i: number): number {
  return block.byte(at + 32 * (i >> 6) + (i & 31)) >> 4 * (i >> 5 & 1) & 15;
}
