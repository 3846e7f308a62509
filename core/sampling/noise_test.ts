import assert from "node:assert/strict";
import {
  difference,
  goldenUrl,
  readGolden,
  readGoldenJson,
} from "../../tests/fixtures/golden.ts";
import { MersenneTwister } from "./mersenne_twister.ts";
import { torchNormal } from "./noise.ts";

const { files } = readGoldenJson<{ files: Record<string, unknown> }>(
  "noise/manifest.json",
);

Deno.test("torchNormal() draws torch's numbers bit for bit", () => {
  let largest = 0, values = 0, unequal = 0;
  for (const file of Object.keys(files)) {
    const [, seed, count, every] = /^s(\d+)_n(\d+)(?:_every(\d+))?\.npy$/
      .exec(file)!;
    const expected = readGolden(`noise/${file}`);
    const all = torchNormal(Number(seed), Number(count));
    const data = every === undefined
      ? all
      : all.filter((_, i) => i % Number(every) === 0);
    const found = difference({ dims: [data.length], data }, {
      dims: [expected.data.length],
      data: expected.data,
    });
    largest = Math.max(largest, found.max);
    values += data.length;
    unequal += data.filter((value, i) => value !== expected.data[i]).length;
  }
  console.log(
    `noise: largest difference ${largest} over ${values} values of ${
      Object.keys(files).length
    } files (tolerance 2e-6), ${unequal} values not bit for bit`,
  );
  assert.equal(unequal, 0, goldenUrl("noise").href);
});

Deno.test("torchNormal() sees the low 32 bits of the seed", () => {
  assert.deepEqual(torchNormal(2 ** 33 + 7, 40), torchNormal(7, 40));
  assert.notDeepEqual(torchNormal(8, 40), torchNormal(7, 40));
});

Deno.test("torchNormal() gives nothing for a count of 0", () => {
  assert.equal(torchNormal(1, 0).length, 0);
});

Deno.test("torchNormal() throws for a seed or count it cannot have", () => {
  for (const seed of [-1, 0.5, NaN, 2 ** 53]) {
    assert.throws(() => torchNormal(seed, 4), RangeError);
  }
  for (const count of [-1, 0.5, NaN]) {
    assert.throws(() => torchNormal(0, count), RangeError);
  }
});

Deno.test("torchNormal() has mean 0 and deviation 1", () => {
  const values = torchNormal(3, 100_000);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const square = values.reduce((sum, v) => sum + v * v, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.02, `mean ${mean}`);
  assert.ok(Math.abs(square - 1) < 0.02, `variance ${square}`);
});

Deno.test("MersenneTwister gives the published ten thousandth number", () => {
  const generator = new MersenneTwister(5489);
  for (let i = 1; i < 10_000; i++) generator.nextUint32();
  assert.equal(generator.nextUint32(), 4123659995); // ISO C++ [rand.predef]
});
