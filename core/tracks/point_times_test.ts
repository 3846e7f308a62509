import assert from "node:assert/strict";
import { placeSamples, type TimedSamples } from "./point_times.ts";

/** Tracks at these times: x is 10 for each of the points, y is the track. */
function place(
  lists: readonly (readonly object[])[],
): TimedSamples & { readonly seen: string[]; x(track: number): number[] } {
  const tracks = lists.map((list, n) =>
    Float32Array.from(list.flatMap((_, i) => [10 * i, n, 1]))
  );
  const result = placeSamples(tracks, lists, { name: "a.json" });
  const every = (n: number, axis: number) =>
    [...result.tracks[n]!].filter((_, i) => i % 3 === axis);
  return {
    ...result,
    seen: result.tracks.map((_, n) => every(n, 2).join("")),
    x: (n) => every(n, 0),
  };
}

const at = (key: string, ...times: number[]) =>
  times.map((time) => ({ [key]: time }));

/** `length` times from `first` on. */
const from = (first: number, step: number, length: number) =>
  Array.from({ length }, (_, i) => first + i * step);

Deno.test("placeSamples() puts points where their frames are in the file", () => {
  const shot = place([
    at("frame", ...from(1001, 1, 6)),
    at("frame", 1003, 1004, 1005),
    at("frame", 1001, 1002, 1004, 1006),
    at("frame", 1002, 1005),
    at("frame", 1001),
    at("frame", 1004),
    [{}, {}],
  ]);
  assert.deepEqual(shot.seen, [
    ...["111111", "00111", "110101", "01001", "1", "0001", "11"],
  ]);
  assert.deepEqual(shot.x(1), [0, 0, 0, 10, 20]);
  assert.deepEqual(shot.x(2), [0, 10, 0, 20, 0, 30]);
  assert.match(shot.warnings.join(), /^4 frames between points of the same/);
  assert.match(shot.warnings.join(), /1 track of one point is seen in one/);
  assert.match(shot.notes.join(), /by their frames, from 1001 on/);
  assert.equal(shot.fps, undefined);
});

Deno.test("placeSamples() joins frames at an even step by straight lines", () => {
  const { seen, x, warnings } = place([
    at("frame", ...from(0, 2, 61)),
    at("frame", 0, 60, 120),
    at("frame", 10, 20),
    at("frame", 0, 1.5, 3),
    // Frame by frame, with a gap.
    at("frame", 4, 5, 7),
  ]);
  assert.deepEqual(seen, [
    "1".repeat(121),
    "1".repeat(121),
    "0".repeat(10) + "1".repeat(11),
    "1111",
    "00001101",
  ]);
  assert.deepEqual([x(0)[60], x(0)[61], x(0)[120]], [300, 305, 600]);
  assert.deepEqual([x(1)[30], x(1)[60], x(1)[90]], [5, 10, 15]);
  assert.deepEqual([x(2)[9], x(2)[15], x(2)[20]], [0, 5, 10]);
  assert.deepEqual(x(3), [0, 10 / 1.5, 20 / 1.5, 20].map(Math.fround));
  assert.match(warnings.join(), /^1 frames between/);
});

Deno.test("placeSamples() takes the rate of times in seconds and ms", () => {
  const rates: [key: string, fps: number | undefined, times: number[]][] = [
    ["time", 10, from(0, 0.1, 21)],
    ["t", 30, from(0, 1 / 30, 61)],
    ["t", 0.8, from(0, 1.25, 5)],
    ["time", 24, from(3, 1 / 24, 97)],
    ["time", 25, from(0, 40, 50)],
    ["time", 30, from(0, 100 / 3, 50).map(Math.round)],
    // Whole numbers may count frames, and shares say no rate.
    ["t", undefined, from(0, 1, 20)],
    ["t", undefined, from(0, 10, 13)],
    ["t", undefined, from(0, 1 / 120, 121)],
    ["t", undefined, from(0, 100 / 120, 121)],
  ];
  for (const fps of [16, 24, 30, 60]) {
    rates.push(["time", fps, from(0, 1 / fps, 121).map((t) => +t.toFixed(2))]);
  }
  for (const [key, fps, times] of rates) {
    const { seen: [seen], x, ...found } = place([at(key, ...times)]);
    assert.deepEqual([found.fps, seen], [fps, "1".repeat(times.length)]);
    assert.equal(x(0).at(-1), 10 * (times.length - 1));
  }
  assert.equal(place([at("t", ...from(5, 0, 9))]).fps, undefined);
  assert.equal(
    place([from(0, 1, 50).map((n) => ({ frame: n, time: n / 30 }))]).fps,
    30,
  );
  assert.equal(
    place([from(0, 1, 121).map((n) => ({ frame: n, t: n / 120 }))]).fps,
    undefined,
  );
  assert.throws(
    () => place([[0, 1, 2, 5, 6].map((time, frame) => ({ frame, time }))]),
    /point 2 has "time" 2 after 1/,
  );
});

Deno.test("placeSamples() tells shares that do not end at 1 from seconds", () => {
  const shares = [
    from(0, 1 / 121, 121),
    from(0, 1 / 81, 81),
    from(0.1, 0.8 / 120, 121),
    from(0, 1 / 16, 16),
    from(0, 100 / 121, 121),
    from(0.25, 0.25, 3),
  ];
  for (const times of shares) {
    const { fps, seen, warnings } = place([at("t", ...times)]);
    assert.deepEqual([fps, seen], [undefined, ["1".repeat(times.length)]]);
    assert.match(warnings.join(), /were taken as shares of a length/);
  }
  // A rate that a number of samples does not say is told.
  const told = place([at("t", ...from(0.1, 1 / 24, 20))]);
  assert.equal(told.fps, 24);
  assert.match(told.warnings.join(), /say 24 samples per second \(fps/);
  const usual = place([at("t", ...from(0, 1 / 24, 121))]);
  assert.deepEqual([usual.fps, usual.warnings], [24, []]);
  const exact = place([at("t", ...from(0, 1 / 40, 41))]);
  assert.deepEqual([exact.fps, exact.warnings], [undefined, []]);
});

Deno.test("placeSamples() puts tracks that begin later where their times are", () => {
  const { seen, x, fps } = place([
    at("t", ...from(0.5, 1 / 24, 24)),
    at("t", ...from(1, 1 / 24, 4).map((t) => +t.toFixed(2))),
    at("t", ...from(0.5, 1 / 12, 4)),
    at("t", 0.75),
  ]);
  assert.equal(fps, 24);
  assert.deepEqual(seen, [
    "1".repeat(24),
    "0".repeat(12) + "1111",
    "1111111",
    "0000001",
  ]);
  assert.deepEqual(x(2), [0, 5, 10, 15, 20, 25, 30]);
  const counted = place([at("t", 0, 1, 2, 3), at("t", 2, 3)]);
  assert.deepEqual(counted.seen, ["1111", "0011"]);
});

Deno.test("placeSamples() makes no room for a frame beyond all videos", () => {
  assert.throws(() => place([at("frame", 0, 1, 2, 1e9)]), /at most 10000000/);
  assert.throws(
    () => place([at("t", 0, 0.1), at("t", 1e9, 1e9 + 1)]),
    /at most 10000000/,
  );
});
