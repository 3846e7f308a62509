import assert from "node:assert/strict";
import {
  noiseTexture,
  pose,
  renderScene,
} from "../../tests/fixtures/moving_scene.ts";
import { seeded } from "../base/seeded.ts";
import {
  choosePoints,
  gridPoints,
  keptTracks,
  parsePointChoice,
  subset,
  texturedPoints,
} from "./choose_points.ts";
import { mapPoint } from "./fit_map.ts";
import { segmentMotion } from "./motion_segments.ts";
import type { PointTracks } from "./point_tracker.ts";

const SIZE = { width: 400, height: 300 };
const FRAMES = 41;

/** A camera that zooms and turns about the middle, at frame t. */
function cameraAt(x: number, y: number, t: number) {
  const s = 1 + 0.004 * t, turn = 0.004 * t;
  const dx = x - 200, dy = y - 150;
  return {
    x: 200 + s * (Math.cos(turn) * dx - Math.sin(turn) * dy),
    y: 150 + s * (Math.sin(turn) * dx + Math.cos(turn) * dy),
  };
}

/**
 * 60 points of the background and 16 of an object that moves over it, with
 * some noise; then one that jumps, one that is mostly hidden and one that goes
 * its own way.
 */
function makeTracks(): PointTracks {
  const random = seeded(4);
  const count = 79;
  const positions = new Float32Array(2 * count * FRAMES);
  const visible = new Uint8Array(count * FRAMES).fill(1);
  for (let n = 0; n < count; n++) {
    const isObject = n >= 60 && n < 76;
    const x = isObject ? 80 + 60 * random() : 400 * random();
    const y = isObject ? 80 + 60 * random() : 300 * random();
    for (let t = 0; t < FRAMES; t++) {
      let p = cameraAt(x, y, t);
      if (isObject) p = { x: p.x + 2.5 * t, y: p.y + 0.8 * t };
      if (n === 76 && t >= 20) p = { x: p.x + 60, y: p.y };
      if (n === 77 && t > 10) visible[n * FRAMES + t] = 0;
      if (n === 78) p = { x: p.x - 1.2 * t, y: p.y + 12 * Math.sin(t / 6) };
      positions[2 * (n * FRAMES + t)] = p.x + 0.2 * random();
      positions[2 * (n * FRAMES + t) + 1] = p.y + 0.2 * random();
    }
  }
  return { count, frames: FRAMES, positions, visible };
}

Deno.test("the camera's motion is separated from an object's", () => {
  const tracks = makeTracks();
  const { segments, alone } = segmentMotion(
    subset(tracks, Array.from({ length: 76 }, (_, n) => n)),
    SIZE,
  );
  const [camera, object] = segments;
  assert.equal(segments.length, 2);
  assert.equal(camera!.kind, "camera");
  assert.deepEqual(camera!.points, Array.from({ length: 60 }, (_, n) => n));
  assert.equal(object!.kind, "object");
  assert.deepEqual(
    object!.points,
    Array.from({ length: 16 }, (_, n) => 60 + n),
  );
  assert.deepEqual(alone, []);
  const end = mapPoint(camera!.maps.at(-1)!, { x: 50, y: 250 });
  const truth = cameraAt(50, 250, FRAMES - 1);
  assert.ok(Math.hypot(end.x - truth.x, end.y - truth.y) < 0.5);
});

Deno.test("20 points hold some of every motion, and unreliable ones are named", () => {
  const tracks = makeTracks();
  const { kept, segmentOf, dropped } = choosePoints(tracks, {
    ...SIZE,
    count: 20,
  });
  assert.equal(kept.length, 20);
  assert.equal(new Set(kept).size, 20);
  assert.equal(segmentOf.filter((s) => s === 0).length, 6);
  assert.ok(kept.every((n, k) => (n < 60) === (segmentOf[k] === 0)));
  assert.deepEqual(dropped, [
    { index: 76, reason: "jumps" },
    { index: 77, reason: "hidden for most of the time" },
    { index: 78, reason: "moves alone" },
  ]);
});

Deno.test("an object that is hidden for most of the time keeps its points", () => {
  const tracks = makeTracks();
  const { frames, visible } = tracks;
  // The object can be seen in 13 of 41 frames; so can 10 points of the
  // background, which its other points stand for.
  for (const n of Array.from({ length: 26 }, (_, k) => 50 + k)) {
    visible.fill(0, n * frames + 13, (n + 1) * frames);
  }
  const { kept, segmentOf, segments, dropped } = choosePoints(tracks, {
    ...SIZE,
    count: 20,
  });
  assert.deepEqual(segments.map(({ kind, points }) => [kind, points.length]), [
    ["camera", 50],
    ["object", 16],
  ]);
  assert.equal(kept.filter((n) => n >= 60 && n < 76).length, 14);
  assert.ok(kept.every((n, k) => (n < 60) === (segmentOf[k] === 0)));
  assert.deepEqual(
    dropped.filter(({ reason }) => reason.startsWith("hidden"))
      .map(({ index }) => index),
    [50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 77],
  );
});

Deno.test("fewer points than motions still keep to the number", () => {
  const { kept } = choosePoints(makeTracks(), { ...SIZE, count: 1 });
  assert.equal(kept.length, 1);
});

Deno.test("chosen points are spread over the frame", () => {
  const tracks = makeTracks();
  const { kept, segmentOf } = choosePoints(tracks, { ...SIZE, count: 20 });
  const camera = kept.filter((_, k) => segmentOf[k] === 0);
  const x = camera.map((n) => tracks.positions[2 * n * FRAMES]!);
  assert.ok(Math.max(...x) - Math.min(...x) > 250);
});

Deno.test("the points of a camera that does not move are exactly static", () => {
  const tracks = makeTracks();
  const still = { ...tracks, positions: tracks.positions.slice() };
  for (let n = 0; n < 60; n++) {
    for (let t = 0; t < FRAMES; t++) {
      const at = 2 * (n * FRAMES + t);
      still.positions[at] = tracks.positions[2 * n * FRAMES]! + 0.1 * (t % 3);
      still.positions[at + 1] = tracks.positions[2 * n * FRAMES + 1]!;
    }
  }
  for (const [given, isStill] of [[still, true], [tracks, false]] as const) {
    const chosen = choosePoints(given, { ...SIZE, count: 20 });
    const kept = keptTracks(given, chosen);
    assert.equal(kept.count, 20);
    chosen.kept.forEach((n, k) => {
      const end = kept.positions[2 * (k * FRAMES + FRAMES - 1)]!;
      const expected = isStill && chosen.segmentOf[k] === 0
        ? given.positions[2 * n * FRAMES]
        : given.positions[2 * (n * FRAMES + FRAMES - 1)];
      assert.equal(end, expected);
    });
  }
});

Deno.test("textured points leave flat parts of the frame out", () => {
  const frame = renderScene(
    [{ texture: noiseTexture(3), pose: () => pose(0, 0) }],
    0,
    { width: 240, height: 160 },
  );
  for (let y = 0; y < 160; y++) {
    frame.data.fill(90, 3 * (240 * y), 3 * (240 * y + 120));
  }
  const points = texturedPoints(frame);
  assert.ok(points.length > 60);
  assert.ok(points.every(({ x }) => x > 110));
});

Deno.test("a grid is square, column by column, with a margin", () => {
  const points = gridPoints(40, { width: 720, height: 720 });
  assert.equal(points.length, 49);
  assert.deepEqual(points[0], { x: 40, y: 40 });
  assert.deepEqual(points[48], { x: 680, y: 680 });
  assert.equal(points[1]!.x, 40);
  assert.ok(Math.abs(points[1]!.y - 146.6667) < 1e-3);
  assert.deepEqual(gridPoints(1, SIZE), [{ x: 200, y: 150 }]);
});

Deno.test("choices are read, and wrong ones name what is expected", () => {
  assert.deepEqual(parsePointChoice("grid:49"), { kind: "grid", count: 49 });
  assert.deepEqual(parsePointChoice("auto:20"), { kind: "auto", count: 20 });
  assert.deepEqual(parsePointChoice("1,2.5;3,4"), {
    kind: "points",
    points: [{ x: 1, y: 2.5 }, { x: 3, y: 4 }],
  });
  assert.throws(
    () => parsePointChoice("auto:21"),
    /21 of them, expected 1 to 20/,
  );
  assert.throws(() => parsePointChoice("1,2;3"), /expected "grid:49"/);
  assert.throws(() => parsePointChoice("1,"), /expected "grid:49"/);
});
