import assert from "node:assert/strict";
import {
  anchorGrid,
  applyCameraMove,
  applyCameraMoves,
  mergeTracks,
} from "./camera.ts";
import { LongTracks } from "./long_tracks.ts";
import { TrackSet } from "./track_set.ts";

const CENTER = { x: 320, y: 180 };

/** One track that walks one px to the right per frame from (100, 50). */
const walk = TrackSet.fromArray(
  Array.from({ length: 121 }, (_, t) => [100 + t, 50, 1]).flat(),
);

function near(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) < 1e-3,
    `${actual}, expected ${expected}`,
  );
}

Deno.test("applyCameraMoves() pans on top of the track's own motion", () => {
  const moved = applyCameraMoves(walk, { kind: "pan", dx: 2, dy: -0.5 });
  assert.equal(moved.x(0, 0), 100);
  assert.equal(moved.x(0, 10), 130);
  assert.equal(moved.y(0, 10), 45);
  assert.equal(moved.x(0, 120), 460);
  // A track that is named twice is moved once.
  const pan = { kind: "pan", dx: 2, dy: 0 } as const;
  assert.equal(applyCameraMoves(walk, pan, { tracks: [0, 0] }).x(0, 10), 130);
});

Deno.test("applyCameraMoves() zooms by the same factor in every second", () => {
  const grid = anchorGrid({ width: 640, height: 360 }, { columns: 2, rows: 2 });
  const moved = applyCameraMoves(grid, {
    kind: "zoom",
    factor: 4,
    center: CENTER,
  });
  near(moved.x(0, 0), 160);
  near(moved.x(0, 60), 320 - 160 * 2);
  near(moved.x(0, 120), 320 - 160 * 4);
  near(moved.y(3, 120), 180 + 90 * 4);
});

Deno.test("applyCameraMoves() turns clockwise on the screen", () => {
  const right = applyCameraMove({ x: 420, y: 180 }, {
    kind: "rotate",
    degrees: 90,
    center: CENTER,
  }, 120);
  near(right.x, 320);
  near(right.y, 280); // y points down
});

Deno.test("no move touches frame 0, invisible samples or other tracks", () => {
  const half = TrackSet.fromPoints([[
    { x: 10, y: 10, visible: true },
    { x: 11, y: 10, visible: true },
  ]]);
  const set = mergeTracks(walk, half);
  for (
    const move of [
      { kind: "pan", dx: 5, dy: 5 },
      { kind: "zoom", factor: 2, center: CENTER },
      { kind: "rotate", degrees: 45, center: CENTER },
    ] as const
  ) {
    const moved = applyCameraMoves(set, move, { tracks: [1] });
    assert.deepEqual(moved.track(0), set.track(0));
    assert.deepEqual(moved.track(1)[0], set.track(1)[0]);
    assert.notDeepEqual(moved.track(1)[1], set.track(1)[1]);
    assert.deepEqual(moved.track(1).slice(2), set.track(1).slice(2));
  }
});

Deno.test("applyCameraMoves() applies several moves one after the other", () => {
  const pan = { kind: "pan", dx: 1, dy: 0 } as const;
  const zoom = { kind: "zoom", factor: 2, center: CENTER } as const;
  const together = applyCameraMoves(walk, [pan, zoom]);
  const oneByOne = applyCameraMoves(applyCameraMoves(walk, pan), zoom);
  near(together.x(0, 120), oneByOne.x(0, 120));
  near(together.x(0, 120), 320 + (340 - 320) * 2);
  const otherWay = applyCameraMoves(walk, [zoom, pan]);
  near(otherWay.x(0, 120), 320 + (220 - 320) * 2 + 120);
});

Deno.test("applyCameraMoves() with a move and its opposite changes nothing", () => {
  const back = applyCameraMoves(walk, [
    { kind: "zoom", factor: 3, center: CENTER },
    { kind: "rotate", degrees: 30, center: CENTER },
    { kind: "rotate", degrees: -30, center: CENTER },
    { kind: "zoom", factor: 1 / 3, center: CENTER },
  ]);
  for (let t = 0; t <= 120; t++) near(back.x(0, t), walk.x(0, t));
});

Deno.test("applyCameraMoves() refuses tracks and numbers that are none", () => {
  const pan = { kind: "pan", dx: 1, dy: 0 } as const;
  for (const track of [-1, 1, 0.5, NaN]) {
    assert.throws(
      () => applyCameraMoves(walk, pan, { tracks: [track] }),
      RangeError,
    );
  }
  assert.throws(() => applyCameraMoves(walk, { ...pan, dx: NaN }), /dx NaN/);
  for (const factor of [0, -1, NaN, Infinity]) {
    assert.throws(
      () => applyCameraMoves(walk, { kind: "zoom", factor, center: CENTER }),
      /Cannot zoom with factor/,
    );
  }
  assert.throws(
    () =>
      applyCameraMoves(walk, {
        kind: "rotate",
        degrees: 1,
        center: { x: NaN, y: 0 },
      }),
    /center\.x NaN/,
  );
});

Deno.test("anchorGrid() stands still in the middle of its cells", () => {
  const grid = anchorGrid({ width: 300, height: 100 }, { columns: 3, rows: 1 });
  assert.deepEqual([0, 1, 2].map((i) => grid.x(i, 77)), [50, 150, 250]);
  assert.equal(grid.y(2, 120), 50);
  assert.ok(grid.visible(1, 120));
  assert.throws(
    () => anchorGrid({ width: 300, height: 100 }, { columns: 0, rows: 1 }),
    RangeError,
  );
  assert.throws(
    () => anchorGrid({ width: NaN, height: 100 }, { columns: 1, rows: 1 }),
    RangeError,
  );
});

Deno.test("mergeTracks() keeps the order, and takes none", () => {
  const grid = anchorGrid({ width: 300, height: 100 }, { columns: 1, rows: 1 });
  const merged = mergeTracks(walk, grid, walk);
  assert.deepEqual(merged.track(1), grid.track(0));
  assert.deepEqual(merged.track(2), walk.track(0));
  assert.equal(mergeTracks().count, 0);
});

Deno.test("anchorGrid() takes a whole image for its size", () => {
  const image = { width: 40, height: 20, data: new Uint8Array(2400) };
  const grid = anchorGrid(image, { columns: 2, rows: 1 });
  assert.deepEqual([grid.x(0, 0), grid.y(1, 120)], [10, 10]);
});

/** A track that walks for ten seconds, one px per frame from (100, 50). */
const longWalk = LongTracks.fromPoints([
  Array.from({ length: 241 }, (_, t) => ({ x: 100 + t, y: 50, visible: true })),
], { frames: 241 });

Deno.test("applyCameraMoves() moves longer tracks to their end", () => {
  const panned = applyCameraMoves(longWalk, { kind: "pan", dx: -1, dy: 2 });
  assert.equal(panned.frames, 241);
  assert.deepEqual([panned.x(0, 240), panned.y(0, 240)], [100, 530]);
  const zoom = { kind: "zoom", factor: 4, center: { x: 100, y: 0 } } as const;
  const zoomed = applyCameraMoves(longWalk, zoom);
  near(zoomed.y(0, 120), 100);
  near(zoomed.y(0, 240), 200);
  const eased = applyCameraMoves(longWalk, zoom, { easing: "ease-in" });
  near(eased.y(0, 240), 200);
  assert.ok(eased.y(0, 120) < 90);
  assert.throws(
    () => applyCameraMoves(longWalk, { kind: "pan", dx: 3e38, dy: 0 }),
    /Infinity as x of track 0 at frame 2,/,
  );
});

Deno.test("mergeTracks() is as long as the longest, and holds static anchors", () => {
  const anchors = anchorGrid({ width: 4, height: 4 }, { columns: 1, rows: 1 });
  const merged = mergeTracks(walk, anchors, longWalk);
  assert.deepEqual([merged.count, merged.frames], [3, 241]);
  const seen = (frame: number) =>
    [0, 1, 2].map((n) => merged.visible(n, frame));
  assert.deepEqual(seen(120), [true, true, true]);
  assert.deepEqual(seen(121), [false, true, true]);
  assert.deepEqual(seen(240), [false, true, true]);
  assert.deepEqual([merged.x(1, 240), merged.y(1, 240)], [2, 2]);
  assert.equal(merged.x(2, 240), 340);
  assert.ok(mergeTracks(walk, anchors) instanceof TrackSet);
});
