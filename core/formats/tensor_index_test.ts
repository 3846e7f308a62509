import assert from "node:assert/strict";
import {
  byteLengthOf,
  getTensor,
  isTensorDtype,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";

function indexOf(...names: string[]): TensorIndex {
  return new Map(names.map((name): [string, TensorEntry] => [
    name,
    { name, dtype: "F32", shape: [2, 3], file: "f", offset: 0, length: 24 },
  ]));
}

Deno.test("byteLengthOf() is exact or says that it cannot be", () => {
  assert.equal(byteLengthOf("BF16", [5120, 13824]), 2 * 5120 * 13824);
  assert.equal(byteLengthOf("F64", []), 8);
  assert.equal(byteLengthOf("F4", [2, 3]), 3);
  assert.equal(byteLengthOf("F32", [0, 7]), 0);
  assert.equal(byteLengthOf("F6_E2M3", [4]), 3);
  assert(Number.isNaN(byteLengthOf("F6_E2M3", [3])));
  assert.equal(byteLengthOf("U8", [2 ** 53]), Infinity);
  assert.equal(byteLengthOf("U8", [2 ** 30, 2 ** 30, 0]), Infinity);
  assert.equal(byteLengthOf("F64", [2 ** 50]), Infinity);
});

Deno.test("getTensor() names what looks alike", () => {
  const index = indexOf("blocks.0.attn.q.weight", "blocks.0.attn.k.bias");
  assert.equal(
    getTensor(index, "blocks.0.attn.k.bias").name,
    "blocks.0.attn.k.bias",
  );
  assert.throws(
    () => getTensor(index, "visual.attn.q.weight"),
    /Cannot find tensor "visual\.attn\.q\.weight": 2 tensors are there, among them "blocks\.0\.attn\.q\.weight"/,
  );
  assert.throws(() => getTensor(index, "x"), /2 tensors are there$/);
});

Deno.test("isTensorDtype() knows no inherited property", () => {
  assert(isTensorDtype("F8_E4M3"));
  assert(!isTensorDtype("__proto__") && !isTensorDtype("hasOwnProperty"));
});
