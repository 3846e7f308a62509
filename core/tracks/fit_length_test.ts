import assert from "node:assert/strict";
import { fitLength, lengthRule } from "./fit_length.ts";
import { trackFrameAt } from "./resample.ts";

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

Deno.test("samples at 16 per second are exactly at the frames that the video shows", () => {
  for (const frames of [81, 49, 5]) {
    for (const length of ["auto", "resample"] as const) {
      const fitted = fitLength(line(frames), { length, fps: 16 });
      for (let k = 0; k < 81; k++) {
        assert.deepEqual(
          sample(fitted, trackFrameAt(k)),
          k < frames ? [k, 2 * k, 1] : [0, 0, 0],
        );
      }
    }
  }
  assert.deepEqual(sample(fitLength(line(81), { length: "auto" }), 5), [
    3.5,
    7,
    1,
  ]);
});

Deno.test("lengths are taken by one rule, and said unless they are ATI's own", () => {
  const cases: [number[], number, RegExp | undefined][] = [
    [[121, 121], 24, undefined],
    [[121, 1], 24, undefined],
    [[121, 60], 24, /1 of 2 tracks are shorter than 121 samples/],
    [[81, 81, 81], 16, /of 81 samples were taken as 16 per second/],
    [[49], 16, /one for each of 49 frames of the video/],
    [[17, 81], 16, /of 17 to 81 samples/],
    [[16], 3, /of 16 samples were spread over the whole 5 seconds/],
    [[60], 11.8, /spread/],
    [[85], 16.8, /spread/],
    [[240], 47.8, /spread/],
    [[1, 1], 24, /one sample were held/],
    [[], 24, undefined],
  ];
  for (const [lengths, fps, note] of cases) {
    const rule = lengthRule(lengths);
    assert.ok(Math.abs(rule.fps - fps) < 1e-9, `${lengths}: ${rule.fps}`);
    if (note) assert.match(rule.note ?? "", note);
    else assert.equal(rule.note, undefined);
  }
});

Deno.test("fitLength() by the rule spreads, holds and ends", () => {
  const auto = (track: Float32Array, fps?: number) =>
    fitLength(track, { length: "auto", ...fps !== undefined && { fps } });
  const spread = auto(line(16));
  assert.deepEqual(sample(spread, 0), [0, 0, 1]);
  assert.deepEqual(sample(spread, 120), [15, 30, 1]);
  for (let frames = 2; frames < 300; frames++) {
    if (frames % 4 === 1 && frames < 81) continue;
    const { fps } = lengthRule([frames]);
    const last = sample(auto(line(frames), fps), 120);
    assert.deepEqual(last, [frames - 1, 2 * frames - 2, 1], `${frames}`);
  }
  const single = new Float32Array([7, 8, 1]);
  for (const fps of [16, 24, 30]) {
    const held = [
      auto(single, fps),
      fitLength(single, { length: "resample", fps }),
    ];
    for (const one of held) assert.deepEqual(sample(one, 120), [7, 8, 1]);
  }
  const ended = auto(line(30), 30);
  assert.deepEqual(sample(ended, 23), [28.75, 57.5, 1]);
  assert.deepEqual(sample(ended, 24), [0, 0, 0]);
  assert.deepEqual(auto(line(121)), line(121));
});

Deno.test("fitLength() mixes visibilities between 0 and 1", () => {
  const fitted = fitLength(new Float32Array([0, 0, 1, 10, 10, 0.5]), {
    length: "resample",
  });
  assert.deepEqual(sample(fitted, 60), [5, 5, 0.75]);
});

Deno.test("fitLength() takes samples at times that vary", () => {
  const track = line(4);
  const times = [0, 0.5, 0.75, 2];
  const fitted = fitLength(track, { length: "auto", times });
  const xs = [0, 12, 15, 18, 48].map((frame) => fitted[3 * frame]);
  assert.deepEqual(xs, [0, 1, 1.5, 2, 3]);
  assert.deepEqual([fitted[3 * 48 + 2], fitted[3 * 49 + 2]], [1, 0]);
  assert.throws(
    () => fitLength(track, { length: "auto", times: [0, 1, 2] }),
    /4 samples by 3 times/,
  );
  for (const wrong of [[0, 2, 1, 3], [-1, 0, 1, 2], [0, NaN, 1, 2]]) {
    assert.throws(
      () => fitLength(track, { length: "resample", times: wrong }),
      /expected times that ascend/,
    );
  }
});
