import assert from "node:assert/strict";
import type { RgbImage } from "../base/image.ts";
import {
  drawDisc,
  drawLine,
  drawNumber,
  fillConvex,
  numberSize,
} from "./draw.ts";

const blank = (width = 40, height = 40): RgbImage => ({
  width,
  height,
  data: new Uint8Array(3 * width * height),
});
const WHITE = [255, 255, 255] as const;

/** The ink in an image, in full pixels. */
const ink = ({ data }: RgbImage) =>
  data.reduce((sum, value, i) => i % 3 ? sum : sum + value / 255, 0);

Deno.test("drawDisc(), drawLine() and fillConvex() cover the areas of their shapes", () => {
  const disc = blank();
  drawDisc(disc, { x: 20.3, y: 19.6 }, { radius: 8, color: WHITE });
  assert.ok(Math.abs(ink(disc) - Math.PI * 64) < 1, `disc ${ink(disc)}`);

  const line = blank();
  drawLine(line, [{ x: 10, y: 8 }, { x: 28, y: 32 }], {
    width: 6,
    color: WHITE,
  });
  const capsule = 30 * 6 + Math.PI * 9;
  assert.ok(Math.abs(ink(line) - capsule) < 2, `line ${ink(line)}`);

  for (const turn of [1, -1]) {
    const triangle = blank();
    const corners = [{ x: 4, y: 4 }, { x: 34, y: 8 }, { x: 12, y: 34 }];
    fillConvex(triangle, turn > 0 ? corners : corners.reverse(), {
      color: WHITE,
    });
    assert.ok(Math.abs(ink(triangle) - 434) < 3, `triangle ${ink(triangle)}`);
  }
});

Deno.test("drawDisc() has the place of a pixel at its center", () => {
  const disc = blank();
  drawDisc(disc, { x: 20, y: 20 }, { radius: 5.4, color: WHITE });
  // About (20, 20), the corner that four pixels share, it is the same all over.
  for (let y = 0; y < 40; y++) {
    for (let x = 0; x < 40; x++) {
      const at = (column: number, row: number) =>
        disc.data[3 * (row * 40 + column)];
      assert.equal(at(x, y), at(39 - x, y));
      assert.equal(at(x, y), at(x, 39 - y));
    }
  }
});

Deno.test("drawLine() joins segments without a gap", () => {
  const image = blank();
  const bend = [{ x: 6, y: 30 }, { x: 20, y: 10 }, { x: 34, y: 30 }];
  drawLine(image, [bend[0]!, bend[1]!], { width: 10, color: WHITE });
  drawLine(image, [bend[1]!, bend[2]!], { width: 10, color: WHITE });
  // Just outside the bend, where two butt ends would leave a wedge.
  assert.equal(image.data[3 * (6 * 40 + 20)], 255);
});

Deno.test("drawLine() of no length is a dot; a convex outline of no area is nothing", () => {
  const dot = blank();
  drawLine(dot, [{ x: 20, y: 20 }, { x: 20, y: 20 }], {
    width: 8,
    color: WHITE,
  });
  assert.ok(Math.abs(ink(dot) - Math.PI * 16) < 1);
  const flat = blank();
  fillConvex(flat, [{ x: 1, y: 1 }, { x: 9, y: 9 }, { x: 17, y: 17 }], {
    color: WHITE,
  });
  fillConvex(flat, [{ x: 5, y: 5 }], { color: WHITE });
  assert.equal(ink(flat), 0);
});

Deno.test("drawNumber() draws every digit differently, within its size", () => {
  const seen = new Set<string>();
  for (let value = 0; value < 10; value++) {
    const image = blank();
    drawNumber(image, { x: 3, y: 5 }, {
      value,
      scale: 2,
      color: WHITE,
      rim: [9, 9, 9],
    });
    const { width, height } = numberSize(value, 2);
    image.data.forEach((level, i) => {
      const x = Math.floor(i / 3) % 40, y = Math.floor(i / 120);
      const inside = x >= 3 && x < 3 + width && y >= 5 && y < 5 + height;
      assert.ok(inside || level === 0, `${value} at ${x}, ${y}`);
    });
    seen.add(image.data.join());
  }
  assert.equal(seen.size, 10);
  assert.deepEqual(numberSize(123, 1), { width: 19, height: 9 });
});
