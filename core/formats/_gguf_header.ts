/** The numbers, strings and metadata values of a GGUF header, read in order. */

import type { ByteSource } from "../base/byte_source.ts";
import type {
  CheckpointError,
  CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { quote } from "../base/errors.ts";

/** A metadata value; integers beyond 2^53 - 1 are rounded. */
export type MetadataValue =
  | number
  | boolean
  | string
  | readonly (number | boolean | string)[];

/** A header with a tokenizer takes six megabytes. */
const MAX_HEADER = 32 * 1024 * 1024;
/** Names and keys are far shorter; texts (licenses, templates) may be long. */
const MAX_STRING = 4 * 1024 * 1024;
/** Longer arrays are read to their end and not kept. */
const MAX_KEPT = 64;
/** How many bytes are read at a time. */
const WINDOW = 1024 * 1024;

const STRING = 8, ARRAY = 9;

/** The bytes of each number type in metadata, by its number. */
const NUMBERS: ReadonlyMap<
  number,
  { bytes: number; read: (view: DataView, at: number) => number | boolean }
> = new Map([
  [0, { bytes: 1, read: (v, at) => v.getUint8(at) }],
  [1, { bytes: 1, read: (v, at) => v.getInt8(at) }],
  [2, { bytes: 2, read: (v, at) => v.getUint16(at, true) }],
  [3, { bytes: 2, read: (v, at) => v.getInt16(at, true) }],
  [4, { bytes: 4, read: (v, at) => v.getUint32(at, true) }],
  [5, { bytes: 4, read: (v, at) => v.getInt32(at, true) }],
  [6, { bytes: 4, read: (v, at) => v.getFloat32(at, true) }],
  [7, { bytes: 1, read: (v, at) => v.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (v, at) => Number(v.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (v, at) => Number(v.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (v, at) => v.getFloat64(at, true) }],
]);

/** Makes the error of a broken rule at a byte offset. */
type Fail = (
  code: CheckpointErrorCode,
  state: string,
  offset: number,
) => CheckpointError;

/** Reads a header from its first byte on. */
export class GgufHeader {
  /** Where the next byte is read, from the start of the file. */
  offset = 0;
  readonly #source: ByteSource;
  readonly #fail: Fail;
  readonly #decoder = new TextDecoder("utf-8", {
    fatal: true,
    ignoreBOM: true,
  });
  /** The bytes of the file from `#start` on that were read ahead. */
  #window: Uint8Array<ArrayBuffer> = new Uint8Array();
  #start = 0;

  constructor(source: ByteSource, fail: Fail) {
    this.#source = source;
    this.#fail = fail;
  }

  /** A 32-bit number. */
  uint32(what: string): number {
    return this.#view(4, what).getUint32(0, true);
  }

  /** A 64-bit number up to 2^53 - 1. */
  whole(what: string): number {
    const { offset } = this;
    const view = this.#view(8, what);
    const high = view.getUint32(4, true);
    if (high < 2 ** 21) return high * 2 ** 32 + view.getUint32(0, true);
    throw this.#fail(
      "overflow",
      `${what} is ${view.getBigUint64(0, true)}, beyond 2^53 - 1`,
      offset,
    );
  }

  /** How many things follow, each of at least `least` bytes. */
  count(what: string, least: number): number {
    const { offset } = this;
    const count = this.whole(what);
    const room = Math.min(this.#source.size, MAX_HEADER) - this.offset;
    if (count * least <= room) return count;
    throw this.#fail(
      count * least > MAX_HEADER ? "header-too-large" : "header-length",
      `${what} is ${count}, which takes ${
        count * least
      } bytes or more, ${room} are left`,
      offset,
    );
  }

  /** A string: its length, then UTF-8. */
  string(what: string): string {
    const { offset } = this;
    const length = this.count(`the length of ${what}`, 1);
    if (length > MAX_STRING) {
      throw this.#fail(
        "header-too-large",
        `${what} has ${length} bytes, expected at most ${MAX_STRING}`,
        offset,
      );
    }
    const bytes = this.#bytes(length, what);
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw this.#fail("header-utf8", `${what} is not UTF-8`, offset);
    }
  }

  /** A metadata value with its type in front; undefined for a long array. */
  value(key: string): MetadataValue | undefined {
    const what = `metadata ${quote(key)}`;
    const { offset } = this;
    const type = this.uint32(`the type of ${what}`);
    if (type !== ARRAY) return this.#scalar(type, what, offset);
    const item = this.uint32(`the type of ${what}`);
    const bytes = item === STRING ? 8 : NUMBERS.get(item)?.bytes;
    if (bytes === undefined) {
      throw this.#fail(
        "metadata",
        item === ARRAY
          ? `${what} is an array of arrays, which no writer makes`
          : `${what} has items of the unknown type ${item}`,
        offset,
      );
    }
    const count = this.count(`the length of ${what}`, bytes);
    if (count <= MAX_KEPT) {
      return Array.from(
        { length: count },
        () => this.#scalar(item, what, offset),
      );
    }
    if (item === STRING) {
      const length = `the length of an item of ${what}`;
      for (let i = 0; i < count; i++) this.#skip(this.count(length, 1), what);
    } else this.#skip(count * bytes, what);
    return undefined;
  }

  #scalar(
    type: number,
    what: string,
    offset: number,
  ): number | boolean | string {
    if (type === STRING) return this.string(what);
    const number = NUMBERS.get(type);
    if (!number) {
      throw this.#fail(
        "metadata",
        `${what} has the unknown type ${type}`,
        offset,
      );
    }
    return number.read(this.#view(number.bytes, what), 0);
  }

  #view(length: number, what: string): DataView {
    const bytes = this.#bytes(length, what);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  #bytes(length: number, what: string): Uint8Array<ArrayBuffer> {
    this.#reserve(length, what);
    const end = this.#start + this.#window.length;
    if (this.offset < this.#start || this.offset + length > end) {
      const size = Math.min(
        Math.max(length, WINDOW),
        this.#source.size - this.offset,
      );
      this.#window = this.#source.read(this.offset, size);
      this.#start = this.offset;
    }
    const from = this.offset - this.#start;
    this.offset += length;
    return this.#window.subarray(from, from + length);
  }

  #skip(length: number, what: string): void {
    this.#reserve(length, what);
    this.offset += length;
  }

  /** Throws unless so many bytes follow, inside the longest header. */
  #reserve(length: number, what: string): void {
    const end = this.offset + length;
    if (end > this.#source.size) {
      throw this.#fail(
        this.#source.size < 24 ? "header-too-small" : "header-length",
        `${what} ends at byte ${end}, the file at ${this.#source.size}`,
        this.offset,
      );
    }
    if (end > MAX_HEADER) {
      throw this.#fail(
        "header-too-large",
        `the header goes beyond ${MAX_HEADER} bytes`,
        this.offset,
      );
    }
  }
}
