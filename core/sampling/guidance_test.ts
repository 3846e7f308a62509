import assert from "node:assert/strict";
import { completeAttentionGuidance } from "./attention_guidance.ts";
import type { Tensor } from "../base/tensor.ts";
import { applyGuidance, needsNegative } from "./guidance.ts";

const tensor = (...values: number[]): Tensor => ({
  dims: [values.length],
  data: new Float32Array(values),
});

Deno.test("guide() exaggerates the difference", () => {
  const guided = applyGuidance(tensor(3, -1), tensor(1, 1), { scale: 2.5 });
  assert.deepEqual([...guided.data], [6, -4]);
  assert.deepEqual(guided.dims, [2]);
});

Deno.test("guide() rounds to float32 after each operation", () => {
  const f = Math.fround;
  const [c, u] = [f(0.1), f(-0.7)];
  const { data } = applyGuidance(tensor(c), tensor(u), { scale: 5 });
  assert.equal(data[0], f(u + f(5 * f(c - u))));
});

Deno.test("guide() throws for tensors that do not fit", () => {
  assert.throws(
    () => applyGuidance(tensor(1, 2), tensor(1), { scale: 5 }),
    /has 2 values, the unconditional 1/,
  );
});

Deno.test("needsNegative() is false for scale 1 and in the range", () => {
  const needed = (skipNegative: [number, number], scale = 5) =>
    [0, 1, 2, 3].filter((step) =>
      needsNegative(step, { scale, skipNegative: skipNegative })
    );
  assert.deepEqual(needed([0, 0]), [0, 1, 2, 3]);
  assert.deepEqual(needed([1, 3]), [0, 3]);
  assert.deepEqual(needed([2, 9]), [0, 1]);
  assert.deepEqual(needed([0, 0], 1), []);
});

Deno.test("needsNegative() throws for options that make no sense", () => {
  assert.throws(() => needsNegative(0, { scale: NaN }), RangeError);
  for (const range of [[2, 1], [-1, 1], [0, 0.5]] as [number, number][]) {
    assert.throws(
      () => needsNegative(0, { scale: 5, skipNegative: range }),
      /Cannot skip the unconditional pass/,
    );
  }
});

Deno.test("attention guidance has the paper's values and refuses others' ranges", () => {
  assert.deepEqual(completeAttentionGuidance({ scale: 11 }), {
    scale: 11,
    tau: 2.5,
    alpha: 0.25,
  });
  for (
    const [given, message] of [
      [{ scale: 0 }, /scale 0: expected a number above 0, up to 100/],
      [{ scale: NaN }, /scale NaN/],
      [{ scale: 2, tau: 0.5 }, /tau 0.5: expected a number from 1 to 10/],
      [{ scale: 2, alpha: 1.5 }, /alpha 1.5: expected a number from 0 to 1/],
    ] as const
  ) {
    assert.throws(() => completeAttentionGuidance(given), message);
  }
});
