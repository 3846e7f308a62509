import assert from "node:assert/strict";
import {
  cutTile,
  spans,
  spanWeights,
  TileBlender,
  tileGrid,
} from "./_tiles.ts";

Deno.test("spans cover an axis, are of equal length and share what was asked for", () => {
  for (let axis = 1; axis <= 70; axis++) {
    for (
      const [size, overlap] of [[8, 4], [8, 0], [16, 7], [33, 14]] as const
    ) {
      const all = spans(axis, { size, overlap });
      assert.equal(all[0]!.start, 0);
      assert.equal(all.at(-1)!.start + all.at(-1)!.length, axis);
      for (const [i, { start, length }] of all.entries()) {
        assert.equal(length, Math.min(size, axis));
        const before = all[i - 1];
        if (before) assert.ok(before.start + length - start >= overlap);
      }
    }
  }
});

Deno.test("weights of overlapping spans sum to 1, and fade where both may be used", () => {
  const blend = { overlap: 6, reach: 2 };
  const both = [{ start: 0, length: 10 }, { start: 4, length: 10 }];
  const [left, right] = spanWeights(14, { spans: both, ...blend });
  assert.deepEqual([...left!], [1, 1, 1, 1, 1, 1, 0.75, 0.25, 0, 0]);
  assert.deepEqual([...right!], [0, 0, 0.25, 0.75, 1, 1, 1, 1, 1, 1]);
  for (let axis = 8; axis < 40; axis++) {
    for (const reach of [0, 1, 3, 50]) {
      const some = spans(axis, { size: 8, overlap: 3 });
      const sum = new Float64Array(axis);
      spanWeights(axis, { spans: some, overlap: 3, reach }).forEach((
        weights,
        s,
      ) => weights.forEach((weight, i) => sum[some[s]!.start + i]! += weight));
      assert.ok(sum.every((x) => Math.abs(x - 1) < 1e-12), `${axis}: ${sum}`);
    }
  }
});

Deno.test("a picture that is cut and put together is the same again", () => {
  const dims = [2, 1, 9, 13];
  const data = Float32Array.from({ length: 2 * 9 * 13 }, (_, i) => i);
  const grid = tileGrid([9, 13], { size: 6, overlap: 2 });
  assert.equal(grid.length, 6);
  const blender = new TileBlender(dims, { grid, overlap: 2, reach: 0 });
  for (const tile of grid) blender.add(tile, cutTile({ dims, data }, tile));
  blender.result.data.forEach((x, i) => assert.ok(Math.abs(x - i) < 1e-4));
});

Deno.test("tiles that make no sense are refused", () => {
  for (
    const [size, overlap] of [[8, 5], [1, 0], [8, -1], [8.5, 2], [
      NaN,
      0,
    ]] as const
  ) {
    assert.throws(() => spans(20, { size, overlap }), {
      name: "RangeError",
      message: /^Cannot cut into tiles of .* at most half a tile$/,
    });
  }
});

Deno.test("weights leave out what is near a cut, as far as something is left to fade over", () => {
  const fade = (length: number, blend: { overlap: number; reach: number }) => {
    const start = length - blend.overlap;
    const both = [{ start: 0, length }, { start, length }];
    const [left] = spanWeights(start + length, { spans: both, ...blend });
    return [...left!].slice(start);
  };
  // Of an even overlap two places are left, of an odd one a single one.
  assert.deepEqual(
    fade(10, { overlap: 6, reach: 50 }),
    [1, 1, 0.75, 0.25, 0, 0],
  );
  assert.deepEqual(fade(10, { overlap: 5, reach: 50 }), [1, 1, 0.5, 0, 0]);
  // A smaller reach leaves more of them.
  assert.deepEqual(
    fade(10, { overlap: 6, reach: 1 }),
    [1, 0.875, 0.625, 0.375, 0.125, 0],
  );
});
