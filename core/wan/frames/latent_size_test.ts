import assert from "node:assert/strict";
import { readGoldenJson } from "../../../tests/fixtures/golden.ts";
import { latentSize, type LatentSizeOptions } from "./latent_size.ts";

type Row = [
  imageWidth: number,
  imageHeight: number,
  maxArea: number,
  latentHeight: number,
  latentWidth: number,
  width: number,
  height: number,
  tokens: number,
];
const { rows } = readGoldenJson<{ rows: Row[] }>("latdims/manifest.json");

/** The sides as the golden table has them; 0 where there is no video. */
function sides(row: Row, compat: NonNullable<LatentSizeOptions["compat"]>) {
  const [width, height, maxArea, ...expected] = row;
  try {
    const size = latentSize({ width, height }, { maxArea, compat });
    return [size.latentHeight, size.latentWidth, size.width, size.height];
  } catch (error) {
    assert.ok(error instanceof RangeError);
    assert.match(error.message, /short side would be under 16 px/);
    assert.ok(expected[0] === 0 || expected[1] === 0, "there is a video");
    return expected.slice(0, 4);
  }
}

Deno.test("latentSize() in compat mode gives the reference's table", () => {
  let largest = 0;
  for (const row of rows) {
    const found = sides(row, "reference");
    found.forEach((value, i) =>
      largest = Math.max(largest, Math.abs(value - row[3 + i]!))
    );
    assert.deepEqual(found, row.slice(3, 7), row.slice(0, 3).join());
    assert.equal(21 * row[3] * row[4] / 4, row[7]);
  }
  console.log(`latdims: ${rows.length} rows, largest difference ${largest}`);
});

Deno.test("latentSize() differs from the table only where rounding bit", () => {
  const different = rows.filter((row) =>
    sides(row, "exact").join() !== row.slice(3, 7).join()
  );
  assert.deepEqual(
    different.map((row) => [row.slice(0, 3), sides(row, "exact")]),
    [[[832, 480, 399360], [60, 104, 832, 480]]],
  );
});

Deno.test("latentSize() keeps every size that fits exactly", () => {
  for (let w = 2; w <= 160; w += 2) {
    for (let h = 2; h <= 160; h += 2) {
      const image = { width: 8 * w, height: 8 * h };
      for (const times of [1, 3]) {
        const size = latentSize(
          { width: times * image.width, height: times * image.height },
          { maxArea: image.width * image.height },
        );
        assert.deepEqual(size, { ...image, latentWidth: w, latentHeight: h });
      }
    }
  }
});

Deno.test("latentSize() never exceeds the area, where square roots round up too", () => {
  const side = 16 * Math.floor(1.3 * 2 ** 26 / 16);
  const maxArea = side ** 2 - 1;
  assert.equal(Math.sqrt(maxArea), side); // it is less on paper
  const size = latentSize({ width: 1, height: 1 }, { maxArea });
  assert.equal(size.width, side - 16);
});

Deno.test("latentSize() refuses numbers that are no size", () => {
  for (const width of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => latentSize({ width, height: 480 }), RangeError);
    assert.throws(
      () => latentSize({ width: 832, height: 480 }, { maxArea: width }),
      RangeError,
    );
  }
  assert.throws(
    () =>
      latentSize({ width: 1, height: 1 }, {
        compat: "other" as "exact",
      }),
    /expected "exact" or "reference"/,
  );
});

Deno.test("latentSize() refuses an image of which either side would be nothing", () => {
  for (
    const [width, height] of [[1000, 10], [10, 1000]] as const
  ) {
    for (const compat of ["exact", "reference"] as const) {
      assert.throws(
        () => latentSize({ width, height }, { maxArea: 6144, compat }),
        /short side would be under 16 px/,
      );
    }
  }
});
