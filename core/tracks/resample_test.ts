import assert from "node:assert/strict";
import { assertClose, readGolden } from "../../tests/fixtures/golden.ts";
import type { Tensor } from "../base/tensor.ts";
import { processTracks, trackFrameAt, VIDEO_FRAMES } from "./resample.ts";
import { TrackSet } from "./track_set.ts";

/** The reference's stored numbers: eight times x, y, visible. */
function fromRaw(path: string): TrackSet {
  return TrackSet.fromArray(readGolden(path).data.map((value) => value / 8));
}

Deno.test("processTracks() equals process_tracks of motion.py", () => {
  const actual = processTracks(fromRaw("motion/synthetic.raw.npy"), {
    width: 640,
    height: 360,
  });
  const expected = readGolden("motion/synthetic.out.npy");
  assertClose("processTracks, time", actual, expected, { max: 5e-7 });
  const noTime = ({ dims, data }: Tensor) => ({
    dims,
    data: data.map((value, i) => i % 4 ? value : 0),
  });
  assertClose("processTracks, x y visible", noTime(actual), noTime(expected), {
    max: 0,
  });
});

Deno.test("trackFrameAt() drops every third frame from 2 on", () => {
  const kept = Array.from({ length: VIDEO_FRAMES }, (_, i) => trackFrameAt(i));
  assert.deepEqual(kept.slice(0, 8), [0, 1, 3, 4, 6, 7, 9, 10]);
  assert.equal(kept.at(-1), 120);
  assert.ok(kept.every((frame) => frame % 3 !== 2));
  assert.equal(new Set(kept).size, 81);
});

Deno.test("processTracks() divides both axes by the short edge", () => {
  const corner = TrackSet.fromPoints([[{ x: 400, y: 1000, visible: true }]]);
  const { data } = processTracks(corner, { width: 400, height: 1000 });
  assert.deepEqual([...data.slice(0, 4)], [-1, 1, 2.5, 1]);
});

Deno.test("processTracks() marks invisible samples with -1", () => {
  const once = TrackSet.fromPoints([[{ x: 1, y: 1, visible: true }]]);
  const { data } = processTracks(once, { width: 2, height: 2 });
  assert.equal(data[3], 1);
  assert.equal(data[7], -1);
});

Deno.test("processTracks() takes an empty set", () => {
  const { dims } = processTracks(TrackSet.fromArray([]), {
    width: 2,
    height: 2,
  });
  assert.deepEqual(dims, [81, 0, 4]);
});

Deno.test("processTracks() refuses sizes that are none", () => {
  const none = TrackSet.fromArray([]);
  for (const width of [0, -1, NaN, Infinity]) {
    assert.throws(() => processTracks(none, { width, height: 2 }), RangeError);
  }
});
