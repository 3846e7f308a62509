import assert from "node:assert/strict";
import { MAX_VERSIONS, thinVersions } from "./thin_versions.ts";

const HOUR = 3600_000, DAY = 24 * HOUR;
const NOW = 20_000 * DAY;

Deno.test("thinVersions() keeps the last hour whole, then one an hour, a day, a week", () => {
  const times = [
    NOW - 10 * 60_000,
    NOW - 20 * 60_000,
    NOW - 3 * HOUR - 1,
    NOW - 3 * HOUR - 2,
    NOW - 4 * DAY - 1,
    NOW - 4 * DAY - 6 * HOUR,
    NOW - 60 * DAY,
    NOW - 61 * DAY,
  ];
  assert.deepEqual(thinVersions(times, NOW), [
    NOW - 3 * HOUR - 2,
    NOW - 4 * DAY - 6 * HOUR,
    NOW - 61 * DAY,
  ]);
});

Deno.test("thinVersions() bounds the number, the newest stay", () => {
  const times = Array.from({ length: MAX_VERSIONS + 5 }, (_, i) => NOW - i);
  assert.deepEqual(thinVersions(times, NOW), times.slice(MAX_VERSIONS));
  // A clock that was set back loses nothing.
  assert.deepEqual(thinVersions([NOW + DAY], NOW), []);
});
