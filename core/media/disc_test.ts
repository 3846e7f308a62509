import assert from "node:assert/strict";
import { readGolden } from "../../tests/fixtures/golden.ts";
import { discReach, drawPixelDisc } from "./disc.ts";

Deno.test("drawPixelDisc() fills the very pixels of OpenCV's circles", () => {
  const masks = readGolden("tools/circle_masks.npy"); // (6, 15, 15), radius 1 to 6
  let wrong = 0;
  for (let radius = 1; radius <= 6; radius++) {
    const image = { width: 15, height: 15, data: new Uint8Array(675) };
    drawPixelDisc(image, { x: 7, y: 7, reach: discReach(radius) }, [1, 1, 1]);
    for (let i = 0; i < 225; i++) {
      const expected = masks.data[(radius - 1) * 225 + i]! ? 1 : 0;
      if (image.data[3 * i] !== expected) wrong++;
    }
  }
  console.log(`circle_masks: ${wrong} of ${6 * 225} pixels differ`);
  assert.equal(wrong, 0);
});

Deno.test("drawPixelDisc() cuts off what is outside and wraps nothing", () => {
  for (const [x, y] of [[-1, 2], [5, 2], [2, -1], [2, 5], [-9, -9], [2, 99]]) {
    const guarded = new Uint8Array(75 + 60);
    const image = { width: 5, height: 5, data: guarded.subarray(30, 105) };
    drawPixelDisc(image, { x: x!, y: y!, reach: discReach(2) }, [7, 7, 7]);
    for (let i = 0; i < 25; i++) {
      const dx = Math.abs((i % 5) - x!), dy = Math.abs(Math.floor(i / 5) - y!);
      const inside = dy <= 2 && dx <= discReach(2)[dy]!;
      assert.equal(image.data[3 * i], inside ? 7 : 0, `(${x}, ${y}) at ${i}`);
    }
    assert.ok(guarded.subarray(0, 30).every((value) => value === 0));
    assert.ok(guarded.subarray(105).every((value) => value === 0));
  }
});

Deno.test("discReach() refuses what is no radius", () => {
  for (const radius of [-1, 1.5, NaN, Infinity, 10_001]) {
    assert.throws(() => discReach(radius), RangeError);
  }
  assert.deepEqual([...discReach(0)], [0]);
});
