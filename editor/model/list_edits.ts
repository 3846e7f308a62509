/**
 * The order of the track list, as pure functions.
 *
 * @module
 */

import type { EditorDocument } from "./document.ts";

/**
 * The document with some tracks moved in the list, so that the first of them
 * is at `index`; their own order stays.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createTrack } from "./edits.ts";
 * import { emptyDocument } from "./document.ts";
 * import { reorderTracks } from "./list_edits.ts";
 * const document = emptyDocument({ width: 8, height: 6 });
 * for (const id of ["a", "b", "c"]) {
 *   const shape = { kind: "static" as const, x: 1, y: 1 };
 *   document.tracks.push(createTrack(document, shape, { id }));
 * }
 * const { tracks } = reorderTracks(document, new Set(["a"]), 2);
 * assert.equal(tracks.map((t) => t.id).join(""), "bca");
 * ```
 */
export function reorderTracks(
  document: EditorDocument,
  ids: ReadonlySet<string>,
  index: number,
): EditorDocument {
  const moved = document.tracks.filter((track) => ids.has(track.id));
  const others = document.tracks.filter((track) => !ids.has(track.id));
  const at = Math.min(others.length, Math.max(0, index));
  const tracks = others.toSpliced(at, 0, ...moved);
  return tracks.every((track, i) => track === document.tracks[i])
    ? document
    : { ...document, tracks };
}
