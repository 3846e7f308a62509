import assert from "node:assert/strict";
import type { RgbImage } from "../base/image.ts";
import { buildTexture } from "./_texture.ts";
import type { MotionMesh } from "./motion_plan.ts";
import { createWarp } from "./warp.ts";

/** An image from a formula, 0 to 255. */
function testImage(
  width: number,
  height: number,
  value: (x: number, y: number, channel: number) => number,
): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    data[i] = value(pixel % width, Math.floor(pixel / width), i % 3);
  }
  return { width, height, data };
}

/** A mesh of `cells` by `cells` from a formula, in 0..1. */
function meshOf(
  cells: number,
  place: (x: number, y: number) => readonly [number, number],
): MotionMesh {
  const source = new Float32Array(2 * (cells + 1) ** 2);
  for (let j = 0, k = 0; j <= cells; j++) {
    for (let i = 0; i <= cells; i++, k += 2) {
      source.set(place(i / cells, j / cells), k);
    }
  }
  return { columns: cells, rows: cells, source };
}

const REST = meshOf(7, (x, y) => [x, y]);

const noise = testImage(
  37,
  23,
  (x, y, c) => (x * 7919 + y * 104729 + c * 31) % 256,
);

function largestGap(a: RgbImage, b: RgbImage): number {
  assert.equal(a.data.length, b.data.length);
  return a.data.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)),
    0,
  );
}

Deno.test("createWarp() at rest gives the image, byte for byte", () => {
  assert.deepEqual(createWarp(noise, noise)(REST), noise);
});

Deno.test("createWarp() shifts by whole pixels, mirrored at the border", () => {
  const shift = createWarp(noise, noise)(
    meshOf(5, (x, y) => [x + 3 / 37, y]),
  );
  for (let y = 0; y < 23; y++) {
    for (let x = 0; x < 34; x++) {
      for (let c = 0; c < 3; c++) {
        assert.equal(
          shift.data[3 * (y * 37 + x) + c],
          noise.data[3 * (y * 37 + x + 3) + c],
        );
      }
    }
  }
  // Just beyond the right border comes the last column again.
  const near = (x: number) => [shift.data[3 * (11 * 37 + x)]!];
  const last = noise.data[3 * (11 * 37 + 36)]!;
  assert.ok(Math.abs(near(33)[0]! - last) <= 1);
  const smooth = testImage(64, 8, (x) => 4 * x);
  const out = createWarp(smooth, smooth)(meshOf(8, (x, y) => [x + 0.05, y]));
  for (let x = 61; x < 64; x++) {
    const mirrored = 4 * (127 - (x + 3.2));
    assert.ok(Math.abs(out.data[3 * (4 * 64 + x)]! - mirrored) < 12);
  }
});

Deno.test("createWarp() blurs hardly at all between pixels", () => {
  const ramp = testImage(60, 10, (x) => 4 * x);
  const out = createWarp(ramp, ramp)(meshOf(6, (x, y) => [x - 0.5 / 60, y]));
  for (let x = 2; x < 58; x++) {
    assert.ok(Math.abs(out.data[3 * (5 * 60 + x)]! - (4 * x - 2)) <= 1);
  }
});

Deno.test("createWarp() scales to any size without aliases", () => {
  // Stripes too fine for the output must come out gray.
  const stripes = testImage(400, 300, (x, y) => (x + y) % 2 * 255);
  const small = createWarp(stripes, { width: 50, height: 31 })(REST);
  assert.equal(small.width, 50);
  assert.equal(small.height, 31);
  assert.ok(small.data.every((value) => Math.abs(value - 127.5) < 3));
  const ramp = testImage(100, 40, (x, y, c) => c === 0 ? 2 * x : 3 * y);
  const large = createWarp(ramp, { width: 250, height: 90 })(REST);
  const expected = testImage(250, 90, (x, y, c) =>
    Math.round(
      c === 0
        ? Math.min(198, Math.max(0, 2 * ((x + 0.5) / 2.5 - 0.5)))
        : Math.min(117, Math.max(0, 3 * ((y + 0.5) / 2.25 - 0.5))),
    ));
  assert.ok(largestGap(large, expected) <= 2);
});

Deno.test("createWarp() does not alias where the mesh squeezes", () => {
  const stripes = testImage(256, 256, (x) => x % 2 * 255);
  const out = createWarp(stripes, stripes)(
    meshOf(8, (x, y) => [x < 0.75 ? 0.1 * x : 0.075 + 3.7 * (x - 0.75), y]),
  );
  // On the right more than three pixels fall on one.
  for (let x = 200; x < 250; x++) {
    const value = out.data[3 * (128 * 256 + x)]!;
    assert.ok(Math.abs(value - 127.5) < 40, `${value} at ${x}`);
  }
});

/** The pixel at an index, or the mirrored one beyond the border. */
function mirrored(index: number, length: number): number {
  return index < 0 ? -1 - index : Math.min(index, 2 * length - 1 - index);
}

Deno.test("createWarp() takes every pixel between four, to the last bit", () => {
  const size = { width: 41, height: 29 };
  const image = testImage(
    41,
    29,
    (x, y, c) => (x * 7919 + y * 104729 + c * 3571 + x * y * 17) % 256,
  );
  const texture = buildTexture(image, size)[0]!;
  const cells = 16;
  // Slow at the borders, where the mirrored image is needed then; nowhere so
  // fast that smaller copies are mixed in.
  const slow = (t: number) =>
    t === 0 || t === 1 ? t : (t - 0.5) * (1 - 0.8 / cells) * 16 / 14 + 0.5;
  const place = (x: number, y: number) =>
    [slow(x), slow(y) + 0.05 * x * (1 - x) * y * (1 - y)] as const;
  const mesh = meshOf(cells, place);
  const at = (i: number, j: number, axis: number) =>
    mesh.source[2 * (j * (cells + 1) + i) + axis]!;
  const out = createWarp(image, size)(mesh);
  let compared = 0;
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const u = (x + 0.5) / size.width * cells;
      const v = (y + 0.5) / size.height * cells;
      const i = Math.floor(u), j = Math.floor(v);
      const between = (axis: number) => {
        const upper = at(i, j, axis) * (1 - u + i) +
          at(i + 1, j, axis) * (u - i);
        const lower = at(i, j + 1, axis) * (1 - u + i) +
          at(i + 1, j + 1, axis) * (u - i);
        return upper * (1 - v + j) + lower * (v - j);
      };
      // In 16ths of the texture's pixels, from the center of the first.
      const px = 16 * between(0) * texture.width - 7.5;
      const py = 16 * between(1) * texture.height - 7.5;
      const near = [px, py].some((p) => Math.abs(p - Math.round(p)) < 1e-6);
      if (near) continue; // both neighbors are right
      const [ix, iy] = [Math.floor(px), Math.floor(py)];
      const fx = ix - 16 * Math.floor(ix / 16),
        fy = iy - 16 * Math.floor(iy / 16);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
          const column = mirrored(Math.floor(ix / 16) + dx, texture.width);
          const line = mirrored(Math.floor(iy / 16) + dy, texture.height);
          const pixel = texture.pixels[line * texture.width + column]!;
          sum += (dx ? fx : 16 - fx) * (dy ? fy : 16 - fy) *
            ((pixel >>> (8 * c)) & 255);
        }
        const expected = Math.floor((sum + 128) / 256);
        assert.equal(out.data[3 * (y * size.width + x) + c], expected);
        compared++;
      }
    }
  }
  assert.ok(compared > 3000, `${compared} values`);
});

Deno.test("createWarp() leaves an image of one color alone", () => {
  const plain = testImage(64, 48, (_x, _y, c) => [255, 254, 253][c]!);
  for (const zoom of [0.3, 0.9, 1.7, 3.1, 7]) {
    const out = createWarp(plain, plain)(
      meshOf(6, (x, y) => [0.5 + zoom * (x - 0.5), 0.5 + zoom * (y - 0.5)]),
    );
    assert.deepEqual(out, plain);
  }
});

Deno.test("createWarp() blurs where any corner of a cell is beyond the image", () => {
  const stripes = testImage(96, 96, (x, y) => (x + y) % 2 * 255);
  for (const [cx, cy] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
    const out = createWarp(stripes, stripes)(
      meshOf(
        3,
        (x, y) =>
          x === cx && y === cy ? [2.2 * cx - 0.6, 2.2 * cy - 0.6] : [x, y],
      ),
    );
    const [x, y] = [94 * cx, 94 * cy];
    const value = (dx: number, dy: number) =>
      out.data[3 * ((y + dy) * 96 + x + dx)]!;
    const spread = Math.abs(value(0, 0) - value(1, 0)) +
      Math.abs(value(0, 0) - value(0, 1));
    assert.ok(spread < 40, `${spread} at ${cx}, ${cy}`);
  }
});

Deno.test("createWarp() takes images and outputs of one pixel", () => {
  const dot = testImage(1, 1, (_x, _y, c) => 10 + c);
  assert.deepEqual(createWarp(dot, dot)(REST), dot);
  const wide = createWarp(dot, { width: 5, height: 2 })(
    meshOf(2, (x, y) => [9 * x - 4, 9 * y - 4]),
  );
  assert.ok(wide.data.every((value, i) => value === 10 + i % 3));
});

Deno.test("createWarp() refuses what does not fit", () => {
  assert.throws(() => createWarp(noise, { width: 0, height: 3 }), RangeError);
  assert.throws(() => createWarp(noise, { width: 3, height: 2.5 }), RangeError);
  assert.throws(
    () => createWarp({ ...noise, width: 36 }, noise),
    /has 2553 bytes, expected 2484/,
  );
  assert.throws(
    () => createWarp(noise, noise)({ ...REST, rows: 6 }),
    /7 by 6 cells: it has 128 numbers, expected 112/,
  );
});
