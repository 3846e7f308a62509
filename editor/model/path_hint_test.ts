import assert from "node:assert/strict";
import { emptyDocument, FULL_TIMING } from "./document.ts";
import { createTrack } from "./edits.ts";
import { describePathPosition, pathAt } from "./path_hint.ts";
import { renderTracks } from "./render_document.ts";

const document = emptyDocument({ width: 400, height: 300 });
const path = createTrack(document, {
  kind: "spline",
  curve: "linear",
  tension: 0,
  points: [{ x: 20, y: 50 }, { x: 380, y: 50 }],
}, { id: "path" });
const slow = {
  ...path,
  timing: {
    ...FULL_TIMING,
    easing: [0.8, 0, 1, 1] as typeof path.timing.easing,
  },
};
const anchor = createTrack(document, { kind: "static", x: 20, y: 52 });

Deno.test("pathAt() says when and how fast, with the easing", () => {
  const at = (x: number, track = path) =>
    pathAt(renderTracks({ ...document, tracks: [track, anchor] }), {
      x,
      y: 53,
    }, 5)!;
  assert.equal(at(200).frame, 60);
  assert.ok(Math.abs(at(200).speed - 3) < 1e-9);
  assert.equal(at(20).frame, 0);
  assert.equal(at(380).frame, 120);
  assert.ok(at(30, slow).speed < 1 && at(370, slow).speed > 4);
  assert.ok(at(200, slow).frame > 80);
  assert.equal(
    describePathPosition(at(200)),
    "frame 60 · 2.50 s · 3.0 px/frame",
  );
});

Deno.test("pathAt() says nothing out of reach, or of what stays", () => {
  const tracks = renderTracks({ ...document, tracks: [path, anchor] });
  assert.equal(pathAt(tracks, { x: 200, y: 60 }, 5), undefined);
  const still = renderTracks({ ...document, tracks: [anchor] });
  assert.equal(pathAt(still, { x: 20, y: 52 }, 5), undefined);
});
