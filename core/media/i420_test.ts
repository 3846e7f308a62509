import assert from "node:assert/strict";
import { toI420 } from "./i420.ts";

/** The three values of an image of one color. */
function valuesOf(...rgb: readonly [number, number, number]): number[] {
  const data = Uint8Array.from([...rgb, ...rgb, ...rgb, ...rgb]);
  const planes = toI420({ width: 2, height: 2, data });
  assert.equal(new Set(planes.subarray(0, 4)).size, 1);
  return [planes[0]!, planes[4]!, planes[5]!];
}

Deno.test("toI420() has the primaries where BT.709's color bars have them", () => {
  assert.deepEqual(valuesOf(0, 0, 0), [16, 128, 128]);
  assert.deepEqual(valuesOf(255, 255, 255), [235, 128, 128]);
  assert.deepEqual(valuesOf(255, 0, 0), [63, 102, 240]);
  assert.deepEqual(valuesOf(0, 255, 0), [173, 42, 26]);
  assert.deepEqual(valuesOf(0, 0, 255), [32, 240, 118]);
});

Deno.test("toI420() keeps every pixel's brightness, and the mean of four colors", () => {
  const width = 4, height = 2;
  const data = new Uint8Array(3 * width * height);
  data.set([255, 0, 0], 3 * 1); // one red pixel at (1, 0)
  data.set([0, 0, 255], 3 * 7); // one blue pixel at (3, 1)
  const planes = toI420({ width, height, data });
  assert.deepEqual([...planes.subarray(0, 8)], [
    16,
    63,
    16,
    16,
    16,
    16,
    16,
    32,
  ]);
  assert.deepEqual([...planes.subarray(8)], [122, 156, 156, 125]);
});

Deno.test("toI420() refuses odd sides", () => {
  const data = new Uint8Array(3 * 3 * 2);
  assert.throws(() => toI420({ width: 3, height: 2, data }), /3 x 2 px/);
});
