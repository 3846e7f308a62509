import assert from "node:assert/strict";
import { type EditorDocument, emptyDocument } from "./document.ts";
import { createTrack } from "./edits.ts";
import { reorderTracks } from "./list_edits.ts";

function list(ids: string): EditorDocument {
  const document = emptyDocument({ width: 8, height: 6 });
  for (const id of ids) {
    document.tracks.push(
      createTrack(document, { kind: "static", x: 1, y: 1 }, { id }),
    );
  }
  return document;
}

function order(ids: string, moved: string, index: number): string {
  return reorderTracks(list(ids), new Set(moved), index).tracks
    .map((track) => track.id).join("");
}

Deno.test("reorderTracks() moves tracks to where they are dropped", () => {
  assert.equal(order("abcd", "a", 3), "bcda");
  assert.equal(order("abcd", "d", 0), "dabc");
  assert.equal(order("abcd", "bd", 0), "bdac");
  assert.equal(order("abcd", "ac", 99), "bdac");
  assert.equal(order("abcd", "c", -5), "cabd");
});

Deno.test("reorderTracks() that changes nothing makes no new document", () => {
  const document = list("abc");
  assert.equal(reorderTracks(document, new Set("b"), 1), document);
  assert.equal(reorderTracks(document, new Set(), 1), document);
});
