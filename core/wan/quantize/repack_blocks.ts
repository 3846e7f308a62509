/**
 * GGUF's Q8_0 and Q4_0 blocks in the form that MatMulNBits computes with: the
 * same numbers and the same scales in another order of bytes.
 *
 * @module
 */

import { blockSizeOf } from "../../formats/gguf_blocks.ts";
import type { QuantizedBits } from "../../onnx/graph/quantized_weight.ts";

/** The block types that are quantized weights as they are, and their bits. */
export const EXACT_BLOCKS: {
  readonly [type: string]: QuantizedBits | undefined;
} = { Q8_0: 8, Q4_0: 4 };

/** How many numbers share a scale in both. */
export const EXACT_BLOCK_SIZE = 32;

/**
 * The packed numbers and the scales of whole blocks.
 *
 * A block of Q8_0 is a float16 scale and 32 signed bytes; here 128 is added to
 * each. A block of Q4_0 is a float16 scale and 16 bytes with the numbers `i`
 * and `i + 16` in their halves; here these are `2 i` and `2 i + 1`, or 32 bytes
 * of 8 bits.
 *
 * @param bits what the numbers are packed in: their own bits, or 8
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { repackBlocks } from "./repack_blocks.ts";
 * const block = new Uint8Array(34);
 * block.set([0x00, 0x38, 3, 0xff]); // scale 0.5, then 3 and -1
 * const { packed, scales } = repackBlocks("Q8_0", block, 8);
 * assert.equal(packed.subarray(0, 3).join(), "131,127,128");
 * assert.equal(scales[0], 0.5);
 * ```
 */
export function repackBlocks(
  type: "Q8_0" | "Q4_0",
  bytes: Uint8Array,
  bits: QuantizedBits,
): { packed: Uint8Array<ArrayBuffer>; scales: Float16Array<ArrayBuffer> } {
  const from = blockSizeOf(type).bytes;
  const size = EXACT_BLOCK_SIZE * bits / 8;
  const count = bytes.length / from;
  const packed = new Uint8Array(count * size);
  const scales = new Uint16Array(count);
  for (let block = 0; block < count; block++) {
    const read = block * from, write = block * size;
    scales[block] = bytes[read]! | bytes[read + 1]! << 8;
    for (let i = 0; i < size; i++) {
      if (type === "Q8_0") packed[write + i] = bytes[read + 2 + i]! ^ 0x80;
      else if (bits === 8) {
        // 0 is 8 of 16 levels, and 128 of 256.
        const byte = bytes[read + 2 + i % 16]!;
        packed[write + i] = (i < 16 ? byte & 15 : byte >> 4) + 120;
      } else {
        // Numbers 2 i and 2 i + 1: both low halves, then both high ones.
        const at = read + 2 + 2 * i % 16, shift = i < 8 ? 0 : 4;
        packed[write + i] = bytes[at]! >> shift & 15 |
          (bytes[at + 1]! >> shift & 15) << 4;
      }
    }
  }
  return { packed, scales: new Float16Array(scales.buffer) };
}
