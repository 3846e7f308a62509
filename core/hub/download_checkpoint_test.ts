import assert from "node:assert/strict";
import { gigabytes } from "./download_checkpoint.ts";

Deno.test("a number of bytes is told in the unit that suits it", () => {
  assert.equal(gigabytes(16.4e9), "16.4 GB");
  assert.equal(gigabytes(2e6), "2 MB");
  assert.equal(gigabytes(1), "1 kB");
});
