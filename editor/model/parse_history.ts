/**
 * The documents of a history as they come back from the browser's storage.
 *
 * @module
 */

import type { EditorDocument, EditorTrack } from "./document.ts";
import { parseDocument } from "./parse_document.ts";
import { rescaleDocument } from "./rescale_document.ts";

/**
 * Parses the documents of a history, in the size (px) that their image has
 * now. A track that several documents share is still shared afterwards, which
 * is what keeps a long history small.
 *
 * @throws {TypeError} When one of them is no document.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { parseHistory } from "./parse_history.ts";
 * const [first] = parseHistory([emptyDocument({ width: 8, height: 4 })], {
 *   width: 16,
 *   height: 8,
 * });
 * assert.equal(first!.width, 16);
 * ```
 */
export function parseHistory(
  documents: readonly unknown[],
  size: { readonly width: number; readonly height: number },
): EditorDocument[] {
  const known = new Map<unknown, EditorTrack>();
  return documents.map((raw) => {
    const parsed = parseDocument(raw);
    const fits = parsed.width === size.width && parsed.height === size.height;
    const document = fits ? parsed : rescaleDocument(parsed, size);
    const given = (raw as EditorDocument).tracks;
    return {
      ...document,
      tracks: document.tracks.map((track, index) => {
        const key = given[index];
        const same = known.get(key) ?? track;
        known.set(key, same);
        return same;
      }),
    };
  });
}
