import assert from "node:assert/strict";
import { emptyDocument } from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { parseDocument } from "./parse_document.ts";
import { renderTracks } from "./render_document.ts";
import { scaleTracks, scalingMove } from "./scale_tracks.ts";

Deno.test("tracks grow about the middle of their starts, the others stay", () => {
  let document = emptyDocument({ width: 80, height: 60 });
  for (const x of [20, 40, 70]) {
    const track = createTrack(document, {
      ...{ kind: "spline", curve: "linear", tension: 0 },
      points: [{ x, y: 10 }, { x, y: 20 }],
    });
    document = addTracks(document, [track]);
  }
  const ids = new Set(document.tracks.slice(0, 2).map((track) => track.id));
  const scaled = parseDocument(scaleTracks(document, ids, 2));
  const last = (d: typeof document) =>
    renderTracks(d).map(({ points }) => [points[120]!.x, points[120]!.y]);
  assert.deepEqual(last(scaled), [[10, 30], [50, 30], [70, 20]]);
  // Set, not added up; other tracks have another move.
  const again = scaleTracks(scaled, ids, 0.5);
  assert.equal(again.camera.length, 1);
  assert.equal(scalingMove(again, ids)?.factor, 0.5);
  assert.equal(scalingMove(again, new Set([...ids].slice(1))), undefined);
  assert.deepEqual(last(scaleTracks(again, ids, 1)), last(document));
});
