/**
 * Safetensors files written: the header for tensors of any size, and whole
 * files for small ones.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { byteLengthOf, type TensorDtype } from "./tensor_index.ts";

/** A tensor that is to be written. */
export interface TensorPlan {
  /** Its name. */
  readonly name: string;
  /** The type of its elements. */
  readonly dtype: TensorDtype;
  /** The length of each axis, outermost first. */
  readonly shape: readonly number[];
}

/** A header and where each tensor belongs. */
export interface SafetensorsLayout {
  /** The first bytes of the file, up to the first tensor. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** For each tensor, in the order given, where in the file its bytes begin. */
  readonly offsets: readonly number[];
  /** How long the whole file is. */
  readonly size: number;
}

const ALIGNMENT = 8;

/**
 * Plans a safetensors file: the tensors follow one another in the order
 * given. Write `header`, then each tensor's bytes at its offset. Give tensors
 * with wide elements first, as the format's own writer does, and each one is
 * aligned to its element.
 *
 * @throws {RangeError} When a name occurs twice or is `__metadata__`, or a
 * shape is no shape.
 */
export function planSafetensors(
  tensors: Iterable<TensorPlan>,
  options: { metadata?: Readonly<Record<string, string>> } = {},
): SafetensorsLayout {
  const { metadata } = options;
  const begins: number[] = [];
  const names = new Set<string>(["__metadata__"]);
  const members: string[] = [];
  if (metadata && Object.keys(metadata).length > 0) {
    members.push(`"__metadata__":${JSON.stringify(metadata)}`);
  }
  let position = 0;
  for (const { name, dtype, shape } of tensors) {
    const length = byteLengthOf(dtype, shape);
    if (
      !Number.isSafeInteger(length) ||
      shape.some((axis) => !Number.isSafeInteger(axis) || axis < 0)
    ) {
      throw new RangeError(
        `Cannot write tensor ${quote(name)}: shape is (${
          shape.join(", ")
        }) of ${dtype}, expected a whole number of bytes up to 2^53 - 1`,
      );
    }
    if (names.has(name)) {
      throw new RangeError(
        `Cannot write tensor ${quote(name)}: the name is taken already`,
      );
    }
    names.add(name);
    const end = position + length;
    members.push(
      `${JSON.stringify(name)}:${
        JSON.stringify({ dtype, shape, data_offsets: [position, end] })
      }`,
    );
    begins.push(position);
    position = end;
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const length = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return {
    header,
    offsets: begins.map((begin) => header.length + begin),
    size: header.length + position,
  };
}

/**
 * The bytes of a whole safetensors file. `data` is taken as it lies in
 * memory: a `Float32Array` for `F32`, a `Uint16Array` for `BF16`, and so on.
 *
 * @throws {RangeError} When `data` has not the bytes that the shape needs, or
 * as {@linkcode planSafetensors}.
 */
export function writeSafetensors(
  tensors: readonly (TensorPlan & { readonly data: ArrayBufferView })[],
  options: { metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array<ArrayBuffer> {
  const { header, offsets, size } = planSafetensors(tensors, options);
  const bytes = new Uint8Array(size);
  bytes.set(header);
  tensors.forEach(({ name, dtype, shape, data }, i) => {
    if (data.byteLength !== byteLengthOf(dtype, shape)) {
      throw new RangeError(
        `Cannot write tensor ${
          quote(name)
        }: data has ${data.byteLength} bytes, ${dtype} (${
          shape.join(", ")
        }) needs ${byteLengthOf(dtype, shape)}`,
      );
    }
    bytes.set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      offsets[i]!,
    );
  });
  return bytes;
}
