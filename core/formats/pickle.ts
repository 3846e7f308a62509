/**
 * The opcodes of a Python pickle, one after the other: a tokenizer that
 * executes nothing, imports nothing and builds nothing. What a caller makes of
 * the opcodes is its own affair; it names the few that it knows, and every
 * other one is refused by name and offset.
 *
 * Source: CPython's `Lib/pickletools.py` (names and arguments of protocols 0
 * to 5).
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";

/** Opcodes without an argument. */
export type PicklePlainName =
  | "MARK"
  | "STOP"
  | "POP"
  | "POP_MARK"
  | "DUP"
  | "NONE"
  | "NEWTRUE"
  | "NEWFALSE"
  | "EMPTY_TUPLE"
  | "EMPTY_LIST"
  | "EMPTY_DICT"
  | "EMPTY_SET"
  | "TUPLE"
  | "TUPLE1"
  | "TUPLE2"
  | "TUPLE3"
  | "LIST"
  | "DICT"
  | "APPEND"
  | "APPENDS"
  | "SETITEM"
  | "SETITEMS"
  | "ADDITEMS"
  | "FROZENSET"
  | "REDUCE"
  | "BUILD"
  | "NEWOBJ"
  | "NEWOBJ_EX"
  | "BINPERSID"
  | "STACK_GLOBAL"
  | "MEMOIZE";

/** Opcodes with a number. */
export type PickleNumberName =
  | "PROTO"
  | "BININT"
  | "BININT1"
  | "BININT2"
  | "BINFLOAT"
  | "BINGET"
  | "LONG_BINGET"
  | "BINPUT"
  | "LONG_BINPUT"
  | "FRAME";

/** Opcodes with a text. */
export type PickleTextName = "SHORT_BINUNICODE" | "BINUNICODE" | "BINUNICODE8";

/** Opcodes with bytes. */
export type PickleBytesName =
  | "SHORT_BINBYTES"
  | "BINBYTES"
  | "BINBYTES8"
  | "SHORT_BINSTRING"
  | "BINSTRING";

/** One opcode of a pickle and its argument. */
export type PickleOp =
  & {
    /** Where the opcode stands, in bytes from the start of the pickle. */
    readonly offset: number;
  }
  & (
    | { readonly name: PicklePlainName; readonly argument?: undefined }
    | { readonly name: PickleNumberName; readonly argument: number }
    | { readonly name: PickleTextName; readonly argument: string }
    | { readonly name: PickleBytesName; readonly argument: Uint8Array }
    | { readonly name: "LONG1"; readonly argument: bigint }
    | {
      readonly name: "GLOBAL";
      /** Only a name: nothing is looked up. */
      readonly argument: { readonly module: string; readonly name: string };
    }
  );

/** The name of an opcode that the tokenizer can read. */
export type PickleOpName = PickleOp["name"];

type Kind =
  | "plain"
  | "u1"
  | "u2"
  | "i4"
  | "u4"
  | "u8"
  | "f8"
  | "text1"
  | "text4"
  | "text8"
  | "bytes1"
  | "bytes4"
  | "bytes8"
  | "long1"
  | "global"
  | "unread";

/** Every opcode there is; those of kind `unread` are only known by name. */
const OPCODES: Readonly<Record<number, readonly [string, Kind]>> = {
  0x28: ["MARK", "plain"],
  0x29: ["EMPTY_TUPLE", "plain"],
  0x2e: ["STOP", "plain"],
  0x30: ["POP", "plain"],
  0x31: ["POP_MARK", "plain"],
  0x32: ["DUP", "plain"],
  0x42: ["BINBYTES", "bytes4"],
  0x43: ["SHORT_BINBYTES", "bytes1"],
  0x46: ["FLOAT", "unread"],
  0x47: ["BINFLOAT", "f8"],
  0x49: ["INT", "unread"],
  0x4a: ["BININT", "i4"],
  0x4b: ["BININT1", "u1"],
  0x4c: ["LONG", "unread"],
  0x4d: ["BININT2", "u2"],
  0x4e: ["NONE", "plain"],
  0x50: ["PERSID", "unread"],
  0x51: ["BINPERSID", "plain"],
  0x52: ["REDUCE", "plain"],
  0x53: ["STRING", "unread"],
  0x54: ["BINSTRING", "bytes4"],
  0x55: ["SHORT_BINSTRING", "bytes1"],
  0x56: ["UNICODE", "unread"],
  0x58: ["BINUNICODE", "text4"],
  0x5d: ["EMPTY_LIST", "plain"],
  0x61: ["APPEND", "plain"],
  0x62: ["BUILD", "plain"],
  0x63: ["GLOBAL", "global"],
  0x64: ["DICT", "plain"],
  0x65: ["APPENDS", "plain"],
  0x67: ["GET", "unread"],
  0x68: ["BINGET", "u1"],
  0x69: ["INST", "unread"],
  0x6a: ["LONG_BINGET", "u4"],
  0x6c: ["LIST", "plain"],
  0x6f: ["OBJ", "unread"],
  0x70: ["PUT", "unread"],
  0x71: ["BINPUT", "u1"],
  0x72: ["LONG_BINPUT", "u4"],
  0x73: ["SETITEM", "plain"],
  0x74: ["TUPLE", "plain"],
  0x75: ["SETITEMS", "plain"],
  0x7d: ["EMPTY_DICT", "plain"],
  0x80: ["PROTO", "u1"],
  0x81: ["NEWOBJ", "plain"],
  0x82: ["EXT1", "unread"],
  0x83: ["EXT2", "unread"],
  0x84: ["EXT4", "unread"],
  0x85: ["TUPLE1", "plain"],
  0x86: ["TUPLE2", "plain"],
  0x87: ["TUPLE3", "plain"],
  0x88: ["NEWTRUE", "plain"],
  0x89: ["NEWFALSE", "plain"],
  0x8a: ["LONG1", "long1"],
  0x8b: ["LONG4", "unread"],
  0x8c: ["SHORT_BINUNICODE", "text1"],
  0x8d: ["BINUNICODE8", "text8"],
  0x8e: ["BINBYTES8", "bytes8"],
  0x8f: ["EMPTY_SET", "plain"],
  0x90: ["ADDITEMS", "plain"],
  0x91: ["FROZENSET", "plain"],
  0x92: ["NEWOBJ_EX", "plain"],
  0x93: ["STACK_GLOBAL", "plain"],
  0x94: ["MEMOIZE", "plain"],
  0x95: ["FRAME", "u8"],
  0x96: ["BYTEARRAY8", "unread"],
  0x97: ["NEXT_BUFFER", "unread"],
  0x98: ["READONLY_BUFFER", "unread"],
};

/** The longest `module name` of a GLOBAL that is read. */
const MAX_LINE = 256;

/** How a pickle is read. */
export interface PickleOptions {
  /** What to call the pickle in an error. */
  readonly name: string;
  /** The opcodes that may occur. */
  readonly allow: ReadonlySet<PickleOpName>;
  /** Where the pickle begins, 0 by default; then bytes may follow STOP. */
  readonly at?: number;
}

/**
 * The opcodes of a pickle up to and including STOP, which must be its last
 * byte unless `at` is given. Lazy: what follows a refused opcode is not read.
 *
 * @throws {FormatError} When an opcode is not in `allow`, an argument is cut
 * short or malformed, or bytes follow STOP; with name and offset.
 */
export function* pickleOps(
  bytes: Uint8Array,
  options: PickleOptions,
): Generator<PickleOp, void, undefined> {
  const { name: pickle, allow, at } = options;
  const cursor = new Cursor(bytes, pickle);
  cursor.at = at ?? 0;
  while (true) {
    const offset = cursor.at;
    const code = cursor.take(1)[0]!;
    const known = OPCODES[code];
    const name = known?.[0];
    if (!known || !allow.has(name as PickleOpName)) {
      throw new FormatError(
        withHint(
          `Cannot read ${quote(pickle)}: opcode ${
            name ?? `0x${code.toString(16).padStart(2, "0")}`
          } at byte ${offset} is not allowed, expected one of ${
            [...allow].join(" ")
          }`,
          "Nothing was executed. A file from a trustworthy source can be saved again in the expected form.",
        ),
        { offset },
      );
    }
    const argument = cursor.argument(known[1]);
    yield { name, offset, argument } as PickleOp;
    if (name === "STOP") break;
  }
  if (at === undefined && cursor.at !== bytes.length) {
    throw new FormatError(
      `Cannot read ${quote(pickle)}: ${
        bytes.length - cursor.at
      } bytes follow STOP, expected none`,
      { offset: cursor.at },
    );
  }
}

class Cursor {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#name = name;
  }

  /** The next bytes, as a view. */
  take(length: number): Uint8Array {
    if (this.at + length > this.#bytes.length) {
      throw this.#fail(
        `${length} bytes are wanted at byte ${this.at}, ${
          this.#bytes.length - this.at
        } are left`,
      );
    }
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  argument(kind: Kind): unknown {
    switch (kind) {
      case "plain":
      case "unread":
        return undefined;
      case "u1":
      case "u2":
      case "u4":
      case "u8":
        return this.#count(Number(kind[1]));
      case "i4":
        this.take(4);
        return this.#view.getInt32(this.at - 4, true);
      case "f8":
        this.take(8);
        return this.#view.getFloat64(this.at - 8, false);
      case "text1":
      case "text4":
      case "text8":
        return this.#text(this.take(this.#count(Number(kind[4]))));
      case "bytes1":
      case "bytes4":
      case "bytes8":
        return this.take(this.#count(Number(kind[5])));
      case "long1":
        return this.#long(this.take(this.#count(1)));
      case "global":
        return { module: this.#line(), name: this.#line() };
    }
  }

  /** An unsigned little-endian integer of 1, 2, 4 or 8 bytes. */
  #count(width: number): number {
    const bytes = this.take(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
    if (!Number.isSafeInteger(value)) {
      throw this.#fail(`a length before byte ${this.at} is ${value}`);
    }
    return value;
  }

  #text(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(bytes);
    } catch (cause) {
      throw this.#fail(`the text before byte ${this.at} is not UTF-8`, cause);
    }
  }

  /** A line of printable ASCII, without its line feed. */
  #line(): string {
    const start = this.at;
    const end = this.#bytes.subarray(0, start + MAX_LINE + 1)
      .indexOf(0x0a, start);
    const bytes = this.#bytes.subarray(start, Math.max(start, end));
    if (end < 0 || bytes.some((byte) => byte < 0x20 || byte > 0x7e)) {
      throw this.#fail(`the name at byte ${start} is no line of ASCII`);
    }
    this.at = end + 1;
    return String.fromCharCode(...bytes);
  }

  /** A signed little-endian integer of any length. */
  #long(bytes: Uint8Array): bigint {
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(bytes[i]!);
    }
    return BigInt.asIntN(8 * bytes.length, value);
  }

  #fail(state: string, cause?: unknown): FormatError {
    return new FormatError(
      `Cannot read ${quote(this.#name)} as a pickle: ${state}`,
      { offset: this.at, ...(cause === undefined ? {} : { cause }) },
    );
  }
}
