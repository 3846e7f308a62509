/**
 * A JSON reader for safetensors headers. It differs from `JSON.parse` where
 * that would hide a lie: every key is reported, so that duplicates can be
 * refused; numbers must be whole and exact; and tensors are handed out one by
 * one, so that a hostile header is given up early.
 */

import {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
import { quote } from "../base/errors.ts";

/** What the header says about one tensor, unchecked. */
export interface ScannedTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the end of the header, in bytes. */
  readonly begin: number;
  readonly end: number;
}

/** What to do with what is found. */
export interface HeaderVisitor {
  tensor(tensor: ScannedTensor): void;
  metadata(entries: Map<string, string>): void;
}

/** serde_json, which the format's own reader uses, gives up at the same depth. */
const MAX_DEPTH = 127;

/** The header begins after the 8 bytes of its length. */
const HEADER_START = 8;

const QUOTE = 0x22, COMMA = 0x2c, DOT = 0x2e, ZERO = 0x30;
const NINE = 0x39, COLON = 0x3a, OPEN_ARRAY = 0x5b, BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d, OPEN_OBJECT = 0x7b, CLOSE_OBJECT = 0x7d;

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Reads JSON text value by value, where the caller says which comes next. */
class JsonScanner {
  readonly text: string;
  readonly file: string;
  /** The character that comes next. */
  at = 0;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  fail(code: CheckpointErrorCode, state: string): never {
    throw new CheckpointError(
      code,
      `Cannot read ${quote(this.file)} as safetensors: ${state}`,
      // Exact as long as the header is ASCII up to there, which it nearly always is.
      { offset: HEADER_START + this.at },
    );
  }

  syntax(expected: string): never {
    return this.fail(
      "header-json",
      `the header has ${
        this.at < this.text.length
          ? quote(this.text.slice(this.at, this.at + 12))
          : "its end"
      } at character ${this.at}, expected ${expected}`,
    );
  }

  /** Skips white space; the character that follows, NaN at the end. */
  space(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
        return code;
      }
      this.at++;
    }
  }
  /** Takes a character that must come next. */
  take(code: number, expected: string): void {
    if (this.space() !== code) this.syntax(expected);
    this.at++;
  }

  /** A string. */
  string(): string {
    if (this.space() !== QUOTE) this.syntax("a string");
    const start = ++this.at;
    let plain = true;
    for (;; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        plain = false;
        this.at++;
      } else if (!(code >= 0x20)) { // also true for NaN, the end of the text
        this.syntax("a character of a string");
      }
    }
    const raw = this.text.slice(start, this.at);
    this.at++;
    if (plain) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      this.at = start;
      return this.syntax("a string with valid escapes");
    }
  }

  /** A whole number from 0 to 2^53 - 1. */
  wholeNumber(): number {
    const first = this.space();
    const start = this.at;
    let value = 0;
    for (;; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (!(code >= ZERO && code <= NINE)) break;
      value = value * 10 + (code - ZERO);
    }
    const next = this.text.charCodeAt(this.at);
    if (
      this.at === start || (first === ZERO && this.at - start > 1) ||
      next === DOT || next === 0x65 || next === 0x45
    ) {
      this.at = start;
      this.syntax("a whole number of 0 or more");
    }
    if (value > Number.MAX_SAFE_INTEGER) {
      this.fail(
        "overflow",
        `${this.text.slice(start, this.at)} is beyond 2^53 - 1`,
      );
    }
    return value;
  }

  /** An array; `item` reads each of its values. */
  array(item: () => void): void {
    this.take(OPEN_ARRAY, '"["');
    if (this.space() === CLOSE_ARRAY) {
      this.at++;
      return;
    }
    for (;;) {
      item();
      const code = this.space();
      if (code !== COMMA && code !== CLOSE_ARRAY) this.syntax('"," or "]"');
      this.at++;
      if (code === CLOSE_ARRAY) return;
    }
  }

  /** An object; `member` reads the value of each key. */
  object(member: (key: string) => void): void {
    this.take(OPEN_OBJECT, '"{"');
    if (this.space() === CLOSE_OBJECT) {
      this.at++;
      return;
    }
    for (;;) {
      const key = this.string();
      this.take(COLON, '":"');
      member(key);
      const code = this.space();
      if (code !== COMMA && code !== CLOSE_OBJECT) this.syntax('"," or "}"');
      this.at++;
      if (code === CLOSE_OBJECT) return;
    }
  }

  /** Any value, left out. */
  skip(depth: number): void {
    if (depth > MAX_DEPTH) this.syntax("less nesting");
    const code = this.space();
    if (code === OPEN_OBJECT) return this.object(() => this.skip(depth + 1));
    if (code === OPEN_ARRAY) return this.array(() => this.skip(depth + 1));
    if (code === QUOTE) return void this.string();
    LITERAL.lastIndex = this.at;
    const match = LITERAL.exec(this.text);
    if (!match) return this.syntax("a value");
    this.at += match[0].length;
  }
}

/** Reads the header's text and reports what it holds, in order. */
export function scanHeader(
  text: string,
  options: { file: string; visitor: HeaderVisitor },
): void {
  const { file, visitor } = options;
  const json = new JsonScanner(text, file);
  if (json.text.charCodeAt(0) !== OPEN_OBJECT) {
    json.fail("header-start", 'the header does not begin with "{"');
  }
  let hasMetadata = false;
  json.object((name) => {
    if (name !== "__metadata__") return visitor.tensor(scanTensor(json, name));
    if (hasMetadata) json.fail("duplicate-key", '"__metadata__" occurs twice');
    hasMetadata = true;
    visitor.metadata(scanMetadata(json));
  });
  json.space();
  if (json.at < json.text.length) json.syntax("nothing more");
}

/** One tensor of the header. */
function scanTensor(json: JsonScanner, name: string): ScannedTensor {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  const once = (seen: unknown, key: string) => {
    if (seen === undefined) return;
    json.fail("duplicate-key", `tensor ${quote(name)} has "${key}" twice`);
  };
  const numbers = () => {
    const list: number[] = [];
    json.array(() => list.push(json.wholeNumber()));
    return list;
  };
  if (json.space() !== OPEN_OBJECT) {
    json.syntax(`an object for tensor ${quote(name)}`);
  }
  json.object((key) => {
    switch (key) {
      case "dtype":
        once(dtype, key);
        dtype = json.string();
        break;
      case "shape":
        once(shape, key);
        shape = numbers();
        break;
      case "data_offsets":
        once(offsets, key);
        offsets = numbers();
        break;
      default:
        json.skip(2);
    }
  });
  if (dtype === undefined || !shape || offsets?.length !== 2) {
    return json.fail(
      "header-json",
      `tensor ${quote(name)} lacks ${
        dtype === undefined
          ? '"dtype"'
          : !shape
          ? '"shape"'
          : '"data_offsets" of two numbers'
      }`,
    );
  }
  return {
    name,
    dtype,
    shape,
    begin: offsets[0]!,
    end: offsets[1]!,
  };
}

/** The entries under `__metadata__`; what is not text is kept as its JSON. */
function scanMetadata(json: JsonScanner): Map<string, string> {
  const entries = new Map<string, string>();
  const code = json.space();
  if (code !== OPEN_OBJECT) {
    const start = json.at;
    json.skip(1);
    if (json.text.slice(start, json.at) !== "null") {
      json.at = start;
      json.fail("metadata", '"__metadata__" is no object');
    }
    return entries;
  }
  json.object((key) => {
    if (entries.has(key)) {
      json.fail("duplicate-key", `metadata ${quote(key)} occurs twice`);
    }
    if (json.space() === QUOTE) {
      entries.set(key, json.string());
      return;
    }
    // Not what the format allows, but what some trainers write: kept as JSON.
    const start = json.at;
    json.skip(2);
    entries.set(key, json.text.slice(start, json.at));
  });
  return entries;
}
