import assert from "node:assert/strict";
import { atOnce, inSteps, type Steps } from "./steps.ts";

/** Computes until `isOver` says so; counts its steps. */
function* counting(isOver: (steps: number) => boolean): Steps<number> {
  let steps = 0;
  while (!isOver(steps)) {
    steps++;
    yield;
  }
  return steps;
}

Deno.test("steps give the same result at once and with pauses", async () => {
  assert.equal(atOnce(counting((n) => n === 1000)), 1000);
  assert.equal(await inSteps(counting((n) => n === 1000)), 1000);
});

Deno.test("a computation without an end is ended by a signal", async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("enough")), 0);
  await assert.rejects(
    inSteps(counting(() => false), controller.signal),
    /enough/,
  );
});
