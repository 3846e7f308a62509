import assert from "node:assert/strict";
import { isSeed, parseWhole, restoredSeed, storedSeed } from "./seed.ts";

Deno.test("seeds of 64 bits survive JSON", () => {
  for (const text of ["0", "7", "9007199254740991", "18446744073709551615"]) {
    const seed = parseWhole(text);
    assert.ok(isSeed(seed));
    const again = restoredSeed(JSON.parse(JSON.stringify(storedSeed(seed))));
    assert.equal(again, seed);
    assert.equal(String(again), text);
  }
  for (const text of ["-1", "18446744073709551616", "1.5", "", "0x10"]) {
    assert.equal(isSeed(parseWhole(text)), false, text);
    assert.equal(restoredSeed(text), undefined, text);
  }
  for (const value of [-1, 1.5, NaN, null, 2n ** 64n]) {
    assert.equal(restoredSeed(value), undefined);
  }
});

Deno.test("parseWhole() reads signs and underscores", () => {
  assert.deepEqual(["+7", "1_000", "007", "-1"].map(parseWhole), [
    7,
    1000,
    7,
    -1,
  ]);
  assert.deepEqual(["1__0", "_1", "1_", "1e3"].map(parseWhole), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
