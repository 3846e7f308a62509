import assert from "node:assert/strict";
import { risingTime, unevenTimes } from "./frame_times.ts";

Deno.test("an even rate is told from one that varies", () => {
  const even = Array.from(
    { length: 200 },
    (_, i) => Math.round(i * 33.3667) / 1000,
  );
  assert.equal(unevenTimes(even, 29.97), undefined);
  assert.equal(unevenTimes([], 16), undefined);
  const late = even.map((time, i) => i < 50 ? time : time + 0.02);
  assert.equal(unevenTimes(late, 29.97), late);
  assert.deepEqual(unevenTimes([0, 1, 3], 1), [0, 1, 3]);
});

Deno.test("time stamps that stand still or go back are moved on", () => {
  let last = -Infinity;
  const shown = [0, 0, 0.5, 0.4, 0.6].map((time) =>
    last = risingTime(time, last)
  );
  assert.deepEqual(shown.map((time) => Math.round(1e6 * time)), [
    0,
    22,
    500_000,
    500_022,
    600_000,
  ]);
});
