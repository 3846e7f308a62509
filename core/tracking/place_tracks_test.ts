import assert from "node:assert/strict";
import { mapPoint, type PlaneMap } from "./fit_map.ts";
import { placementMap, placeTracks } from "./place_tracks.ts";

const VIDEO = { width: 101, height: 51 }, IMAGE = { width: 201, height: 201 };
const SIZES = { video: VIDEO, image: IMAGE };
const MIDDLE = { x: 50, y: 25 };

/** Two tracks of two frames: (50, 25) stays, (60, 25) moves 10 px down. */
const TRACKS = {
  count: 2,
  frames: 2,
  positions: new Float32Array([50, 25, 50, 25, 60, 25, 60, 35]),
  visible: new Uint8Array([1, 0, 1, 1]),
};

Deno.test("a video covers an image, is inside of it or is stretched", () => {
  for (
    const [fit, x, y] of [
      ["cover", 201 / 51, 201 / 51],
      ["contain", 201 / 101, 201 / 101],
      ["stretch", 201 / 101, 201 / 51],
    ] as const
  ) {
    const map = placementMap({ kind: "fit", fit }, SIZES);
    assert.deepEqual(mapPoint(map, MIDDLE), { x: 100, y: 100 });
    const corner = mapPoint(map, { x: 51, y: 26 });
    assert.ok(Math.abs(corner.x - 100 - x) < 1e-9);
    assert.ok(Math.abs(corner.y - 100 - y) < 1e-9);
  }
});

Deno.test("a map mirrors, scales, turns and then moves", () => {
  const map = placementMap({
    kind: "map",
    scale: 2,
    degrees: 90,
    mirror: true,
    dx: 5,
    dy: -3,
  }, SIZES);
  const { x, y } = mapPoint(map, { x: 60, y: 25 });
  // 10 to the right: mirrored to the left, doubled, turned clockwise to up.
  assert.ok(Math.abs(x - 105) < 1e-9 && Math.abs(y - (97 - 20)) < 1e-9);
  assert.throws(
    () => placementMap({ kind: "map", scale: 0 }, SIZES),
    /scale tracks by 0/,
  );
});

Deno.test("pairs of points decide by their number", () => {
  const pair = (a: number, b: number, c: number, d: number) => ({
    from: { x: a, y: b },
    to: { x: c, y: d },
  });
  const pairs = [
    pair(0, 0, 10, 20),
    pair(100, 0, 210, 20),
    pair(100, 50, 190, 150),
    pair(0, 50, 15, 120),
  ];
  for (const count of [1, 2, 3, 4]) {
    const used = pairs.slice(0, count);
    const map = placementMap({ kind: "pairs", pairs: used }, SIZES);
    for (const { from, to } of used) {
      const { x, y } = mapPoint(map, from);
      assert.ok(Math.hypot(x - to.x, y - to.y) < 1e-6);
    }
  }
  const line = [pair(0, 0, 0, 0), pair(1, 1, 1, 1), pair(2, 2, 2, 2)];
  assert.throws(
    () => placementMap({ kind: "pairs", pairs: line }, SIZES),
    /not on one line/,
  );
  assert.throws(
    () => placementMap({ kind: "pairs", pairs: [] }, SIZES),
    /no pairs/,
  );
});

Deno.test("the objects' motion alone is what is left without the camera's", () => {
  const camera: PlaneMap[] = [
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
    [1, 0, 0, 0, 1, 10, 0, 0, 1],
  ];
  const options = {
    video: VIDEO,
    image: VIDEO,
    placement: { kind: "fit", fit: "cover" },
    camera,
  } as const;
  const both = placeTracks(TRACKS, options);
  assert.deepEqual(both.tracks, TRACKS);
  const object = placeTracks(TRACKS, { ...options, motion: "object" });
  assert.deepEqual([...object.tracks.positions], [
    50,
    25,
    50,
    15,
    60,
    25,
    60,
    25,
  ]);
  const moved = placeTracks(TRACKS, { ...options, motion: "camera" });
  assert.deepEqual([...moved.tracks.positions], [
    50,
    25,
    50,
    35,
    60,
    25,
    60,
    35,
  ]);
  assert.deepEqual([...moved.tracks.visible], [1, 1, 1, 1]);
  assert.throws(
    () => placeTracks(TRACKS, { ...options, camera: [], motion: "camera" }),
    /camera's has 0/,
  );
});

Deno.test("tracks that begin outside of the image are left out and counted", () => {
  const { kept, outside, tracks } = placeTracks(TRACKS, {
    video: VIDEO,
    image: VIDEO,
    placement: { kind: "map", dx: 45 },
  });
  assert.deepEqual(kept, [0]);
  assert.deepEqual(outside, [1]);
  assert.deepEqual([...tracks.positions], [95, 25, 95, 25]);
  assert.deepEqual([...tracks.visible], [1, 0]);
});

Deno.test("beyond the horizon a track is hidden where it was last", () => {
  // The horizon of these pairs is at y = 250.
  const pair = (x: number, y: number, u: number, v: number) => ({
    from: { x, y },
    to: { x: u, y: v },
  });
  const pairs = [
    pair(0, 400, 0, 400),
    pair(600, 400, 600, 400),
    pair(200, 300, 0, 100),
    pair(400, 300, 600, 100),
  ];
  const size = { width: 600, height: 400 };
  const tracks = {
    count: 2,
    frames: 4,
    positions: new Float32Array([
      ...[100, 390, 150, 330, 200, 240, 150, 330],
      ...[300, 100, 300, 120, 300, 140, 300, 390],
    ]),
    visible: new Uint8Array(8).fill(1),
  };
  const options = { video: size, image: size } as const;
  const placed = placeTracks(tracks, {
    ...options,
    placement: { kind: "pairs", pairs },
  });
  assert.deepEqual([placed.kept, placed.outside], [[0], [1]]);
  assert.deepEqual([...placed.tracks.visible], [1, 1, 0, 1]);
  const at = [...placed.tracks.positions];
  assert.deepEqual(at.slice(4, 6), at.slice(2, 4));
  assert.deepEqual(at.slice(6, 8), at.slice(2, 4));
  // The same of a camera's motion: behind the camera nothing is seen.
  const still: PlaneMap = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  const turned: PlaneMap = [1, 0, 0, 0, 1, 0, -1 / 200, 0, 1];
  const camera = placeTracks(tracks, {
    ...options,
    placement: { kind: "fit", fit: "cover" },
    motion: "camera",
    camera: [still, turned, still, turned],
  });
  assert.deepEqual([...camera.tracks.visible], [1, 1, 1, 1, 1, 0, 1, 0]);
  assert.deepEqual([...camera.tracks.positions.subarray(8, 12)], [
    ...[300, 100, 300, 100],
  ]);
});
