/**
 * SentencePiece's normalization table, as it stands in a `tokenizer.json`
 * ("precompiled_charsmap"): a trie of byte sequences, each with the text that
 * replaces it.
 *
 * @module
 */

import { FormatError } from "../base/errors.ts";

/** A cluster of this many bytes or more is looked up character by character. */
const LONG_CLUSTER = 6;

/**
 * The replacement of a text by SentencePiece's table.
 *
 * As Hugging Face's tokenizers do it: a short grapheme cluster is looked up as
 * a whole, else each of its characters is; the shortest entry that starts the
 * piece replaces all of it.
 *
 * ```text
 * bytes 0..3      size of the trie in bytes, little endian
 * trie            units of 32 bits: a double array (Darts-clone)
 * the rest        the replacements, each ended by a zero byte
 * ```
 *
 * @param base64 The table as `tokenizer.json` holds it.
 * @returns The function that replaces.
 * @throws {FormatError} When the table is cut off or not base64.
 */
export function readPrecompiledCharsmap(
  base64: string,
): (text: string) => string {
  const bytes = decodeBase64(base64);
  const size = bytes.length < 4
    ? NaN
    : new DataView(bytes.buffer).getUint32(0, true);
  if (!(size > 0 && size % 4 === 0 && 4 + size <= bytes.length)) {
    throw new FormatError(
      `Cannot read the tokenizer's character table: it has ${bytes.length} bytes and a trie of ${size}, expected the trie to fit`,
    );
  }
  const view = new DataView(bytes.buffer, 4, size);
  const trie = Uint32Array.from(
    { length: size / 4 },
    (_, i) => view.getUint32(i * 4, true),
  );
  const replacements = bytes.subarray(4 + size);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });

  const lookUp = (piece: Uint8Array): string | undefined => {
    const start = shortestEntry(trie, piece);
    if (start === undefined) return undefined;
    const end = replacements.indexOf(0, start);
    return decoder.decode(
      replacements.subarray(start, end < 0 ? undefined : end),
    );
  };
  return (text) => {
    let replaced = "";
    for (const { segment } of clusters.segment(text)) {
      const cluster = encoder.encode(segment);
      const whole = cluster.length < LONG_CLUSTER ? lookUp(cluster) : undefined;
      if (whole !== undefined) {
        replaced += whole;
        continue;
      }
      for (const character of segment) {
        replaced += lookUp(encoder.encode(character)) ?? character;
      }
    }
    return replaced;
  };
}

/** The value of the shortest entry that `key` starts with. */
function shortestEntry(trie: Uint32Array, key: Uint8Array): number | undefined {
  let position = offset(trie[0]!);
  for (const byte of key) {
    if (byte === 0) return undefined;
    position ^= byte;
    const unit = trie[position] ?? 0;
    if ((unit & 0x800000ff) >>> 0 !== byte) return undefined;
    position ^= offset(unit);
    if ((unit & 0x100) !== 0) return (trie[position] ?? 0) & 0x7fffffff;
  }
  return undefined;
}

/** Where the children of a unit lie, as Darts-clone packs it. */
function offset(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6);
}

function decodeBase64(base64: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  } catch (cause) {
    throw new FormatError(
      "Cannot read the tokenizer's character table: it is not base64",
      { cause },
    );
  }
}
