/**
 * What graphs compute: the operators and layers against plain loops, and
 * weights in every element type.
 */

import assert from "node:assert/strict";
import { readSafetensors } from "../core/formats/safetensors.ts";
import { writeSafetensors } from "../core/formats/safetensors_writer.ts";
import type { TensorIndex } from "../core/formats/tensor_index.ts";
import { openFileSource } from "../core/files/files.ts";
import { decodeNumbers } from "../core/onnx/graph/decode_numbers.ts";
import { GraphBuilder } from "../core/onnx/graph/graph_builder.ts";
import {
  type GraphTarget,
  REFERENCE_TARGET,
} from "../core/onnx/graph/graph_target.ts";
import {
  attention,
  conv,
  layerNorm,
  linear,
  rmsNorm,
} from "../core/onnx/graph/layers.ts";
import { concat, type Value } from "../core/onnx/graph/value.ts";
import { CPU } from "../core/onnx/runtime/device.ts";
import { openSession } from "../core/onnx/runtime/session.ts";
import { sizeOf, type Tensor } from "../core/base/tensor.ts";
import { assertClose, readGolden } from "./fixtures/golden.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

/** Numbers between -1 and 1, the same in every run. */
function numbers(dims: readonly number[], seed = 1): Tensor {
  const data = Float32Array.from(
    { length: sizeOf(dims) },
    (_, i) => Math.sin(seed * 12.9898 + i * 78.233),
  );
  return { dims, data };
}

/** The outputs of the graph that `write` makes of `inputs`. */
async function compute(
  inputs: Record<string, Tensor>,
  write: (
    values: Record<string, Value>,
    g: GraphBuilder,
  ) => Record<string, Value>,
  options: { weights?: TensorIndex; target?: GraphTarget } = {},
): Promise<Record<string, Tensor>> {
  const g = new GraphBuilder("test", options);
  const values = Object.fromEntries(
    Object.entries(inputs).map((
      [name, { dims }],
    ) => [name, g.input(name, "float32", dims)]),
  );
  for (const [name, value] of Object.entries(write(values, g))) {
    g.output(name, value);
  }
  await using session = await openSession(g.build(), CPU);
  return await session.run(inputs);
}

/** Writes weights into a file and indexes them. */
async function store(
  tensors: Parameters<typeof writeSafetensors>[0],
): Promise<{ weights: TensorIndex } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const path = folder.file("weights ü.safetensors");
  await Deno.writeFile(path, writeSafetensors(tensors));
  using source = openFileSource(path);
  return { ...folder, weights: readSafetensors(source).tensors };
}

Deno.test("elementwise operators compute what their names say", async () => {
  const x = numbers([2, 3]), y = numbers([3], 2);
  const pairs: Record<
    string,
    [(a: Value, b: Value) => Value, (a: number, b: number) => number]
  > = {
    add: [(a, b) => a.add(b), (a, b) => a + b],
    sub: [(a, b) => a.sub(b), (a, b) => a - b],
    mul: [(a, b) => a.mul(b), (a, b) => a * b],
    div: [(a, b) => a.div(b), (a, b) => a / b],
    max: [(a, b) => a.max(b), Math.max],
    scalar: [(a) => a.mul(2).add(0.5), (a) => 2 * a + 0.5],
    sigmoid: [(a) => a.sigmoid(), (a) => 1 / (1 + Math.exp(-a))],
    silu: [(a) => a.silu(), (a) => a / (1 + Math.exp(-a))],
    sqrt: [(a) => a.mul(a).sqrt(), Math.abs],
    cos: [(a) => a.cos(), Math.cos],
    sin: [(a) => a.sin(), Math.sin],
    clip: [(a) => a.clip(-0.5, 0.25), (a) => Math.min(0.25, Math.max(-0.5, a))],
    tanhGelu: [
      (a) => a.gelu("tanh"),
      (a) =>
        0.5 * a *
        (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (a + 0.044715 * a ** 3))),
    ],
  };
  const made = await compute({ x, y }, ({ x, y }) =>
    Object.fromEntries(
      Object.entries(pairs).map(([name, [write]]) => [name, write(x!, y!)]),
    ));
  for (const [name, [, expected]] of Object.entries(pairs)) {
    const data = x.data.map((a, i) => expected(a, y.data[i % 3]!));
    assertClose(name, made[name]!, { dims: [2, 3], data }, { max: 1e-6 });
  }
  // GELU without approximation, from a table of the error function.
  const { exact } = await compute(
    { z: { dims: [3], data: new Float32Array([-1, 0.5, 2]) } },
    ({ z }) => ({ exact: z!.gelu("none") }),
  );
  assertClose("gelu", exact!, {
    dims: [3],
    data: new Float32Array([-0.15865525, 0.34573123, 1.95449974]),
  }, { max: 1e-6 });
});

Deno.test("numbers move where shape operators say", async () => {
  const x = numbers([2, 3, 4]);
  const at = (i: number, j: number, k: number) => x.data[(i * 3 + j) * 4 + k]!;
  const made = await compute({ x }, (values, g) => {
    const x = values["x"]!;
    return {
      transpose: x.transpose([2, 0, 1]),
      slice: x.slice(1, 1).slice(-1, -2),
      pad: x.pad([[0, 1, 0], [2, -1, 1]], 7),
      gather: x.gather(g.constant("int64", [2], [2, 0]), 1),
      sum: x.sum([0, 2]),
      concat: concat([...x.split(2, [1, 3])].reverse(), 2),
      loop: g.loop(3, [x.slice(1, 0, 1)], (round, carried) => ({
        carried: [carried.add(round.cast("float32"))],
        collected: [x.gather(round, 1)],
      })).collected[0]!,
    };
  });
  const expected: Record<
    string,
    [dims: number[], of: (...index: number[]) => number]
  > = {
    transpose: [[4, 2, 3], (k, i, j) => at(i!, j!, k!)],
    slice: [[2, 2, 2], (i, j, k) => at(i!, j! + 1, k! + 2)],
    pad: [
      [3, 3, 4],
      (i, j, k) => i === 0 || k === 3 ? 7 : at(i! - 1, j!, k! + 1),
    ],
    gather: [[2, 2, 4], (i, j, k) => at(i!, j === 0 ? 2 : 0, k!)],
    sum: [
      [1, 3, 1],
      (_, j) =>
        [0, 1].flatMap((i) => [0, 1, 2, 3].map((k) => at(i, j!, k)))
          .reduce((a, b) => a + b),
    ],
    concat: [[2, 3, 4], (i, j, k) => at(i!, j!, (k! + 1) % 4)],
    loop: [[3, 2, 4], (j, i, k) => at(i!, j!, k!)],
  };
  for (const [name, [dims, of]] of Object.entries(expected)) {
    const [, second, third] = dims as [number, number, number];
    const data = Float32Array.from(
      { length: sizeOf(dims) },
      (_, n) =>
        of(
          Math.floor(n / (second * third)),
          Math.floor(n / third) % second,
          n % third,
        ),
    );
    assertClose(name, made[name]!, { dims, data }, { max: 2e-6 });
  }
});

Deno.test("attention: the operator, written out, and written out in parts are the same", async () => {
  // 4 heads x 4201 x 4200 scores are more than are computed at once, and the
  // queries cannot be shared out evenly.
  for (const [queries, keys] of [[5, 9], [4201, 4200]] as const) {
    const feeds = {
      q: numbers([1, queries, 32], 1),
      k: numbers([1, keys, 32], 2),
      v: numbers([1, keys, 32], 3),
    };
    const attend = async (kind: GraphTarget["attention"]) => {
      const { y } = await compute(feeds, ({ q, k, v }) => ({
        y: attention(q!, k!, v!, { heads: 4, scale: 0.9 }),
      }), { target: { ...REFERENCE_TARGET, attention: kind } });
      return y!;
    };
    assertClose(
      `${queries} queries`,
      await attend("manual"),
      await attend("fused"),
      { max: 2e-6 },
    );
  }
});

Deno.test("attention with a bias: the operator and written out are the same", async () => {
  const feeds = {
    q: numbers([1, 6, 8], 1),
    k: numbers([1, 7, 8], 2),
    bias: numbers([1, 2, 6, 7], 3),
  };
  const attend = async (kind: GraphTarget["attention"]) => {
    const { y } = await compute(feeds, ({ q, k, bias }) => ({
      y: attention(q!, k!, k!, { heads: 2, scale: 1, bias: bias! }),
    }), { target: { ...REFERENCE_TARGET, attention: kind } });
    return y!;
  };
  const fused = await attend("fused");
  assertClose("biased", await attend("manual"), fused, { max: 1e-6 });
  // By hand: the first query, head 0, first channel.
  const { q, k, bias } = feeds;
  const weights = Array.from({ length: 7 }, (_, j) => {
    let score = bias.data[j]!;
    for (let c = 0; c < 4; c++) score += q.data[c]! * k.data[j * 8 + c]!;
    return Math.exp(score);
  });
  const total = weights.reduce((a, b) => a + b);
  const byHand = weights.reduce(
    (sum, w, j) => sum + w / total * k.data[j * 8]!,
    0,
  );
  assert.ok(Math.abs(fused.data[0]! - byHand) < 1e-6);
});

Deno.test("norms, linear layers and convolutions compute what torch's do", async () => {
  const w = numbers([4, 3], 5), b = numbers([4], 6), s = numbers([3], 7);
  const kernel = numbers([2, 3, 2, 2], 8), offset = numbers([2], 9);
  await using stored = await store([
    { name: "linear.weight", dtype: "F32", shape: [4, 3], data: w.data },
    { name: "linear.bias", dtype: "F32", shape: [4], data: b.data },
    { name: "norm.weight", dtype: "F32", shape: [3], data: s.data },
    { name: "norm.bias", dtype: "F32", shape: [3], data: s.data },
    {
      name: "conv.weight",
      dtype: "F32",
      shape: [2, 3, 2, 2],
      data: kernel.data,
    },
    { name: "conv.bias", dtype: "F32", shape: [2], data: offset.data },
  ]);
  const x = numbers([1, 2, 3]), image = numbers([1, 3, 4, 5], 10);
  const eps = 0.01;
  const made = await compute({ x, image }, ({ x, image }) => ({
    linear: linear(x!, "linear"),
    rows: linear(x!, "linear", { rows: [1, 3] }),
    layerNorm: layerNorm(x!, { eps, name: "norm" }),
    plain: layerNorm(x!, { eps }),
    rmsNorm: rmsNorm(x!, { eps, name: "norm" }),
    conv: conv(image!, "conv", { strides: [2, 1], pads: [0, 1, 1, 0] }),
  }), stored);

  const row = (i: number) => [0, 1, 2].map((c) => x.data[i * 3 + c]!);
  const rows = (of: (row: number[]) => number[]) => {
    const data = [0, 1].flatMap((i) => of(row(i)));
    return { dims: [1, 2, data.length / 2], data: new Float32Array(data) };
  };
  const product = (r: number[]) =>
    [0, 1, 2, 3].map((o) =>
      b.data[o]! + r.reduce((sum, x, c) => sum + x * w.data[o * 3 + c]!, 0)
    );
  const normed = (r: number[]) => {
    const mean = (r[0]! + r[1]! + r[2]!) / 3;
    const variance = r.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3;
    return r.map((x) => (x - mean) / Math.sqrt(variance + eps));
  };
  const close = (name: string, expected: Tensor) =>
    assertClose(name, made[name]!, expected, { max: 2e-6 });
  close("linear", rows(product));
  close("rows", rows((r) => product(r).slice(1, 3)));
  close("plain", rows(normed));
  close(
    "layerNorm",
    rows((r) => normed(r).map((x, c) => x * s.data[c]! + s.data[c]!)),
  );
  close(
    "rmsNorm",
    rows((r) => {
      const square = r.reduce((sum, x) => sum + x * x, 0) / 3;
      return r.map((x, c) => x / Math.sqrt(square + eps) * s.data[c]!);
    }),
  );
  // Strides 2 and 1; a column of zeros in front, a row behind.
  const pixel = (c: number, i: number, j: number) =>
    i < 0 || i > 3 || j < 0 || j > 4 ? 0 : image.data[(c * 4 + i) * 5 + j]!;
  const convolved = Float32Array.from({ length: 2 * 2 * 5 }, (_, n) => {
    const o = Math.floor(n / 10), i = Math.floor(n / 5) % 2, j = n % 5;
    let sum = offset.data[o]!;
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < 2; p++) {
        for (let q = 0; q < 2; q++) {
          sum += kernel.data[((o * 3 + c) * 2 + p) * 2 + q]! *
            pixel(c, 2 * i + p, j + q - 1);
        }
      }
    }
    return sum;
  });
  close("conv", { dims: [1, 2, 2, 5], data: convolved });
});

Deno.test("weights mean the same in every element type, scales included", async () => {
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
  const halves = new Float16Array([1, -2.5, 6e-8, 65504]);
  const upper = new Uint16Array([0x3f80, 0xc020, 0x0001, 0x7f7f]);
  await using stored = await store([
    { name: "plain.weight", dtype: "F8_E4M3", shape: [256], data: codes },
    { name: "scaled.weight", dtype: "F8_E4M3", shape: [256], data: codes },
    {
      name: "scaled.scale_weight",
      dtype: "F32",
      shape: [],
      data: new Float32Array([0.0371]),
    },
    { name: "stored half", dtype: "F16", shape: [4], data: halves },
    { name: "stored bfloat", dtype: "BF16", shape: [4], data: upper },
  ]);
  const table = readGolden("dit_fp8/e4m3_decode_table.npy");
  assert.deepEqual(decodeNumbers("F8_E4M3", codes), table.data);
  const finite = (data: Float32Array) =>
    data.map((x) => Number.isNaN(x) ? 0 : x);
  for (const float8 of ["dequantize", "cast"] as const) {
    const made = await compute({}, (_, g) => ({
      plain: g.weight("plain.weight"),
      scaled: g.weight("scaled.weight"),
      half: g.weight("stored half"),
      bfloat: g.weight("stored bfloat"),
    }), { ...stored, target: { ...REFERENCE_TARGET, float8 } });
    // NaN, which two codes mean, stays NaN.
    for (const name of ["plain", "scaled"]) {
      const { data } = made[name]!;
      assert.ok(Number.isNaN(data[0x7f]) && Number.isNaN(data[0xff]), name);
      const scale = name === "plain" ? 1 : Math.fround(0.0371);
      assertClose(
        `${name} float8, ${float8}`,
        {
          dims: [256],
          data: finite(data),
        },
        { dims: [256], data: finite(table.data.map((x) => x * scale)) },
        {
          max: 0,
        },
      );
    }
    assert.deepEqual(made["half"]!.data, Float32Array.from(halves));
    assert.deepEqual(
      made["bfloat"]!.data,
      decodeNumbers("BF16", new Uint8Array(upper.buffer)),
    );
    assert.equal(made["bfloat"]!.data[1], -2.5);
  }
});

Deno.test("constants keep their numbers in every element type", async () => {
  const values = [0, 1, -2.5, 3.140625, 1 / 3, 1e-3];
  const made = await compute({}, (_, g) =>
    Object.fromEntries(
      (["float32", "float16", "bfloat16", "float64"] as const).map((type) => [
        type,
        g.constant(type, [6], values).cast("float32"),
      ]),
    ));
  for (
    const [type, error] of Object.entries({
      float32: 2 ** -24,
      float16: 2 ** -11,
      bfloat16: 2 ** -8,
      float64: 2 ** -24,
    })
  ) {
    made[type]!.data.forEach((x, i) => {
      const expected = values[i]!;
      assert.ok(
        Math.abs(x - expected) <= error * Math.abs(expected),
        `${type}: ${x}, expected ${expected}`,
      );
    });
  }
  const { whole } = await compute({}, (_, g) => ({
    whole: concat(
      (["int64", "int32", "int8", "uint8"] as const).map((type) =>
        g.constant(type, [2], [1, 127]).cast("float32")
      ),
      0,
    ),
  }));
  assert.deepEqual([...whole!.data], [1, 127, 1, 127, 1, 127, 1, 127]);
  assert.throws(
    () => new GraphBuilder("g").constant("float8e4m3fn", [], [1]),
    TypeError,
  );
});
