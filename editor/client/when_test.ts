import assert from "node:assert/strict";
import { formatWhen } from "./when.ts";

Deno.test("formatWhen() says today and yesterday by the calendar", () => {
  const now = new Date(2026, 10, 29, 0, 30).getTime();
  assert.match(formatWhen(now - 60_000, now), /^Today, .*0?.29/);
  assert.match(formatWhen(now - 3600_000, now), /^Yesterday, /);
  const other = formatWhen(new Date(2026, 10, 2, 8, 5).getTime(), now);
  assert.match(other, /2026/);
  assert.match(other, /8.05/);
});
