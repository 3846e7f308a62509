import assert from "node:assert/strict";
import { readGolden } from "../../../tests/fixtures/golden.ts";
import { positionBuckets } from "./position_buckets.ts";

Deno.test("every distance falls into the reference's bucket", () => {
  const expected = readGolden("t5/buckets.npy").data; // key - query = -511..511
  const length = 512;
  const buckets = positionBuckets(length, { numBuckets: 32 });
  for (let query = 0; query < length; query++) {
    for (let key = 0; key < length; key++) {
      const actual = buckets[query * length + key]!;
      if (actual === expected[key - query + 511]) continue;
      assert.fail(`query ${query}, key ${key}: bucket ${actual}`);
    }
  }
});
