import assert from "node:assert/strict";
import {
  addTracks,
  anchorGrid,
  createTrack,
  dragPoint,
  duplicateTracks,
  mirrorShape,
  removeTracks,
  reverseShape,
  setCurve,
  setRadius,
  setVisible,
  subdivideAll,
  updateTracks,
} from "./edits.ts";
import {
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
  type Shape,
} from "./document.ts";
import { parseDocument } from "./parse_document.ts";
import { splinePolyline } from "./curve.ts";
import { renderTrack } from "./render_document.ts";

type Of<K extends Shape["kind"]> = Extract<Shape, { kind: K }>;
const curve: Of<"spline"> = {
  kind: "spline",
  curve: "cardinal",
  tension: 0,
  points: [{ x: 0, y: 0 }, { x: 10, y: 20 }, { x: 40, y: 5 }],
};
const stroke: Of<"freehand"> = {
  kind: "freehand",
  points: [0, 1, 2, 3, 4].map((x) => ({ x, y: 0 })),
  times: [0, 10, 30, 60, 100],
  speed: "even",
};

function documentOf(...shapes: Shape[]): EditorDocument {
  let document = emptyDocument({ width: 100, height: 60 });
  shapes.forEach((shape, i) => {
    document = addTracks(document, [
      createTrack(document, shape, { id: `t${i}` }),
    ]);
  });
  return document;
}

Deno.test("createTrack() numbers by kind and spreads the colors", () => {
  const { tracks } = documentOf(curve, stroke, curve);
  assert.deepEqual(tracks.map((t) => t.name), [
    "Curve 1",
    "Stroke 1",
    "Curve 2",
  ]);
  assert.equal(new Set(tracks.map((t) => t.colour)).size, 3);
});

Deno.test("locked tracks are neither changed nor removed", () => {
  const both = documentOf(curve, stroke);
  const locked = updateTracks(both, new Set(["t0"]), (t) => ({
    ...t,
    locked: true,
  }));
  const all = new Set(["t0", "t1"]);
  assert.deepEqual(removeTracks(locked, all).tracks.map((t) => t.id), ["t0"]);
  const renamed = updateTracks(locked, all, (t) => ({ ...t, name: "X" }));
  assert.deepEqual(renamed.tracks.map((t) => t.name), ["Curve 1", "X"]);
  assert.equal(
    updateTracks(locked, new Set(["t0"]), (t) => ({ ...t })),
    locked,
  );
});

Deno.test("duplicateTracks() and removeTracks() keep the camera's list in step", () => {
  const document: EditorDocument = {
    ...documentOf(curve, stroke),
    camera: [{
      id: "c",
      name: "Pan",
      kind: "pan",
      dx: 1,
      dy: 0,
      enabled: true,
      applies: ["t0"],
      timing: FULL_TIMING,
    }],
  };
  const { document: next, copies } = duplicateTracks(
    document,
    new Set(["t0"]),
    { dx: 5, dy: -5 },
  );
  assert.equal(next.tracks.length, 3);
  assert.deepEqual(next.camera[0]!.applies, ["t0", copies[0]]);
  const { shape } = next.tracks[1]!;
  assert.ok(shape.kind === "spline");
  assert.deepEqual(shape.points[0], { x: 5, y: -5 });
  parseDocument(next);
  const gone = removeTracks(next, new Set(["t0"]));
  assert.deepEqual(gone.camera[0]!.applies, copies);
});

Deno.test("reverseShape() twice is the shape again, and runs the other way", () => {
  const circle: Of<"circle"> = {
    kind: "circle",
    x: 1,
    y: 2,
    count: 3,
    angle: 10,
    radii: [{ frame: 0, radius: 5 }, { frame: 50, radius: 9 }],
  };
  const samples = Array.from({ length: 363 }, (_, i) => i % 3 === 2 ? 1 : i);
  const shapes: Shape[] = [curve, stroke, circle, { kind: "free", samples }];
  for (const shape of shapes) {
    assert.deepEqual(reverseShape(reverseShape(shape)), shape);
  }
  const drawn: Shape = { ...stroke, speed: "drawn" };
  const track = documentOf(drawn).tracks[0]!;
  const [there] = renderTrack(track, {});
  const [back] = renderTrack({ ...track, shape: reverseShape(drawn) }, {});
  for (let f = 0; f <= 120; f++) {
    assert.ok(Math.abs(there![f]!.x - back![120 - f]!.x) < 1e-9);
  }
});

Deno.test("mirrorShape() keeps the extent and turns handles too", () => {
  const bezier = setCurve(curve, "bezier");
  const mirrored = mirrorShape(bezier, "horizontal") as Of<"spline">;
  assert.deepEqual(mirrored.points.map((p) => p.x), [40, 30, 0]);
  const turned = mirrored.points[1]!.out!.x + bezier.points[1]!.out!.x;
  assert.ok(Math.abs(turned) < 1e-9, `${turned}`);
  assert.equal(mirrored.points[1]!.out!.y, bezier.points[1]!.out!.y);
});

Deno.test("setCurve() to bezier keeps the shape of a cardinal spline", () => {
  const before = splinePolyline(curve);
  const after = splinePolyline(setCurve(curve, "bezier"));
  before.forEach((p, i) => {
    assert.ok(Math.hypot(p.x - after[i]!.x, p.y - after[i]!.y) < 1e-9);
  });
});

Deno.test("dragPoint() lets neighbors follow by half at its width", () => {
  const dragged = dragPoint(stroke, 2, { dx: 0, dy: 8, width: 2 });
  assert.ok(dragged.kind === "freehand");
  assert.deepEqual(dragged.points.map((p) => p.y), [
    4,
    8 * 2 ** -0.25,
    8,
    8 * 2 ** -0.25,
    4,
  ]);
  const alone = dragPoint(stroke, 2, { dx: 0, dy: 8, width: 0 });
  assert.ok(alone.kind === "freehand");
  assert.deepEqual(alone.points.map((p) => p.y), [0, 0, 8, 0, 0]);
});

Deno.test("subdivideAll() adds a point to each piece", () => {
  assert.equal(subdivideAll(curve).points.length, 5);
});

Deno.test("setRadius() keeps the keys in order and unique", () => {
  let circle: Of<"circle"> = {
    kind: "circle",
    x: 0,
    y: 0,
    count: 1,
    angle: 0,
    radii: [{ frame: 0, radius: 5 }],
  };
  circle = setRadius(circle, 60, 7);
  circle = setRadius(circle, 30, 6);
  circle = setRadius(circle, 60, -1);
  assert.deepEqual(circle.radii, [
    { frame: 0, radius: 5 },
    { frame: 30, radius: 6 },
    { frame: 60, radius: 0 },
  ]);
});

Deno.test("anchorGrid() keeps clear of what moves", () => {
  const document = documentOf();
  const all = anchorGrid(document, { columns: 4, rows: 3 });
  assert.equal(all.length, 12);
  assert.equal(new Set(all.map((t) => t.name)).size, 12);
  const clear = anchorGrid(document, {
    columns: 4,
    rows: 3,
    avoid: [{ x: 12.5, y: 10 }],
    clear: 1,
  });
  assert.equal(clear.length, 11);
});

Deno.test("setVisible() cuts and joins ranges", () => {
  const cut = setVisible([[0, 120]], { from: 0, to: 9, visible: false });
  assert.deepEqual(cut, [[10, 120]]);
  const joined = setVisible([[0, 4], [6, 9]], {
    from: 5,
    to: 5,
    visible: true,
  });
  assert.deepEqual(joined, [[0, 9]]);
  assert.deepEqual(
    setVisible([[0, 9]], { from: 0, to: 120, visible: false }),
    [],
  );
});
