import assert from "node:assert/strict";
import { completeSettings } from "./generation.ts";
import { createPassCache } from "./start.ts";

/**
 * Whether the second step of three is reused when the embedding changes by a
 * tenth. By the coefficients that costs 0.054 at 480p and 0.123 at 720p.
 */
function isReused(maxArea: number): boolean {
  const cache = createPassCache(
    completeSettings({ maxArea, steps: 3, stepCache: 0.09 }),
  );
  assert.ok(cache);
  cache.mayReuse(0, "conditional", new Float32Array([1, -1]));
  return cache.mayReuse(1, "conditional", new Float32Array([1.1, -1.1]));
}

Deno.test("createPassCache() takes the 720p coefficients above twice the area of 480p", () => {
  assert.equal(isReused(832 * 480), true);
  assert.equal(isReused(2 * 832 * 480), true);
  assert.equal(isReused(2 * 832 * 480 + 1), false);
  assert.equal(isReused(1280 * 720), false);
});

Deno.test("createPassCache() makes none for a threshold of 0", () => {
  assert.equal(createPassCache(completeSettings()), undefined);
});
