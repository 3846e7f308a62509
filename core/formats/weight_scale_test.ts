import assert from "node:assert/strict";
import type { TensorEntry } from "./tensor_index.ts";
import { findScale, scaleRows } from "./weight_scale.ts";

function scaleOf(weight: readonly number[], factors: readonly number[]) {
  const entry = (
    name: string,
    dtype: TensorEntry["dtype"],
    shape: readonly number[],
  ): [string, TensorEntry] => [
    name,
    { name, dtype, shape, file: "a.safetensors", offset: 8, length: 0 },
  ];
  return findScale(
    new Map([
      entry("a.weight", "F8_E4M3", weight),
      entry("a.scale_weight", "F32", factors),
    ]),
    "a.weight",
  );
}

Deno.test("findScale() finds from shapes which numbers share a factor", () => {
  const cases: [weight: number[], factors: number[], group: string][] = [
    [[64, 144], [], "64,144"],
    [[64, 144], [1, 1], "64,144"],
    [[64, 144], [64], "1,144"],
    [[64, 144], [64, 1, 1], "1,144"],
    [[64, 144], [64, 9], "1,16"],
    [[64, 144], [64, 2], "1,128"], // a last group of 16
    [[64, 144], [64, 2, 1], "1,72"], // equal parts
    [[5120, 13824], [40, 108], "128,128"],
    [[144, 64], [2, 1], "128,128"],
    [[13824, 5120], [216, 80], "64,64"],
    [[8, 3, 2, 2], [8, 1, 1, 1], "1,12"], // a convolution
  ];
  for (const [weight, factors, group] of cases) {
    assert.equal(scaleOf(weight, factors)?.group.join(), group, `${factors}`);
  }
  assert.equal(findScale(new Map(), "a.weight"), undefined);
});

Deno.test("findScale() refuses what fits no layout", () => {
  for (
    const factors of [[3], [1, 64], [64, 5], [64, 2, 2], [5, 3], [0]] as const
  ) {
    assert.throws(() => scaleOf([64, 96], factors), {
      code: "weight-encoding",
      offset: 8,
      message: /factors are \[[\d, ]+\] for a weight of \[64, 96\], expected/,
    }, factors.join());
  }
});

Deno.test("scaleRows() counts rows from the first of the weight", () => {
  const scale = { counts: [3, 2], group: [2, 2] } as const;
  const factors = Float32Array.of(1, 2, 3, 4, 5, 6);
  const rows = new Float32Array(2 * 3).fill(1); // rows 3 and 4 of 5
  scaleRows(rows, { scale, factors, columns: 3, from: 3 });
  assert.equal(rows.join(), "3,3,4,5,5,6");
});
