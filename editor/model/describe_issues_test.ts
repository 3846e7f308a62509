import assert from "node:assert/strict";
import { validateTracks } from "../../core/tracks/validate.ts";
import { emptyDocument, type Shape } from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import { describeIssues } from "./describe_issues.ts";
import { renderDocument, renderTracks } from "./render_document.ts";

function words(shapes: readonly Shape[]) {
  let document = emptyDocument({ width: 640, height: 360 });
  for (const shape of shapes) {
    document = addTracks(document, [createTrack(document, shape)]);
  }
  return describeIssues(validateTracks(renderDocument(document), document), {
    document,
    rendered: renderTracks(document),
  }).map((issue) => ({
    ...issue,
    id: document.tracks.findIndex((track) => track.id === issue.id),
  }));
}

Deno.test("issues name tracks as the list does", () => {
  const [issue] = words([
    { kind: "static", x: 300, y: 200 },
    { kind: "static", x: -40, y: 100 },
  ]);
  assert.equal(issue!.id, 1);
  assert.equal(issue!.title, "Starts outside");
  assert.match(issue!.message, /^“Anchor 2” starts at \(-40, 100\)/);
  assert.equal(issue!.error, false);
});

Deno.test("issues name the points of a circle", () => {
  const issues = words([{
    kind: "circle",
    x: 300,
    y: 200,
    count: 3,
    angle: 0,
    radii: [{ frame: 0, radius: 2 }],
  }]);
  assert.match(
    issues[0]!.message,
    /^“Circle 1”, point 1 overlaps with “Circle 1”, point [23] and “Circle 1”, point [23]/,
  );
  assert.equal(issues[0]!.id, 0);
});

Deno.test("too many tracks concern no single one", () => {
  const shapes = Array.from({ length: 21 }, (_, i): Shape => ({
    kind: "static",
    x: 10 + 80 * (i % 7),
    y: 50 + 100 * Math.floor(i / 7),
  }));
  const [issue] = words(shapes);
  assert.equal(issue!.title, "Many tracks");
  assert.equal(issue!.id, -1);
});
