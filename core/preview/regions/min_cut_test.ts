import assert from "node:assert/strict";
import { seeded } from "../../base/seeded.ts";
import { type CutProblem, minCut, NEIGHBORS } from "./min_cut.ts";

/** What a labeling costs. */
function cost(
  { width, height, preference, links }: CutProblem,
  of: Uint8Array,
) {
  let sum = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const value = preference[i]!;
      if (of[i] === (value > 0 ? 0 : 1)) sum += Math.abs(value);
      for (let k = 0; k < 4; k++) {
        const [dx, dy] = NEIGHBORS[2 * k]!;
        if (x + dx < 0 || x + dx >= width || y + dy >= height) continue;
        if (of[i] !== of[i + dy * width + dx]) sum += links[k]![i]!;
      }
    }
  }
  return sum;
}

function randomProblem(seed: number, width: number, height: number) {
  const random = seeded(seed);
  const values = (make: () => number) =>
    Float32Array.from({ length: width * height }, make);
  return {
    width,
    height,
    preference: values(() => Math.round(8 * (6 * random() - 3)) / 8),
    links: [0, 1, 2, 3].map(() =>
      values(() => Math.round(8 * 1.5 * random()) / 8)
    ),
  };
}

Deno.test("minCut() finds the labels of least cost", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const problem = randomProblem(seed, 4, 3);
    const found = cost(problem, minCut(problem));
    let least = Infinity;
    for (let bits = 0; bits < 1 << 12; bits++) {
      const labels = Uint8Array.from({ length: 12 }, (_, i) => bits >> i & 1);
      least = Math.min(least, cost(problem, labels));
    }
    assert.ok(Math.abs(found - least) < 1e-6, `${found}, least ${least}`);
  }
});

Deno.test("minCut() leaves no single change that would be cheaper", () => {
  const problem = randomProblem(5, 60, 40);
  const labels = minCut(problem);
  const total = cost(problem, labels);
  for (let i = 0; i < labels.length; i += 7) {
    labels[i]! ^= 1;
    assert.ok(cost(problem, labels) >= total - 1e-3);
    labels[i]! ^= 1;
  }
});

Deno.test("minCut() obeys what is certain, and refuses arrays that do not fit", () => {
  const problem = randomProblem(3, 20, 20);
  problem.preference[45] = Infinity;
  problem.preference[300] = -Infinity;
  const labels = minCut(problem);
  assert.deepEqual([labels[45], labels[300]], [1, 0]);
  assert.throws(() => minCut({ ...problem, links: [] }), /20x20 px/);
});
