/**
 * The normalizer of a `tokenizer.json`: how text is changed before it is cut
 * into tokens.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import { readPrecompiledCharsmap } from "./precompiled_charsmap.ts";

/** A function from text to text. */
export type TextNormalizer = (text: string) => string;

/** The control characters that the "Nmt" normalizer drops. */
// deno-lint-ignore no-control-regex -- they are what is looked for
const NMT_DROPPED = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
/** The characters that it takes for a space. */
const NMT_SPACES =
  /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

/**
 * The normalizer that a `tokenizer.json` describes under "normalizer".
 *
 * @throws {FormatError} When it is of a kind that is not known; a guess would
 * silently change what the model is told.
 */
export function readTextNormalizer(description: unknown): TextNormalizer {
  if (description === null || description === undefined) return (text) => text;
  const parts = description as Record<string, unknown>;
  switch (parts.type) {
    case "Sequence": {
      const steps = (parts.normalizers as unknown[]).map(readTextNormalizer);
      return (text) => steps.reduce((changed, step) => step(changed), text);
    }
    case "Precompiled":
      return typeof parts.precompiled_charsmap === "string"
        ? readPrecompiledCharsmap(parts.precompiled_charsmap)
        : (text) => text;
    case "Nmt":
      return (text) => text.replace(NMT_DROPPED, "").replace(NMT_SPACES, " ");
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = parts.type;
      return (text) => text.normalize(form);
    }
    case "Replace":
      return readReplace(parts);
    case "Strip":
      return readStrip(parts);
    default:
      throw new FormatError(
        `Cannot read the tokenizer: its normalizer is ${
          quote(parts.type)
        }, expected one of Sequence, Precompiled, Nmt, NFC, NFD, NFKC, NFKD, Replace, Strip`,
      );
  }
}

function readReplace(parts: Record<string, unknown>): TextNormalizer {
  const pattern = parts.pattern as { String?: string; Regex?: string };
  const content = String(parts.content);
  if (pattern.Regex !== undefined) {
    const expression = new RegExp(pattern.Regex, "gu");
    return (text) => text.replace(expression, () => content);
  }
  return (text) => text.replaceAll(pattern.String!, () => content);
}

function readStrip(parts: Record<string, unknown>): TextNormalizer {
  return (text) => {
    const left = parts.strip_left
      ? text.replace(/^\p{White_Space}+/u, "")
      : text;
    return parts.strip_right ? left.replace(/\p{White_Space}+$/u, "") : left;
  };
}
