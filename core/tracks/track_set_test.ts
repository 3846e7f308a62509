import assert from "node:assert/strict";
import { TRACK_FRAMES, TrackSet } from "./track_set.ts";

/** The numbers of one track that stands at (1, 2). */
function still(visible = 1): number[] {
  return Array.from({ length: TRACK_FRAMES }, () => [1, 2, visible]).flat();
}

Deno.test("TrackSet keeps visibility from 0 to 1, sees from above 0.5, and never NaN", () => {
  for (
    const [value, visible, kept] of [
      [0.5, false, 0.5],
      [0.75, true, 0.75],
      [0.25, false, 0.25],
      [8, true, 1],
      [-1, false, 0],
      [NaN, false, 0],
    ] as const
  ) {
    const set = TrackSet.fromArray(still(value));
    assert.equal(set.visible(0, 60), visible, `${value}`);
    assert.equal(set.visibility(0, 60), kept);
    assert.equal(set.toArray()[2], kept);
  }
});

Deno.test("TrackSet cannot be changed through what it was made of or gives out", () => {
  const numbers = Float32Array.from(still());
  const set = TrackSet.fromArray(numbers);
  numbers[0] = 9;
  set.toArray()[0] = 9;
  assert.equal(set.x(0, 0), 1);
});

Deno.test("TrackSet.fromPoints() pads with invisible points", () => {
  const set = TrackSet.fromPoints([[{ x: 3, y: 4, visible: true }], []]);
  assert.equal(set.count, 2);
  assert.deepEqual(set.track(0)[0], { x: 3, y: 4, visible: true });
  assert.deepEqual(set.track(0)[1], { x: 0, y: 0, visible: false });
  assert.equal([...set].length, 2);
});

Deno.test("TrackSet refuses what it cannot hold, by track and frame", () => {
  assert.throws(
    () => TrackSet.fromArray(still().slice(1)),
    /362 numbers, expected a multiple of 363/,
  );
  const broken = [...still(), ...still()];
  broken[363 + 3 * 7 + 1] = Infinity;
  assert.throws(
    () => TrackSet.fromArray(broken),
    /Infinity as y of track 1 at frame 7/,
  );
  const long = Array.from(
    { length: 122 },
    () => ({ x: 0, y: 0, visible: true }),
  );
  assert.throws(() => TrackSet.fromPoints([long]), /track 0: it has 122/);
  const set = TrackSet.fromArray(still());
  assert.throws(() => set.x(1, 0), /Cannot read track 1: the set has 1/);
  assert.throws(() => set.y(0, 121), /Cannot read frame 121/);
});
