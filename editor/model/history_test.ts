import assert from "node:assert/strict";
import { commit, MAX_STEPS, redo, startHistory, undo } from "./history.ts";

Deno.test("undo() and redo() walk every step and stop at the ends", () => {
  let h = startHistory("a");
  for (const step of ["b", "c"]) h = commit(h, step);
  assert.equal(undo(undo(undo(h))).present, "a");
  assert.equal(redo(redo(undo(undo(h)))).present, "c");
  assert.equal(redo(h), h);
});

Deno.test("commit() forgets the future and joins the steps of one gesture", () => {
  let h = commit(startHistory(0), 1);
  h = commit(undo(h), 5, { gesture: "drag" });
  h = commit(h, 6, { gesture: "drag" });
  h = commit(h, 7, { gesture: "another drag" });
  assert.equal(redo(h).present, 7);
  assert.deepEqual(h.past, [0, 6]);
  // After undo, the same gesture's name begins a new step.
  h = commit(undo(h), 8, { gesture: "drag" });
  assert.deepEqual(h.past, [0, 6]);
});

Deno.test("commit() keeps the last steps when there are many", () => {
  let h = startHistory(0);
  for (let i = 1; i <= MAX_STEPS + 10; i++) h = commit(h, i);
  assert.equal(h.past.length, MAX_STEPS);
  assert.equal(h.past[0], 10);
  assert.equal(commit(h, h.present), h);
});
