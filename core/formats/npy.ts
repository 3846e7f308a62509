/**
 * NumPy's array file, `.npy`: read and written without any copy that is not
 * needed. Versions 1.0, 2.0 and 3.0, little endian or single-byte types.
 *
 * Source: NEP 1 and the docstring of `numpy.lib.format`.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import type { ByteSource } from "../base/byte_source.ts";

/** NumPy's descriptor of an element type that can be read. */
export type NpyDescr =
  | "|b1"
  | "|u1"
  | "|i1"
  | "<u2"
  | "<i2"
  | "<f2"
  | "<u4"
  | "<i4"
  | "<f4"
  | "<i8"
  | "<u8"
  | "<f8";

/** The typed array that belongs to one of the descriptors. */
export type NpyData =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Float16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** The element types that are read, by NumPy's descriptor. */
const READERS: Readonly<
  Record<NpyDescr, { bytes: number; make: (b: ArrayBuffer) => NpyData }>
> = {
  "|b1": { bytes: 1, make: (b: ArrayBuffer) => new Uint8Array(b) },
  "|u1": { bytes: 1, make: (b: ArrayBuffer) => new Uint8Array(b) },
  "|i1": { bytes: 1, make: (b: ArrayBuffer) => new Int8Array(b) },
  "<u2": { bytes: 2, make: (b: ArrayBuffer) => new Uint16Array(b) },
  "<i2": { bytes: 2, make: (b: ArrayBuffer) => new Int16Array(b) },
  "<f2": { bytes: 2, make: (b: ArrayBuffer) => new Float16Array(b) },
  "<u4": { bytes: 4, make: (b: ArrayBuffer) => new Uint32Array(b) },
  "<i4": { bytes: 4, make: (b: ArrayBuffer) => new Int32Array(b) },
  "<f4": { bytes: 4, make: (b: ArrayBuffer) => new Float32Array(b) },
  "<i8": { bytes: 8, make: (b: ArrayBuffer) => new BigInt64Array(b) },
  "<u8": { bytes: 8, make: (b: ArrayBuffer) => new BigUint64Array(b) },
  "<f8": { bytes: 8, make: (b: ArrayBuffer) => new Float64Array(b) },
};

/** An array as it stands in a `.npy` file. */
export interface NpyArray {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** NumPy's name of the element type, for example `<f4`. */
  readonly descr: NpyDescr;
  /** The numbers in row-major order. */
  readonly data: NpyData;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_HEADER = 64 * 1024;
const HEADER =
  /^\{\s*'descr':\s*'([^']{1,16})',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d,\s]*)\),?\s*\}\s*$/;

/**
 * The array in a `.npy` file.
 *
 * @throws {FormatError} When the bytes are no `.npy` file, the element type is
 * not one of {@linkcode NpyDescr}, the order is Fortran's, or the length does
 * not fit the shape.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { memorySource, readNpy, writeNpy } from "@ati/ati/formats";
 * const bytes = writeNpy({ dims: [2], data: new Float32Array([1, 2]) });
 * assert.equal(readNpy(memorySource(bytes, "two.npy")).data[1], 2);
 * ```
 */
export function readNpy(source: ByteSource): NpyArray {
  const fail = (state: string, offset: number) =>
    new FormatError(`Cannot read ${quote(source.name)} as .npy: ${state}`, {
      offset,
    });
  if (source.size < 10) throw fail(`it has ${source.size} bytes`, 0);
  const head = source.read(0, Math.min(12, source.size));
  if (MAGIC.some((byte, i) => head[i] !== byte)) {
    throw fail("it does not start with \\x93NUMPY", 0);
  }
  const version = head[6]!;
  if (version < 1 || version > 3) {
    throw fail(`format version is ${version}, expected 1, 2 or 3`, 6);
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const start = version === 1 ? 10 : 12;
  if (source.size < start) throw fail(`it has ${source.size} bytes`, 0);
  const headerLength = version === 1
    ? view.getUint16(8, true)
    : view.getUint32(8, true);
  if (headerLength > MAX_HEADER || start + headerLength > source.size) {
    throw fail(`header length is ${headerLength}`, 8);
  }
  const text = new TextDecoder("latin1").decode(
    source.read(start, headerLength),
  );
  const match = HEADER.exec(text);
  if (!match) throw fail(`header is ${quote(text.trim())}`, start);
  const [, descr, order, shape] = match as unknown as [
    string,
    string,
    string,
    string,
  ];
  const reader = Object.hasOwn(READERS, descr)
    ? READERS[descr as NpyDescr]
    : undefined;
  if (!reader) {
    throw fail(
      `element type is ${quote(descr)}, expected one of ${
        Object.keys(READERS).join(" ")
      }`,
      start,
    );
  }
  if (order === "True") {
    throw fail("it is in Fortran order, expected C order", start);
  }
  const dims = shape.split(",").map((part) => part.trim()).filter(Boolean)
    .map(Number);
  const byteLength = sizeOf(dims) * reader.bytes;
  const offset = start + headerLength;
  if (dims.some((d) => !Number.isSafeInteger(d)) || dims.length > 32) {
    throw fail(`shape is (${shape})`, start);
  }
  if (source.size - offset !== byteLength) {
    throw fail(
      `shape (${shape}) of ${descr} needs ${byteLength} bytes, ${
        source.size - offset
      } follow the header`,
      offset,
    );
  }
  // slice(), not subarray(): typed arrays need an aligned buffer of their own.
  const bytes = source.read(offset, byteLength).slice();
  return {
    dims,
    descr: descr as NpyDescr,
    data: reader.make(bytes.buffer),
  };
}

const DESCR_OF = new Map<unknown, NpyDescr>([
  [Uint8Array, "|u1"],
  [Int8Array, "|i1"],
  [Uint16Array, "<u2"],
  [Int16Array, "<i2"],
  [Float16Array, "<f2"],
  [Uint32Array, "<u4"],
  [Int32Array, "<i4"],
  [Float32Array, "<f4"],
  [BigInt64Array, "<i8"],
  [BigUint64Array, "<u8"],
  [Float64Array, "<f8"],
]);

/**
 * The bytes of a version 1.0 `.npy` file, its data aligned to 64 bytes as
 * NumPy writes it.
 *
 * @throws {RangeError} When `data` does not fill `dims`.
 */
export function writeNpy(
  array: { readonly dims: readonly number[]; readonly data: NpyData },
): Uint8Array<ArrayBuffer> {
  const { dims, data } = array;
  if (sizeOf(dims) !== data.length) {
    throw new RangeError(
      `Cannot write ${data.length} numbers as an array of (${
        dims.join(", ")
      }), expected ${sizeOf(dims)}`,
    );
  }
  const descr = DESCR_OF.get(data.constructor)!;
  const shape = dims.length === 1 ? `${dims[0]},` : dims.join(", ");
  const header =
    `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length + data.byteLength);
  bytes.set(MAGIC);
  bytes.set([1, 0], 6);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(
    new TextEncoder().encode(header.padEnd(length - 11) + "\n"),
    10,
  );
  bytes.set(
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    length,
  );
  return bytes;
}
