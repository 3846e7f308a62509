import assert from "node:assert/strict";
import { backOff, pause } from "./back_off.ts";

Deno.test("backOff() doubles from the first wait to the longest", () => {
  const waits = Array.from(
    { length: 7 },
    (_, i) => backOff(i + 1, { first: 1000, most: 30_000 }),
  );
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

Deno.test({
  name: "pause() ends when it is aborted, with the reason, and leaves no timer",
  sanitizeOps: true,
  sanitizeResources: true,
  fn: endsWhenAborted,
});

async function endsWhenAborted() {
  const reason = new Error("stop");
  await assert.rejects(pause(60_000, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const waiting = pause(60_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await pause(1);
}
