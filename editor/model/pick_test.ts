import assert from "node:assert/strict";
import { emptyDocument } from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";
import {
  handlePoints,
  nearestPiece,
  nearestPoint,
  splinePieceAt,
  trackAt,
  tracksInside,
} from "./pick.ts";
import { renderTracks } from "./render_document.ts";
import type { Shape } from "./document.ts";

const LINE = [{ x: 0, y: 0 }, { x: 100, y: 0 }, { x: 100, y: 50 }];

function rendered(...shapes: Shape[]) {
  let document = emptyDocument({ width: 400, height: 300 });
  shapes.forEach((shape, i) => {
    const track = createTrack(document, shape, { id: `t${i}` });
    document = addTracks(document, [track]);
  });
  return renderTracks(document);
}

const straight = (y: number): Shape => ({
  kind: "spline",
  curve: "linear",
  tension: 0,
  points: [{ x: 10, y }, { x: 210, y }],
});

Deno.test("nearestPoint() finds none among none", () => {
  assert.deepEqual(nearestPoint([], { x: 1, y: 1 }), {
    index: -1,
    distance: Infinity,
  });
});

Deno.test("nearestPiece() measures to the piece, not to its ends", () => {
  assert.deepEqual(nearestPiece(LINE, { x: 50, y: 7 }), {
    index: 0,
    distance: 7,
  });
  assert.deepEqual(nearestPiece(LINE, { x: 103, y: 25 }), {
    index: 1,
    distance: 3,
  });
  assert.deepEqual(nearestPiece([{ x: 3, y: 4 }], { x: 0, y: 0 }), {
    index: 0,
    distance: 5,
  });
});

Deno.test("trackAt() takes the nearest within reach, the upper one of two", () => {
  const tracks = rendered(straight(100), straight(110), straight(110));
  assert.equal(trackAt(tracks, { x: 50, y: 102 }, 8), "t0");
  assert.equal(trackAt(tracks, { x: 50, y: 111 }, 8), "t2");
  assert.equal(trackAt(tracks, { x: 50, y: 150 }, 8), undefined);
});

Deno.test("trackAt() finds an anchor", () => {
  const tracks = rendered({ kind: "static", x: 30, y: 40 });
  assert.equal(trackAt(tracks, { x: 33, y: 44 }, 6), "t0");
});

Deno.test("tracksInside() takes what the rectangle touches, drawn either way", () => {
  const tracks = rendered(straight(100), straight(200), {
    kind: "static",
    x: 300,
    y: 120,
  });
  const from = { x: 320, y: 130 }, to = { x: 150, y: 90 };
  assert.deepEqual(tracksInside(tracks, { from, to }), new Set(["t0", "t2"]));
  assert.deepEqual(
    tracksInside(tracks, { from: to, to: from }),
    new Set(["t0", "t2"]),
  );
});

Deno.test("splinePieceAt() knows the pieces of straight and round curves", () => {
  for (const curve of ["linear", "cardinal"] as const) {
    const spline = {
      kind: "spline" as const,
      curve,
      tension: 1,
      points: [...LINE, { x: 0, y: 50 }],
    };
    assert.equal(splinePieceAt(spline, { x: 40, y: 1 }, 5), 0);
    assert.equal(splinePieceAt(spline, { x: 99, y: 30 }, 5), 1);
    assert.equal(splinePieceAt(spline, { x: 40, y: 51 }, 5), 2);
    assert.equal(splinePieceAt(spline, { x: 50, y: 25 }, 5), undefined);
  }
});

Deno.test("handlePoints() offers few points of a long stroke, its ends always", () => {
  const points = Array.from({ length: 201 }, (_, x) => ({ x, y: 0 }));
  const track = createTrack(emptyDocument({ width: 400, height: 300 }), {
    kind: "freehand",
    points,
    times: [],
    speed: "even",
  });
  const handles = handlePoints(track, 20).map((h) => h.index);
  assert.deepEqual(handles, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200]);
});
