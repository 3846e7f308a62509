import assert from "node:assert/strict";
import { findBraces } from "./_pieces.ts";

Deno.test("braces are as many as cost little, between the nearest first", () => {
  const count = 48;
  const places = Float64Array.from(
    { length: 2 * count },
    (_, k) => k % 2 === 0 ? 60 * ((k >> 1) % 8) : 60 * ((k >> 1) >> 3),
  );
  const weight = new Float64Array(count).fill(1);
  const braces = findBraces(
    [{ count, from: places, to: places, weight }],
    360,
  );
  const points = braces.reduce((sum, brace) => sum + brace.points, 0);
  assert.ok(points > 80 && points <= 100, `${points}`);
  for (const { i, j } of braces) {
    const far = Math.abs(places[2 * i]! - places[2 * j]!) +
      Math.abs(places[2 * i + 1]! - places[2 * j + 1]!);
    assert.equal(far, 60, "neighbors");
  }
});
