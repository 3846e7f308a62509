import assert from "node:assert/strict";
import { memoryFiles } from "../base/file_view.ts";
import type { TensorEntry } from "../formats/tensor_index.ts";
import { unwrittenError } from "./unwritten.ts";

/** A file of matrices, each of 2 kB that are not zero. */
function matrices(count: number) {
  const bytes = new Uint8Array(count * 2048).fill(7);
  const tensors = new Map(
    Array.from({ length: count }, (_, i): [string, TensorEntry] => {
      const name = `blocks.${i}.weight`;
      const place = { file: "a", offset: i * 2048, length: 2048 };
      return [name, { name, dtype: "BF16", shape: [32, 32], ...place }];
    }),
  );
  return { bytes, tensors };
}

Deno.test("unwrittenError() names a matrix of zeros, at the end or in between", () => {
  const { bytes, tensors } = matrices(100);
  const found = () => unwrittenError(memoryFiles({ a: bytes }), { tensors });
  assert.equal(found(), undefined);
  for (const [from, to] of [[97, 100], [40, 50], [0, 5]] as const) {
    bytes.fill(7).fill(0, from * 2048, to * 2048);
    const error = found();
    assert.equal(error?.code, "unwritten");
    assert.match(
      error.message,
      /Cannot use "a": tensor "blocks\.\d+\.weight" is zeros at both ends and in the middle, expected weights\nHINT: Its download/,
    );
    const index = error.offset! / 2048;
    assert.ok(index >= from && index < to, `${index}`);
  }
});

Deno.test("unwrittenError() takes zeros in a part of a matrix, and in biases", () => {
  const { bytes, tensors } = matrices(4);
  const found = () => unwrittenError(memoryFiles({ a: bytes }), { tensors });
  bytes.fill(0, 2048, 4000);
  assert.equal(found(), undefined);
  bytes.fill(0, 2048, 4096);
  assert.ok(found());
  tensors.set("blocks.1.weight", {
    ...tensors.get("blocks.1.weight")!,
    shape: [1024],
  });
  assert.equal(found(), undefined);
});

Deno.test("unwrittenError() looks into the middle of a matrix of more than 4 GB", () => {
  const length = 2 ** 32 + 2048;
  const shape = [2 ** 20, 2 ** 11 + 1];
  const entry = { name: "big.weight", dtype: "BF16", shape } as const;
  const tensors = new Map([
    ["big.weight", { ...entry, file: "a", offset: 0, length }],
  ]);
  // Zeros everywhere but in the middle.
  const middle = length / 2 - 32;
  const source = {
    name: "a",
    size: length,
    read: (at: number, count: number) =>
      new Uint8Array(count).fill(at === middle ? 7 : 0),
    [Symbol.dispose]: () => {},
  };
  const files = { ...memoryFiles({}), open: () => source };
  assert.equal(unwrittenError(files, { tensors }), undefined);
});
