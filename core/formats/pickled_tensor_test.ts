import assert from "node:assert/strict";
import {
  isContiguous,
  PickledStorage,
  storageBytes,
} from "./pickled_tensor.ts";

Deno.test("row-major strides are contiguous; axes of length 1 may have any", () => {
  assert.ok(isContiguous([2, 3], [3, 1]));
  assert.ok(isContiguous([2, 1, 3], [3, 99, 1]));
  assert.ok(!isContiguous([2, 3], [1, 2]));
  assert.ok(!isContiguous([2, 3], [6, 1]));
});

Deno.test("a storage's bytes are its elements times their size", () => {
  assert.equal(storageBytes(new PickledStorage("0", "BF16", 3)), 6);
  assert.equal(storageBytes(new PickledStorage("0", "I64", 3)), 24);
});
