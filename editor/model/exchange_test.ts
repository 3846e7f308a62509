import assert from "node:assert/strict";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import { WRITABLE_FORMATS } from "../../core/tracks/write_tracks.ts";
import { type EditorDocument, emptyDocument } from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { exportTracks, importLines, importTracks } from "./exchange.ts";
import { renderDocument } from "./render_document.ts";

const empty = emptyDocument({ width: 64, height: 48 });

function drawn(): EditorDocument {
  const line = createTrack(empty, {
    kind: "spline",
    curve: "linear",
    tension: 0,
    points: [{ x: 3, y: 4 }, { x: 50, y: 40 }],
  });
  const hidden = {
    ...createTrack(empty, { kind: "static", x: 1, y: 1 }),
    hidden: true,
  };
  return addTracks(empty, [
    { ...line, visible: [[0, 30], [60, 120]] },
    hidden,
  ]);
}

for (const format of WRITABLE_FORMATS) {
  Deno.test(`what is exported as ${format} comes back as it was`, async () => {
    const bytes = await exportTracks(drawn(), format);
    const { tracks } = await importTracks(bytes, {
      name: `a.${format}`,
      document: empty,
    });
    assert.equal(tracks.length, 1);
    const again = renderDocument(addTracks(empty, tracks)).toArray();
    const before = renderDocument(drawn()).toArray();
    // ComfyUI's JSON knows no visibility but the length of a list.
    const seen = format === "json"
      ? (await readTracks(bytes, { name: "a.json" })).tracks.toArray()
      : before;
    assert.deepEqual(again, seen);
    assert.equal(tracks[0]!.shape.kind, "free");
  });
}

Deno.test("exportTracks() says when there is nothing to export", async () => {
  await assert.rejects(exportTracks(empty, "pth"), /there are none/);
});

Deno.test("importTracks() names tracks on and keeps their ids apart", async () => {
  const bytes = await exportTracks(drawn(), "npz");
  const first = await importTracks(bytes, { name: "a", document: empty });
  const document = addTracks(empty, first.tracks);
  const second = await importTracks(bytes, { name: "a", document });
  const names = [...first.tracks, ...second.tracks].map((t) => t.name);
  assert.deepEqual(names, ["Track 1", "Track 2"]);
});

Deno.test("importTracks() refuses what could never be saved", async () => {
  const far = new TextEncoder().encode('[[{"x": 5000000, "y": 2}]]');
  await assert.rejects(
    importTracks(far, { name: "far.json", document: empty }),
    /tracks\.0\.shape/,
  );
  const many = new TextEncoder().encode(
    JSON.stringify(Array.from({ length: 2001 }, () => [{ x: 1, y: 2 }])),
  );
  await assert.rejects(
    importTracks(many, { name: "many.json", document: empty }),
    /tracks/,
  );
});

Deno.test("importLines() keeps corners as points and curves as strokes", () => {
  const points = [{ x: 0, y: 0 }, { x: 4, y: 3 }, { x: 9, y: 3 }];
  const { tracks } = importLines([
    { name: " arm ", points, corners: true },
    { points, corners: false },
    { points: points.slice(1, 2), corners: true },
  ], { document: empty });
  assert.deepEqual(tracks.map((t) => t.name), ["arm", "Stroke 1", "Anchor 1"]);
  assert.deepEqual(tracks.map((t) => t.shape.kind), [
    "spline",
    "freehand",
    "static",
  ]);
});
