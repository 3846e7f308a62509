import assert from "node:assert/strict";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";
import {
  dequantizeRows,
  findQuantized,
  isBlockSize,
  quantizedNames,
  quantizeRows,
} from "./quantized_weight.ts";
import { seeded } from "../../base/seeded.ts";

/** Bell-shaped numbers, the same in every run. */
function bell(count: number): Float32Array {
  const uniform = seeded(12345);
  return Float32Array.from(
    { length: count },
    () =>
      Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(6.2832 * uniform()),
  );
}

function relativeError(exact: Float32Array, rounded: Float32Array): number {
  let errors = 0, squares = 0;
  exact.forEach((x, i) => {
    errors += (x - rounded[i]!) ** 2;
    squares += x ** 2;
  });
  return Math.sqrt(errors / squares);
}

for (
  const [bits, blockSize, limit] of [
    [4, 16, 0.08],
    [4, 32, 0.09],
    [4, 128, 0.1],
    [8, 32, 0.006],
    [8, 256, 0.008],
  ] as const
) {
  Deno.test(`${bits} bits in blocks of ${blockSize} are as exact as they can be`, () => {
    const rows = bell(64 * 512);
    const options = { bits, blockSize, columns: 512 };
    const stored = quantizeRows(rows, options);
    assert.equal(stored.packed.length, rows.length * bits / 8);
    assert.equal(stored.scales.length, rows.length / blockSize);
    const error = relativeError(rows, dequantizeRows(stored, options));
    console.log(`rms error ${(100 * error).toFixed(2)} %`);
    assert.ok(error < limit, `${error}`);
    // Quantised numbers are left alone by quantising again.
    const again = dequantizeRows(stored, options);
    const twice = dequantizeRows(quantizeRows(again, options), options);
    assert.ok(relativeError(again, twice) < error);
  });
}

Deno.test("no number is off by more than its block's scale", () => {
  const rows = bell(32 * 100);
  for (const bits of [4, 8] as const) {
    const options = { bits, blockSize: 32, columns: 32 };
    const stored = quantizeRows(rows, options);
    dequantizeRows(stored, options).forEach((x, i) => {
      const scale = Math.abs(stored.scales[Math.floor(i / 32)]!);
      // With 4 bits the largest numbers may be cut off by a fifth.
      const most = bits === 8 ? scale : 0.25 * 8 * scale;
      assert.ok(Math.abs(x - rows[i]!) <= most);
    });
  }
});

Deno.test("zeros, tiny numbers and blocks that are not full", () => {
  const zeros = quantizeRows(new Float32Array(20), {
    bits: 4,
    blockSize: 16,
    columns: 10,
  });
  assert.deepEqual([...zeros.scales], [0, 0]);
  assert.ok(zeros.packed.every((byte) => byte === 0x88));
  const tiny = quantizeRows(new Float32Array(16).fill(1e-12), {
    bits: 8,
    blockSize: 16,
    columns: 16,
  });
  assert.deepEqual([...tiny.scales], [0]);
  const rows = Float32Array.of(1, 2, 3, -1, -2, -4);
  const options = { bits: 8, blockSize: 16, columns: 3 } as const;
  const back = dequantizeRows(quantizeRows(rows, options), options);
  assert.equal(back.length, 6);
  assert.ok(relativeError(rows, back) < 0.01);
});

Deno.test("a quantised weight is found by its name; tensors that do not fit are refused", () => {
  const entry = (
    name: string,
    dtype: TensorEntry["dtype"],
    shape: number[],
  ): [string, TensorEntry] => [name, {
    name,
    dtype,
    shape,
    file: "q.safetensors",
    offset: 0,
    length: 0,
  }];
  const scales = entry("a.weight_q4_scales", "F16", [8, 3]);
  const good: TensorIndex = new Map([
    entry("a.weight_q4", "U8", [8, 3, 16]),
    scales,
  ]);
  const found = findQuantized(good, "a.weight");
  assert.equal(found?.bits, 4);
  assert.equal(found?.blockSize, 32);
  assert.equal(findQuantized(good, "b.weight"), undefined);
  for (
    const tensors of [
      [entry("a.weight_q4", "U8", [8, 3, 16])],
      [entry("a.weight_q4", "I8", [8, 3, 16]), scales],
      [entry("a.weight_q4", "U8", [8, 48]), scales],
      [entry("a.weight_q4", "U8", [8, 3, 24]), scales],
      [entry("a.weight_q4", "U8", [7, 3, 16]), scales],
    ]
  ) {
    assert.throws(() => findQuantized(new Map(tensors), "a.weight"), {
      name: "FormatError",
      message:
        /^Cannot use quantised weight "a\.weight_q4" of "q\.safetensors"/,
    });
  }
  assert.deepEqual(
    [8, 16, 24, 32, 256, 512, NaN].map(isBlockSize),
    [false, true, false, true, true, false, false],
  );
});

Deno.test("a quantized weight is stored under two names", () => {
  assert.deepEqual(quantizedNames("blocks.0.ffn.0.weight", 4), {
    packed: "blocks.0.ffn.0.weight_q4",
    scales: "blocks.0.ffn.0.weight_q4_scales",
  });
});
