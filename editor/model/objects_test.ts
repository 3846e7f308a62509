import assert from "node:assert/strict";
import {
  type CameraMove,
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
  type ObjectShape,
  type Timing,
} from "./document.ts";
import { createMove } from "./camera_edits.ts";
import { keyFrameAt } from "./easing.ts";
import { createTrack, mapShape } from "./edits.ts";
import {
  anchorsAround,
  combineOutlines,
  lassoOutline,
  outlineMiddle,
  outlineOf,
  replaceByObject,
  spreadPoints,
  strokeOutline,
  trackCount,
} from "./mark_object.ts";
import {
  isInside,
  isObject,
  motionObjects,
  objectAt,
  outlineAt,
  setTurn,
  turnAt,
} from "./objects.ts";
import { parseDocument } from "./parse_document.ts";
import { createTrackRenderer, renderTracks } from "./render_document.ts";

const SIZE = { width: 400, height: 300 };

function square(x: number, y: number, half: number) {
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([u, v]) => ({
    x: x + u! * half,
    y: y + v! * half,
  }));
}

function object(x: number, y: number, change: Partial<ObjectShape> = {}) {
  const outline = [square(x, y, 20)];
  return {
    kind: "object" as const,
    outline,
    path: [{ x, y }],
    times: [],
    points: spreadPoints(outline, 4),
    turns: [],
    ...change,
  };
}

function documentOf(...shapes: Parameters<typeof createTrack>[1][]) {
  let document: EditorDocument = emptyDocument(SIZE);
  for (const [k, shape] of shapes.entries()) {
    const track = createTrack(document, shape, { id: `t${k}` });
    document = { ...document, tracks: [...document.tracks, track] };
  }
  return document;
}

const near = (
  a: { x: number; y: number },
  x: number,
  y: number,
  within = 1e-6,
) =>
  assert.ok(
    Math.hypot(a.x - x, a.y - y) <= within,
    `${a.x}, ${a.y} is not ${x}, ${y}`,
  );

Deno.test("an object's tracks move, turn, and grow as a piece", () => {
  const shape = setTurn(
    object(100, 100, {
      path: [{ x: 100, y: 100 }, { x: 300, y: 100 }],
      points: [{ x: 110, y: 100 }, { x: 100, y: 120 }],
    }),
    { frame: 120, degrees: 90, scale: 2 },
  );
  const document = parseDocument(documentOf(shape));
  const [a, b] = renderTracks(document);
  near(a!.points[0]!, 110, 100);
  near(a!.points[120]!, 300, 120);
  near(b!.points[120]!, 260, 100);
  const half = 10 * Math.SQRT2 * Math.SQRT1_2;
  near(a!.points[60]!, 200 + half, 100 + half, 1e-6);
  near(
    outlineAt(document.tracks.find(isObject)!, document, 120)[0]![0]!,
    340,
    60,
  );
  assert.deepEqual(turnAt(shape, 60).degrees, 45);
  // A pace of its own: at a third of the way after half the time.
  const paced = { ...shape, turns: [], path: [...shape.path], times: [0, 1] };
  paced.path.splice(1, 0, { x: 166, y: 100 });
  paced.times = [0, 1, 2];
  near(renderTracks(documentOf(paced))[0]!.points[60]!, 176, 100);
});

Deno.test("a key is set within an object's own time, however its easing swings", () => {
  const keyed = (easing: Timing["easing"], at: number) => {
    const { tracks: [track] } = documentOf(object(100, 100));
    const timing = { ...track!.timing, easing };
    const frame = keyFrameAt({ ...track!, timing }, at);
    const key = { frame, degrees: 30, scale: 1 };
    const shape = setTurn(track!.shape as ObjectShape, key);
    parseDocument(documentOf(shape));
    return frame;
  };
  assert.equal(keyed([0.36, -0.56, 0.66, 1], 20), 0);
  assert.equal(keyed([0.34, 1.56, 0.64, 1], 70), 120);
  assert.equal(keyed([0, 0, 1, 1], 70), 70);
});

Deno.test("an object of tracks goes where they go, and the camera moves it once", () => {
  const drawn = documentOf(
    { kind: "static", x: 100, y: 100 },
    {
      ...{ kind: "spline", curve: "linear", tension: 0 },
      points: [{ x: 110, y: 100 }, { x: 130, y: 100 }],
    },
    { kind: "static", x: 300, y: 20 },
  );
  const outline = [square(105, 100, 20)];
  const made = (camera: EditorDocument["camera"], ids = ["t0", "t1"]) => {
    const before = { ...drawn, camera };
    const { document, id } = replaceByObject(before, new Set(ids), outline);
    const points = (of: EditorDocument, track: string) =>
      renderTracks(of).filter((t) => t.id === track).map((t) => t.points);
    assert.deepEqual(parseDocument(document).tracks.map((t) => t.id), [
      ...["t0", "t1", "t2"].filter((track) => !ids.includes(track)),
      id,
    ]);
    // In the mean they are where they were.
    return [
      ids.flatMap((track) => points(before, track)),
      points(document, id),
    ].map((all) =>
      [0, 60, 120].map((frame) =>
        all.reduce((sum, one) => sum + one[frame]!.x, 0) / all.length
      )
    );
  };
  const pan = { ...createMove(drawn, "pan"), dx: 1 } as CameraMove;
  for (const applies of ["all" as const, ["t0", "t1"]]) {
    const [before, after] = made([{ ...pan, applies }]);
    assert.deepEqual([before, after], [[105, 170, 235], [105, 170, 235]]);
  }
  const [, still] = made([{ ...pan, applies: ["t2"] }]);
  assert.deepEqual(still, [105, 110, 115]);
  assert.throws(
    () => made([], ["none"]),
    /of no tracks, expected at least one/,
  );
});

Deno.test("what is behind an object is hidden, and nothing else", () => {
  const passes = object(60, 150, {
    path: [{ x: 60, y: 150 }, { x: 360, y: 150 }],
  });
  const there = object(200, 150);
  const anchors = [
    { kind: "static" as const, x: 300, y: 150 },
    { kind: "static" as const, x: 60, y: 150 },
    { kind: "static" as const, x: 60, y: 250 },
  ];
  const hides = (document: EditorDocument) => {
    const found: Record<string, number> = {};
    for (const { id, points } of renderTracks(document)) {
      found[id] = Math.max(
        found[id] ?? 0,
        points.filter((p) => !p.visible).length,
      );
    }
    return found;
  };
  const front = hides(documentOf(there, passes, ...anchors));
  assert.equal(front.t1, 0, "in front");
  assert.ok(front.t0! > 10, "passed");
  assert.ok(front.t2! > 10, "an anchor that it passes");
  assert.equal(front.t3, 0, "an anchor on it");
  assert.equal(front.t4, 0, "an anchor elsewhere");
  const behind = hides(documentOf(passes, there));
  assert.deepEqual([behind.t0! > 10, behind.t1], [true, 0]);
  // The page's renderer agrees, and follows a change of the order.
  const render = createTrackRenderer();
  for (const shapes of [[there, passes], [passes, there]]) {
    const document = documentOf(...shapes);
    assert.deepEqual(render(document), renderTracks(document));
  }
});

Deno.test("objects for the preview have the indices of their tracks", () => {
  const document = documentOf(
    { kind: "static", x: 9, y: 9 },
    object(100, 100),
    object(300, 100),
  );
  const [first, second] = motionObjects(document, renderTracks(document));
  assert.deepEqual([first!.tracks, second!.tracks], [[1, 2, 3, 4], [
    5,
    6,
    7,
    8,
  ]]);
  assert.equal(objectAt(document, { x: 110, y: 90 }, 0)?.id, "t1");
  assert.equal(objectAt(document, { x: 200, y: 90 }, 0), undefined);
});

Deno.test("tracks are spread inside of a region, as many as fit within 20", () => {
  const ring = square(200, 150, 100), hole = square(200, 150, 40);
  for (const outline of [[ring], [ring, hole.toReversed()]]) {
    const points = spreadPoints(outline, 7);
    assert.equal(points.length, 7);
    for (const [k, point] of points.entries()) {
      assert.ok(isInside(outline, point));
      for (const other of points.slice(k + 1)) {
        const far = Math.hypot(point.x - other.x, point.y - other.y);
        assert.ok(far > 40, `${far} px apart`);
      }
    }
  }
  near(spreadPoints([ring], 1)[0]!, 200, 150, 6);
  assert.deepEqual(spreadPoints([], 3), []);
  assert.ok(
    trackCount([ring], documentOf()) >
      trackCount([square(9, 9, 9)], documentOf()),
  );
  const full = documentOf(
    ...Array.from(
      { length: 18 },
      () => ({ kind: "static" as const, x: 1, y: 1 }),
    ),
  );
  assert.equal(trackCount([ring], full), 2);
  // Its own tracks do not count, and one is always wanted.
  const own = documentOf(
    ...full.tracks.map(({ shape }) => shape),
    object(200, 150),
  );
  assert.equal(trackCount([ring], own), 1);
  assert.equal(trackCount([ring], own, "t18"), 2);
  const five = documentOf(
    ...full.tracks.slice(0, 14).map(({ shape }) => shape),
    object(200, 150),
  );
  assert.equal(trackCount([square(200, 150, 140)], five), 2);
  assert.equal(trackCount([square(200, 150, 140)], five, "t14"), 6);
  // A region that has no inside.
  const flat = [[{ x: 10, y: 20 }, { x: 90, y: 20 }, { x: 10, y: 20 }]];
  assert.deepEqual(spreadPoints(flat, 3), [{ x: 10, y: 20 }]);
});

Deno.test("a mask's outline is in the image's px, whatever their shape", () => {
  const mask = new Uint8Array(16 * 8);
  for (let y = 2; y < 6; y++) mask.fill(255, 16 * y + 4, 16 * y + 12);
  const [ring] = outlineOf(mask, { width: 16, height: 8 }, {
    ...{ width: 160, height: 400 },
  });
  const ends = (values: number[]) => [Math.min(...values), Math.max(...values)];
  const [left, right] = ends(ring!.map(({ x }) => x));
  const [top, bottom] = ends(ring!.map(({ y }) => y));
  // Within what its corners are rounded by.
  near({ x: left!, y: right! }, 40, 120, 8);
  near({ x: top!, y: bottom! }, 100, 300, 40);
});

Deno.test("anchors are around an object, and not where it goes", () => {
  const document = documentOf(object(200, 150, {
    path: [{ x: 200, y: 150 }, { x: 320, y: 150 }],
  }));
  const track = document.tracks.find(isObject)!;
  const anchors = anchorsAround(document, track);
  assert.ok(anchors.length >= 5 && anchors.length <= 8);
  for (const { shape } of anchors) {
    assert.ok(shape.kind === "static");
    assert.ok(!isInside([square(200, 150, 20)], shape));
    assert.ok(Math.abs(shape.y - 150) > 15 || shape.x < 200, "in its path");
  }
  // In a corner, there are those that are in the image.
  const corner = documentOf(object(385, 285));
  const inside = anchorsAround(corner, corner.tracks.find(isObject)!);
  assert.ok(inside.length > 0);
  for (const { shape } of inside) {
    assert.ok(shape.kind === "static" && shape.x <= 400 && shape.y <= 300);
  }
  // And no more than there is room for.
  const many = documentOf(
    object(200, 150),
    ...Array.from(
      { length: 14 },
      () => ({ kind: "static" as const, x: 1, y: 1 }),
    ),
  );
  assert.equal(anchorsAround(many, many.tracks.find(isObject)!).length, 2);
});

Deno.test("regions are drawn, painted, joined, and cut", () => {
  const lasso = lassoOutline(
    [{ x: -20, y: 10 }, { x: 100, y: 10 }, { x: 100, y: 90 }, { x: 0, y: 90 }],
    SIZE,
  );
  assert.ok(lasso[0]!.every(({ x }) => x >= 0));
  near(outlineMiddle([square(50, 60, 10)]), 50, 60);
  const painted = strokeOutline([{ x: 100, y: 100 }, { x: 200, y: 100 }], {
    radius: 15,
    image: SIZE,
  });
  const inside = (outline: typeof painted, x: number, y: number) =>
    isInside(outline, { x, y });
  assert.ok(inside(painted, 112, 88) && inside(painted, 210, 100));
  assert.ok(!inside(painted, 150, 120) && !inside(painted, 220, 100));
  const more = combineOutlines(painted, [square(150, 130, 20)], {
    how: "add",
    image: SIZE,
  });
  assert.ok(inside(more, 150, 140) && inside(more, 110, 100));
  const less = combineOutlines(more, [square(150, 100, 8)], {
    how: "remove",
    image: SIZE,
  });
  assert.ok(!inside(less, 150, 100) && inside(less, 150, 140));
  assert.equal(less.length, 2, "a hole has a line of its own");
});

Deno.test("moving, scaling, and checking a document knows objects", () => {
  const shape = object(100, 100, {
    path: [{ x: 100, y: 100 }, { x: 9, y: 9 }],
  });
  const moved = mapShape(shape, ({ x, y }) => ({ x: 2 * x, y: y + 5 }));
  assert.ok(moved.kind === "object");
  near(moved.outline[0]![0]!, 160, 85);
  near(moved.path[1]!, 18, 14);
  const wrong = documentOf({ ...shape, points: [] });
  assert.throws(() => parseDocument(wrong), /tracks\.0\.shape\.points/);
  assert.equal(wrong.tracks[0]!.timing, FULL_TIMING);
});
