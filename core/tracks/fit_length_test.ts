import assert from "node:assert/strict";
import { fitLength } from "./fit_length.ts";

/** A straight line, one px per sample. */
const line = (frames: number) =>
  Float32Array.from(
    Array.from({ length: frames }, (_, t) => [t, 2 * t, 1]).flat(),
  );

const sample = (track: Float32Array, t: number) => [
  ...track.subarray(t * 3, t * 3 + 3),
];

Deno.test("fitLength() pads invisible or cuts", () => {
  const short = fitLength(line(50), { length: "pad" });
  assert.equal(short.length, 363);
  assert.deepEqual(sample(short, 49), [49, 98, 1]);
  assert.deepEqual(sample(short, 50), [0, 0, 0]);
  const long = fitLength(line(200), { length: "pad" });
  assert.deepEqual(long, line(121));
  assert.deepEqual(
    fitLength(line(0), { length: "pad" }),
    new Float32Array(363),
  );
});

Deno.test("fitLength() resamples from end to end", () => {
  for (const frames of [2, 81, 121, 240]) {
    const fitted = fitLength(line(frames), { length: "resample" });
    assert.equal(fitted.length, 363);
    assert.deepEqual(sample(fitted, 0), [0, 0, 1]);
    assert.deepEqual(sample(fitted, 120), [frames - 1, 2 * (frames - 1), 1]);
    for (let t = 0; t <= 120; t++) {
      const expected = t * (frames - 1) / 120;
      assert.ok(Math.abs(fitted[t * 3]! - expected) < 1e-4);
      assert.equal(fitted[t * 3 + 2], 1);
    }
  }
});

Deno.test("fitLength() holds a single sample, and keeps none invisible", () => {
  const held = fitLength(new Float32Array([7, 8, 1]), { length: "resample" });
  assert.deepEqual(sample(held, 120), [7, 8, 1]);
  const none = fitLength(new Float32Array(0), { length: "resample" });
  assert.deepEqual(none, new Float32Array(363));
});

Deno.test("fitLength() never mixes a visible with an invisible sample", () => {
  // Visible at 10, then hidden and padded with (0, 0).
  const track = new Float32Array([10, 10, 1, 0, 0, 0]);
  const fitted = fitLength(track, { length: "resample" });
  for (let t = 0; t <= 120; t++) {
    assert.deepEqual(sample(fitted, t), t < 60 ? [10, 10, 1] : [0, 0, 0]);
  }
});

Deno.test("fitLength() keeps the speed when it knows the rate", () => {
  const halved = fitLength(line(100), { length: "resample", fps: 12 });
  assert.deepEqual(sample(halved, 60), [30, 60, 1]);
  const same = fitLength(line(50), { length: "resample", fps: 24 });
  assert.deepEqual(same, fitLength(line(50), { length: "pad" }));
  const clip = fitLength(line(81), { length: "resample", fps: 16 });
  assert.deepEqual(clip, fitLength(line(81), { length: "resample" }));
  const fast = fitLength(line(60), { length: "resample", fps: 48 });
  assert.deepEqual(sample(fast, 29), [58, 116, 1]);
  assert.deepEqual(sample(fast, 30), [0, 0, 0], "there is nothing more");
});

Deno.test("fitLength() refuses other lengths and rates when asked", () => {
  assert.throws(
    () => fitLength(line(81), { length: "error" }),
    /track of 81 frames, expected 121/,
  );
  assert.deepEqual(fitLength(line(121), { length: "error" }), line(121));
  for (const fps of [0, -1, NaN, Infinity]) {
    assert.throws(
      () => fitLength(line(81), { length: "resample", fps }),
      RangeError,
    );
  }
});
