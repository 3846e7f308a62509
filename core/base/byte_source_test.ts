import assert from "node:assert/strict";
import { checkRange, memorySource } from "./byte_source.ts";
import { concatBytes } from "./concat.ts";

Deno.test("a source in memory gives its bytes; what is outside is refused", () => {
  const source = memorySource(new Uint8Array([1, 2, 3, 4]), "four");
  assert.deepEqual([...source.read(1, 3)], [2, 3, 4]);
  checkRange(source, 4, 0);
  for (
    const [offset, length] of [[2, 3], [-1, 2], [5, 0], [0, -1], [0.5, 1]]
  ) {
    assert.throws(
      () => checkRange(source, offset!, length!),
      /"four"/,
      `${length} at ${offset}`,
    );
  }
});

Deno.test("bytes are put one after the other", () => {
  assert.deepEqual(
    concatBytes([[1, 2], new Uint8Array([3])]),
    new Uint8Array([1, 2, 3]),
  );
});
