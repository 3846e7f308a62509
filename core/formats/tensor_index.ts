/**
 * Where the weights lie: for every tensor of a checkpoint its element type,
 * shape and place in a file. The numbers themselves are never copied; ONNX
 * Runtime maps them from the very files that are indexed here.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import { blockSizeOf, type BlockType, isBlockType } from "./gguf_blocks.ts";

/**
 * How a tensor's numbers are stored: one by one, or in the blocks of GGUF
 * files, each of which has scales of its own.
 */
export type TensorDtype = ElementType | BlockType;

/**
 * The type of a tensor's elements, by its safetensors name: `F8_E4M3` is
 * torch's `float8_e4m3fn`, `BF16` its `bfloat16`.
 */
export type ElementType =
  | "BOOL"
  | "F4"
  | "F6_E2M3"
  | "F6_E3M2"
  | "U8"
  | "I8"
  | "F8_E5M2"
  | "F8_E4M3"
  | "F8_E8M0"
  | "F8_E4M3FNUZ"
  | "F8_E5M2FNUZ"
  | "I16"
  | "U16"
  | "F16"
  | "BF16"
  | "I32"
  | "U32"
  | "F32"
  | "C64"
  | "F64"
  | "I64"
  | "U64";

/** How many bits an element of each type takes. */
const ELEMENT_BITS: Readonly<Record<ElementType, number>> = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
};

/** One tensor: what it is and which bytes of which file hold it. */
export interface TensorEntry {
  /** The tensor's name in the network, for example `blocks.0.self_attn.q.weight`. */
  readonly name: string;
  /** The type of its elements, little endian. */
  readonly dtype: TensorDtype;
  /** The length of each axis, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
  /** The path of the file that holds it, symbolic links resolved. */
  readonly file: string;
  /** Where its first byte lies in that file. */
  readonly offset: number;
  /** How many bytes it takes; they are contiguous and in row-major order. */
  readonly length: number;
}

/** The tensors of a file or of a network, by name, in the file's order. */
export type TensorIndex = ReadonlyMap<string, TensorEntry>;

/**
 * Whether `name` is an element type that is known here; the blocks of GGUF
 * files are none.
 */
export function isTensorDtype(name: string): name is ElementType {
  return Object.hasOwn(ELEMENT_BITS, name);
}

/**
 * How many bits one element takes: 8 for `F8_E4M3`, 4 for `F4`; of a block
 * type the mean, scales included: 4.5 for `Q4_0`.
 */
export function elementBits(dtype: TensorDtype): number {
  if (!isBlockType(dtype)) return ELEMENT_BITS[dtype];
  const { values, bytes } = blockSizeOf(dtype);
  return bytes * 8 / values;
}

/**
 * How many bytes a tensor of that type and shape takes; `NaN` when that is no
 * whole number of bytes or its rows of blocks no whole blocks, `Infinity`
 * when it is more than a file can hold (beyond 2^53 - 1).
 */
export function byteLengthOf(
  dtype: TensorDtype,
  shape: readonly number[],
): number {
  // Multiplied step by step: a product may overflow before a later axis of
  // length 0 makes it zero, and such a shape is refused as well.
  let elements = 1;
  for (const length of shape) {
    elements *= length;
    if (elements > Number.MAX_SAFE_INTEGER) return Infinity;
  }
  if (isBlockType(dtype) && (shape.at(-1) ?? 1) % blockSizeOf(dtype).values) {
    return NaN;
  }
  const bits = elements * elementBits(dtype);
  if (bits > Number.MAX_SAFE_INTEGER) return Infinity;
  return bits % 8 === 0 ? bits / 8 : NaN;
}

/**
 * The entry of that name.
 *
 * @throws {FormatError} When there is none; the message lists names that look
 * alike.
 */
export function getTensor(index: TensorIndex, name: string): TensorEntry {
  const entry = index.get(name);
  if (entry) return entry;
  const tail = name.slice(name.lastIndexOf(".", name.lastIndexOf(".") - 1) + 1);
  const alike = [...index.keys()].filter((key) => key.endsWith(tail));
  throw new FormatError(
    `Cannot find tensor ${quote(name)}: ${index.size} tensors are there${
      alike.length > 0
        ? `, among them ${alike.slice(0, 3).map(quote).join(", ")}`
        : ""
    }`,
  );
}
