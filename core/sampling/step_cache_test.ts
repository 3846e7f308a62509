import assert from "node:assert/strict";
import { readGolden, readGoldenJson } from "../../tests/fixtures/golden.ts";
import {
  StepCache,
  TEACACHE_I2V_480P,
  TEACACHE_I2V_720P,
  TEACACHE_RET_I2V_480P,
  TEACACHE_RET_I2V_720P,
} from "./step_cache.ts";

const { cases } = readGoldenJson<{
  cases: Record<string, {
    steps: number;
    size: "480p" | "720p";
    use_ret_steps: boolean;
    threshold: number;
    lightx2v: string[];
  }>;
}>("step_cache/manifest.json");

for (let i = 0; i <= 6; i++) {
  const name = `tea${i}`;
  Deno.test(`StepCache computes the steps that its reference computes, ${name}`, () => {
    const { steps, size, threshold, lightx2v, use_ret_steps: useRetSteps } =
      cases[name]!;
    const [small, large] = useRetSteps
      ? [TEACACHE_RET_I2V_480P, TEACACHE_RET_I2V_720P]
      : [TEACACHE_I2V_480P, TEACACHE_I2V_720P];
    const coefficients = size === "480p" ? small : large;
    const cache = new StepCache({
      steps,
      threshold,
      useRetSteps,
      ...(coefficients !== small && { coefficients }),
    });
    assert.equal(cache.compares, useRetSteps ? "e0" : "e");
    const embedding = readGolden(`step_cache/${name}.embedding.npy`);
    const sums = readGolden(`step_cache/${name}.sums.npy`).data;
    const found = ["", ""];
    let largest = 0;
    for (let step = 0; step < steps; step++) {
      const length = embedding.data.length / steps;
      const data = embedding.data.subarray(step * length, (step + 1) * length);
      (["conditional", "unconditional"] as const).forEach((branch, i) => {
        found[i] += cache.mayReuse(step, branch, data) ? "r" : "C";
      });
      const { change } = cache.state().branches.conditional!;
      largest = Math.max(largest, Math.abs(change - sums[step]!));
    }
    console.log(`${name}: sums at most ${largest} away`);
    assert.ok(largest < 1e-5);
    assert.deepEqual(found, lightx2v);
  });
}

/** Time embeddings whose relative change from step to step is `change`. */
function embeddings(steps: number, change: number): Float32Array[] {
  return Array.from(
    { length: steps },
    (_, i) =>
      new Float32Array([1, -1, 1, -1]).map((x) => x * (1 + change) ** i),
  );
}

function decide(cache: StepCache, list: Float32Array[], from = 0): string {
  return list.map((embedding, i) =>
    cache.mayReuse(from + i, "conditional", embedding) ? "-" : "x"
  ).join("");
}

/** The polynomial at a relative change of 0.1, worked out by hand. */
const PER_STEP = -302.33167e-4 + 223.948934e-3 - 52.546397e-2 + 0.58734844 -
  0.201973289;

Deno.test("StepCache sums the fitted change up to the threshold", () => {
  assert.ok(Math.abs(PER_STEP - 0.0536) < 1e-4);
  const list = embeddings(12, 0.1);
  // A sum of 0.0536 per step passes 0.13 at the third, 0.2 at the fourth.
  const faithful = new StepCache({ steps: 12, threshold: 0.13 });
  assert.equal(decide(faithful, list), "x--x--x--x-x");
  assert.equal(faithful.computed, 5);
  assert.equal(faithful.reused, 7);
  const fast = new StepCache({ steps: 12, threshold: 0.2 });
  assert.equal(decide(fast, list), "x---x---x--x");
});

Deno.test("StepCache takes the first and the last step for real", () => {
  const still = embeddings(5, 0); // the polynomial is negative at 0
  const cache = new StepCache({ steps: 5, threshold: 1e-9 });
  assert.equal(decide(cache, still), "x---x");
  assert.equal(
    decide(new StepCache({ steps: 1, threshold: 1 }), still.slice(0, 1)),
    "x",
  );
});

Deno.test("StepCache keeps the branches apart", () => {
  const list = embeddings(8, 0.1);
  const cache = new StepCache({ steps: 8, threshold: 0.13 });
  const found = list.map((embedding, i) => [
    cache.mayReuse(i, "conditional", embedding),
    i >= 3 && cache.mayReuse(i, "unconditional", embedding),
  ]);
  assert.deepEqual(found.map(([c]) => c ? "-" : "x").join(""), "x--x--xx");
  // The unconditional pass starts at step 3: it has nothing to use again there.
  assert.deepEqual(
    found.slice(3).map(([, u]) => u ? "-" : "x").join(""),
    "x--xx",
  );
});

Deno.test("StepCache continues from its state", () => {
  const list = embeddings(12, 0.07);
  const whole = new StepCache({ steps: 12, threshold: 0.13 });
  const expected = decide(whole, list);
  for (let stop = 0; stop <= 12; stop++) {
    const first = new StepCache({ steps: 12, threshold: 0.13 });
    decide(first, list.slice(0, stop));
    const state = first.state();
    const second = new StepCache({ steps: 12, threshold: 0.13 });
    second.restore(state);
    assert.equal(decide(second, list.slice(stop), stop), expected.slice(stop));
    assert.equal(second.reused, whole.reused);
  }
});

Deno.test("StepCache throws for a threshold that is none", () => {
  for (const threshold of [0, -1, NaN, Infinity]) {
    assert.throws(
      () =>
        new StepCache({ steps: 4, threshold, coefficients: TEACACHE_I2V_480P }),
      RangeError,
    );
  }
});
