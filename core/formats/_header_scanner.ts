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

/** Reads the header's text and reports what stands in it, in order. */
export function scanHeader(
  text: string,
  options: { file: string; visitor: HeaderVisitor },
): void {
  const { file, visitor } = options;
  let at = 0;

  const fail = (code: CheckpointErrorCode, state: string): never => {
    throw new CheckpointError(
      code,
      `Cannot read ${quote(file)} as safetensors: ${state}`,
      // Exact as long as the header is ASCII up to there, which it nearly always is.
      { offset: HEADER_START + at },
    );
  };
  const syntax = (expected: string): never =>
    fail(
      "header-json",
      `the header has ${
        at < text.length ? quote(text.slice(at, at + 12)) : "its end"
      } at character ${at}, expected ${expected}`,
    );

  const space = () => {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) {
        return code;
      }
      at++;
    }
  };
  const take = (code: number, expected: string) => {
    if (space() !== code) syntax(expected);
    at++;
  };

  const string = (): string => {
    if (space() !== QUOTE) syntax("a string");
    const start = ++at;
    let plain = true;
    for (;; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      if (code === BACKSLASH) {
        plain = false;
        at++;
      } else if (!(code >= 0x20)) { // also true for NaN, the end of the text
        syntax("a character of a string");
      }
    }
    const raw = text.slice(start, at);
    at++;
    if (plain) return raw;
    try {
      return JSON.parse(`"${raw}"`) as string;
    } catch {
      at = start;
      return syntax("a string with valid escapes");
    }
  };

  const wholeNumber = (): number => {
    const first = space();
    const start = at;
    let value = 0;
    for (;; at++) {
      const code = text.charCodeAt(at);
      if (!(code >= ZERO && code <= NINE)) break;
      value = value * 10 + (code - ZERO);
    }
    const next = text.charCodeAt(at);
    if (
      at === start || (first === ZERO && at - start > 1) ||
      next === DOT || next === 0x65 || next === 0x45
    ) {
      at = start;
      syntax("a whole number of 0 or more");
    }
    if (value > Number.MAX_SAFE_INTEGER) {
      fail("overflow", `${text.slice(start, at)} is beyond 2^53 - 1`);
    }
    return value;
  };

  const array = (item: () => void) => {
    take(OPEN_ARRAY, '"["');
    if (space() === CLOSE_ARRAY) {
      at++;
      return;
    }
    for (;;) {
      item();
      const code = space();
      if (code !== COMMA && code !== CLOSE_ARRAY) syntax('"," or "]"');
      at++;
      if (code === CLOSE_ARRAY) return;
    }
  };

  const object = (member: (key: string) => void) => {
    take(OPEN_OBJECT, '"{"');
    if (space() === CLOSE_OBJECT) {
      at++;
      return;
    }
    for (;;) {
      const key = string();
      take(COLON, '":"');
      member(key);
      const code = space();
      if (code !== COMMA && code !== CLOSE_OBJECT) syntax('"," or "}"');
      at++;
      if (code === CLOSE_OBJECT) return;
    }
  };

  const LITERAL =
    /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  const skip = (depth: number): void => {
    if (depth > MAX_DEPTH) syntax("less nesting");
    const code = space();
    if (code === OPEN_OBJECT) return object(() => skip(depth + 1));
    if (code === OPEN_ARRAY) return array(() => skip(depth + 1));
    if (code === QUOTE) return void string();
    LITERAL.lastIndex = at;
    const match = LITERAL.exec(text);
    if (!match) return syntax("a value");
    at += match[0].length;
  };

  const tensor = (name: string) => {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    const once = (seen: unknown, key: string) => {
      if (seen === undefined) return;
      fail("duplicate-key", `tensor ${quote(name)} has "${key}" twice`);
    };
    const numbers = () => {
      const list: number[] = [];
      array(() => list.push(wholeNumber()));
      return list;
    };
    if (space() !== OPEN_OBJECT) syntax(`an object for tensor ${quote(name)}`);
    object((key) => {
      switch (key) {
        case "dtype":
          once(dtype, key);
          dtype = string();
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
          skip(2);
      }
    });
    if (dtype === undefined || !shape || offsets?.length !== 2) {
      return fail(
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
    visitor.tensor({
      name,
      dtype,
      shape,
      begin: offsets[0]!,
      end: offsets[1]!,
    });
  };

  const metadata = () => {
    const entries = new Map<string, string>();
    const code = space();
    if (code !== OPEN_OBJECT) {
      const start = at;
      skip(1);
      if (text.slice(start, at) !== "null") {
        at = start;
        fail("metadata", '"__metadata__" is no object');
      }
      return visitor.metadata(entries);
    }
    object((key) => {
      if (entries.has(key)) {
        fail("duplicate-key", `metadata ${quote(key)} occurs twice`);
      }
      if (space() === QUOTE) {
        entries.set(key, string());
        return;
      }
      // Not what the format allows, but what some trainers write: kept as JSON.
      const start = at;
      skip(2);
      entries.set(key, text.slice(start, at));
    });
    visitor.metadata(entries);
  };

  if (text.charCodeAt(0) !== OPEN_OBJECT) {
    fail("header-start", 'the header does not begin with "{"');
  }
  let hasMetadata = false;
  object((name) => {
    if (name !== "__metadata__") return tensor(name);
    if (hasMetadata) fail("duplicate-key", '"__metadata__" occurs twice');
    hasMetadata = true;
    metadata();
  });
  space();
  if (at < text.length) syntax("nothing more");
}
