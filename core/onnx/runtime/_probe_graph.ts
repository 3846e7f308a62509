/**
 * A small graph of what the networks are made of, and the numbers that must
 * come out, to find out what a device computes rightly.
 */

import { type BuiltGraph, GraphBuilder } from "../graph/graph_builder.ts";
import type { ComputeType, GraphTarget } from "../graph/graph_target.ts";
import { attention, gemm } from "../graph/layers.ts";
import type { Value } from "../graph/value.ts";
import type { Tensor } from "../../base/tensor.ts";

/** 128 tokens: a wrong attention kernel is known that is right below 64. */
const TOKENS = 128, HEADS = 2, LENGTH = 32, WIDTH = HEADS * LENGTH;

/**
 * How far an output may be off, as a part of its largest number. In float32 an
 * NVIDIA GPU multiplies with 10 bits of mantissa (TF32); the kernel that is
 * known to be wrong is off by 3e-2.
 */
const TOLERANCE: Readonly<Record<ComputeType, number>> = {
  float32: 5e-3,
  float16: 1e-2,
  bfloat16: 2e-2,
};

/** The terms of each long sum, and how many sums there are in a row. */
const TERMS = 2048, SUMS = TOKENS * WIDTH / TERMS;

/**
 * How far a long sum may be off: a few roundings of its result. The numbers of
 * the test have 8 bits, so that every product is exact, and a sum kept in
 * float32 is off by that rounding alone: 3e-4 in float16, 2e-3 in bfloat16. One
 * that is rounded to float16 after each term, as in ONNX Runtime's WebGPU
 * kernels, is off by 3e-2, and the transformer has sums of 13,824 terms.
 */
const SUM_TOLERANCE: Readonly<Record<ComputeType, number>> = {
  float32: 1e-3,
  float16: 4e-3,
  bfloat16: 1e-2,
};

/** The image of the convolution: `q` as 32 channels of 16 x 16. */
const CHANNELS = 32, SIDE = 16;

/**
 * Attention over `q`, `k`, `v`, a matrix product `q kᵀ`, one of `q`'s numbers in
 * a few long rows with themselves, and a convolution of `q` as an image, with
 * the first numbers of `k` as its kernel.
 */
export function selfTestGraph(
  compute: ComputeType,
  kind: GraphTarget["attention"],
): BuiltGraph {
  const g = new GraphBuilder("self test", {
    target: { compute, attention: kind, float8: "cast" },
  });
  const input = (name: string) =>
    g.input(name, "float32", [1, TOKENS, WIDTH]).cast(compute);
  const q = input("q"), k = input("k"), v = input("v");
  g.output("attention", attention(q, k, v, { heads: HEADS }).cast("float32"));
  g.output("product", q.matmul(k.transpose([0, 2, 1])).cast("float32"));
  const rows = (x: Value) => x.reshape([SUMS, TERMS]);
  g.output("sums", gemm(rows(q), rows(q)).cast("float32"));
  if (compute === "bfloat16") return g.build(); // which has no convolution
  const kernel = k.reshape([k.shape[1]! * k.shape[2]!])
    .slice(0, 0, 4 * CHANNELS * 9).reshape([4, CHANNELS, 3, 3]);
  const convolved = g.node(
    "Conv",
    [q.reshape([1, CHANNELS, SIDE, SIDE]), kernel],
    { type: compute, shape: [1, 4, SIDE, SIDE] },
    {
      attributes: {
        kernel_shape: { ints: [3, 3] },
        pads: { ints: [1, 1, 1, 1] },
      },
    },
  );
  g.output("convolution", convolved.cast("float32"));
  return g.build();
}

/** The outputs of the test graph. */
export type SelfTestOutput = "attention" | "product" | "sums" | "convolution";

/** What the test graph is fed, and what must come out of it. */
export function selfTestNumbers(): {
  feeds: Record<"q" | "k" | "v", Tensor>;
  expected: Record<SelfTestOutput, Float64Array>;
} {
  // Some numbers in [-1.5, 1.5) that 16 bits can hold exactly.
  const numbers = (seed: number) => {
    let state = seed;
    return Float32Array.from({ length: TOKENS * WIDTH }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return ((state >>> 24) - 128) * (1.5 / 128);
    });
  };
  const q = numbers(1), k = numbers(2), v = numbers(3);
  const dot = (i: number, j: number, from: number, to: number) => {
    let sum = 0;
    for (let c = from; c < to; c++) {
      sum += q[i * WIDTH + c]! * k[j * WIDTH + c]!;
    }
    return sum;
  };
  const product = new Float64Array(TOKENS * TOKENS);
  const attended = new Float64Array(TOKENS * WIDTH);
  for (let i = 0; i < TOKENS; i++) {
    for (let j = 0; j < TOKENS; j++) {
      product[i * TOKENS + j] = dot(i, j, 0, WIDTH);
    }
    for (let from = 0; from < WIDTH; from += LENGTH) {
      const weights = Array.from(
        { length: TOKENS },
        (_, j) => Math.exp(dot(i, j, from, from + LENGTH) / Math.sqrt(LENGTH)),
      );
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let c = from; c < from + LENGTH; c++) {
        attended[i * WIDTH + c] = weights.reduce(
          (sum, weight, j) => sum + weight / total * v[j * WIDTH + c]!,
          0,
        );
      }
    }
  }
  const sums = Float64Array.from({ length: SUMS * SUMS }, (_, at) => {
    const row = TERMS * Math.floor(at / SUMS), column = TERMS * (at % SUMS);
    let sum = 0;
    for (let n = 0; n < TERMS; n++) sum += q[row + n]! * q[column + n]!;
    return sum;
  });
  const tensor = (data: Float32Array) => ({ dims: [1, TOKENS, WIDTH], data });
  return {
    feeds: { q: tensor(q), k: tensor(k), v: tensor(v) },
    expected: {
      attention: attended,
      product,
      sums,
      convolution: convolve(q, k),
    },
  };
}

function convolve(image: Float32Array, kernel: Float32Array): Float64Array {
  return Float64Array.from({ length: 4 * SIDE * SIDE }, (_, at) => {
    const x = at % SIDE, y = Math.floor(at / SIDE) % SIDE;
    const out = Math.floor(at / (SIDE * SIDE));
    let sum = 0;
    for (let tap = 0; tap < CHANNELS * 9; tap++) {
      const row = y + Math.floor(tap / 3) % 3 - 1, column = x + tap % 3 - 1;
      if (row < 0 || row >= SIDE || column < 0 || column >= SIDE) continue;
      const channel = Math.floor(tap / 9);
      sum += kernel[out * CHANNELS * 9 + tap]! *
        image[(channel * SIDE + row) * SIDE + column]!;
    }
    return sum;
  });
}

/** Whether an output is what it should be in that element type. */
export function isRight(
  actual: ArrayLike<number> | undefined,
  expected: Float64Array,
  { output, compute }: { output: SelfTestOutput; compute: ComputeType },
): boolean {
  if (actual?.length !== expected.length) return false;
  const largest = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
  const tolerance = output === "sums" ? SUM_TOLERANCE : TOLERANCE;
  return expected.every((x, i) =>
    Math.abs(x - actual[i]!) <= tolerance[compute] * largest
  );
}
