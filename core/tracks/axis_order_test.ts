import assert from "node:assert/strict";
import type { NpyArray } from "../formats/npy.ts";
import { type AxisHints, findAxisOrder } from "./axis_order.ts";

type Place = (track: number, frame: number) => [x: number, y: number];

/** Points at (track, frame), as an array of this shape with these axes. */
function points(dims: number[], axes: "nt" | "tn", at: Place): NpyArray {
  const [rows, columns] = dims.slice(-3) as [number, number];
  const data = Float32Array.from(
    Array.from({ length: rows * columns }, (_, cell) => {
      const row = Math.floor(cell / columns), column = cell % columns;
      return axes === "nt" ? at(row, column) : at(column, row);
    }).flat(),
  );
  return { dims, descr: "<f4", data };
}

const find = (array: NpyArray, hints: Omit<AxisHints, "name"> = {}) =>
  findAxisOrder(array, { name: "a.npy", ...hints });

/** A number from 0 to 1 that looks random. */
const scatter = (seed: number) => {
  const wave = Math.sin(seed * 12.9898) * 43758.5453;
  return wave - Math.floor(wave);
};

/** Where tracks are at first, and how they move from there. */
const STARTS: Record<string, (n: number) => [number, number]> = {
  "scattered": (n) => [50 + 700 * scatter(n), 50 + 400 * scatter(n + 1e3)],
  "a grid of 27x3": (n) => [50 + 25 * (n % 27), 50 + 145 * Math.floor(n / 27)],
};
const MOTIONS: Record<string, (t: number) => [number, number]> = {
  "even": (t) => [3 * t, -t],
  "eased": (t) => [200 * Math.sin(t / 80) ** 2, 0],
  "shaking": (t) => [4 * t + 3 * Math.sin(t * t), 3 * Math.cos(t * t)],
  "at rest": (t) => [0.1 * scatter(t), 0.1 * scatter(-t)],
};

/** Each start with each motion; some points are lost, as trackers leave them. */
function eachScene(test: (what: string, at: Place) => void): void {
  for (const [where, start] of Object.entries(STARTS)) {
    for (const [how, motion] of Object.entries(MOTIONS)) {
      test(`${where}, ${how}`, (n, t) => {
        if ((n * 7 + t) % 11 === 0) return n % 2 ? [0, 0] : [NaN, NaN];
        const [x, y] = start(n), [dx, dy] = motion(t);
        return [x + dx, y + dy];
      });
    }
  }
}

Deno.test("findAxisOrder() looks at the points where length and name disagree", () => {
  eachScene((what, at) => {
    for (const [frames, count] of [[50, 81], [50, 121], [81, 121]] as const) {
      // CoTracker with as many points as videos have frames.
      const named = { likely: "time-first" } as const;
      for (const hints of [named, {}]) {
        const batch = points([1, frames, count, 2], "tn", at);
        assert.deepEqual(
          find(batch, hints),
          { order: "time-first", warnings: [] },
          `${what}: ${frames} x ${count}`,
        );
      }
      // TAPIR with a video of that length; a list of such tracks.
      const tapir = points([1, 50, count, 2], "nt", at);
      assert.equal(find(tapir).order, "tracks-first", what);
      const list = points([50, count, 2], "nt", at);
      assert.equal(find(list, named).order, "tracks-first", what);
    }
  });
});

Deno.test("findAxisOrder() takes lengths where the points do not tell", () => {
  const unclear: Record<string, Place> = {
    "in one place": () => [5, 5],
    "lost": () => [NaN, NaN],
    "evenly spaced, eased": (n, t) => [100 * n + 90 * Math.sin(t / 77), 5],
    "close and fast": (n, t) => [n + 5 * t, 5],
  };
  for (const [what, at] of Object.entries(unclear)) {
    for (const frames of [121, 81]) {
      const { order, warnings } = find(points([1, 5, frames, 2], "nt", at));
      assert.deepEqual([order, warnings], ["tracks-first", []], what);
    }
  }
});

Deno.test("findAxisOrder() takes even rows and equal tracks for no motion", () => {
  const ease = (t: number) => 30 * t - 0.1 * t * t;
  const scenes: [what: string, count: number, at: Place][] = [
    ["a row", 9, (n, t) => [100 + 10 * n + ease(t), 300]],
    ["a close row", 5, (n, t) => [20 + 3 * n + ease(t) / 4, 300]],
    ["a pole", 5, (n, t) => [20 + 6 * t + 0.002 * t * t, 300 + 2.9 * n]],
    ["a shaking row", 9, (n, t) => [20 + 3 * n + 20 * scatter(t), 300]],
    ["equal tracks", 3, (_, t) => [100 + ease(t), 300]],
    ["equal tracks, shaking", 20, (_, t) => [100 * scatter(t), 300]],
  ];
  for (const [what, count, at] of scenes) {
    for (const frames of [121, 81]) {
      const rows = points([frames, count, 2], "tn", at);
      const list = find(rows, { likely: "tracks-first" });
      const batch = find(points([1, count, frames, 2], "nt", at));
      assert.deepEqual(
        [list.order, batch.order],
        ["time-first", "tracks-first"],
      );
      // Where the name and jumping points agree, that is told.
      const told = Number(what === "a shaking row");
      assert.equal(list.warnings.length, told, what);
      assert.equal(batch.warnings.length, told, what);
      const usual = find(rows, { likely: "time-first" });
      assert.deepEqual(usual, { order: "time-first", warnings: [] }, what);
    }
    const list = points([count, 16, 2], "nt", at);
    if (count < 9) {
      assert.equal(find(list, { likely: "tracks-first" }).warnings.length, 0);
    }
  }
  // Anchors of one frame, in a row and in two.
  const row: Place = (n) => [20 + 10 * n, 100];
  const anchors = find(points([1, 12, 2], "tn", row), { likely: "time-first" });
  assert.deepEqual(anchors, { order: "time-first", warnings: [] });
  const two: Place = (n) => [20 * (n % 25), 100 + 200 * Math.floor(n / 25)];
  const grid = points([1, 50, 2], "tn", two);
  assert.throws(() => find(grid), /Cannot tell/);
  const told = find(grid, { otherwise: "tracks-first" });
  assert.match(told.warnings.join(), /read as one track, .* "time-first"/);
});

Deno.test("findAxisOrder() takes the longer axis of one track, if it is a path", () => {
  const path: Place = (n, t) => [t * t, 300 * n + 50 * Math.sin(t / 9)];
  const still: Place = () => [70, 80];
  for (const at of [path, still]) {
    for (const batch of [[], [1]]) {
      const across = points([...batch, 1, 50, 2], "nt", at);
      const down = points([...batch, 50, 1, 2], "tn", at);
      assert.equal(find(across).order, "tracks-first");
      assert.equal(find(down).order, "time-first");
    }
  }
  // Lists of points in JSON are tracks, also of one point each.
  const list = points([50, 1, 2], "tn", path);
  const first = find(list, { likely: "tracks-first" });
  assert.deepEqual([first.order, first.warnings.length], ["tracks-first", 1]);
  const otherwise = "tracks-first";
  assert.throws(() => find(list, { otherwise }), /shape is \(50, 1, 2\)/);
  assert.equal(
    find(points([50, 1, 2], "nt", STARTS.scattered!), { otherwise }).order,
    otherwise,
  );
  // Many points of one frame, as a corner detector finds them.
  for (const start of Object.values(STARTS)) {
    const array = points([50, 1, 2], "nt", start);
    assert.throws(() => find(array), /its shape is \(50, 1, 2\)/);
    const batch = points([1, 1, 50, 2], "tn", start);
    assert.equal(find(batch).order, "time-first");
  }
});

Deno.test("findAxisOrder() warns or asks where the points say the other order", () => {
  eachScene((what, at) => {
    const first = points([60, 40, 2], "tn", at);
    const { order, warnings } = find(first, { likely: "tracks-first" });
    assert.equal(order, "tracks-first", what);
    assert.match(
      warnings.join(),
      /\(60, 40, 2\) was read as tracks x frames, but .*order "time-first"/,
    );
    const otherwise = "tracks-first";
    assert.throws(() => find(first, { otherwise }), /Cannot tell tracks/);
    assert.deepEqual(find(points([40, 60, 2], "nt", at), { otherwise }), {
      order: otherwise,
      warnings: [],
    });
    const batch = find(points([1, 40, 60, 2], "nt", at));
    assert.equal(batch.order, "time-first");
    assert.equal(batch.warnings.length, 1, what);
  });
  // Two tracks are enough.
  const pair: Place = (n, t) => [80 * n + 3 * t, 40];
  const otherwise = "tracks-first";
  const rows = points([60, 2, 2], "tn", pair);
  assert.throws(() => find(rows, { otherwise }), /Cannot tell tracks/);
  const list = find(points([2, 60, 2], "nt", pair), { otherwise });
  assert.deepEqual(list, { order: otherwise, warnings: [] });
});
