import assert from "node:assert/strict";
import type {
  TensorDtype,
  TensorEntry,
  TensorIndex,
} from "../../formats/tensor_index.ts";
import { byteLengthOf } from "../../formats/tensor_index.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { attention, conv, gemm, layerNorm, linear } from "./layers.ts";
import { concat, type Value } from "./value.ts";

function entry(
  name: string,
  shape: readonly number[],
  rest: { dtype?: TensorDtype; file?: string; offset?: number } = {},
): TensorEntry {
  const { dtype = "F32", file = "/models/a/w.bin", offset = 0 } = rest;
  const length = byteLengthOf(dtype, shape);
  return { name, dtype, shape, file, offset, length };
}

function index(...entries: TensorEntry[]): TensorIndex {
  return new Map(entries.map((one) => [one.name, one]));
}

/** The model's bytes as text: names and operators can be searched for. */
function text(g: GraphBuilder): string {
  return new TextDecoder("latin1").decode(g.build().model);
}

Deno.test("shapes and types follow from the operations", () => {
  const g = new GraphBuilder("shapes");
  const x = g.input("x", "float32", [2, 3, 4]);
  const shapeOf = ({ type, shape }: Value) => `${type} ${shape.join()}`;
  const cases: [Value, string][] = [
    [x.add(1), "float32 2,3,4"],
    [x.mul(g.constant("float32", [3, 1], [1, 2, 3])), "float32 2,3,4"],
    [x.cast("float16").gelu("tanh"), "float16 2,3,4"],
    [x.reshape([-1, 4]), "float32 6,4"],
    [x.transpose([2, 0, 1]), "float32 4,2,3"],
    [x.slice(1, -2), "float32 2,2,4"],
    [x.slice(-1, 0, -1), "float32 2,3,3"],
    [x.split(2, [1, 3])[1]!, "float32 2,3,3"],
    [x.chunk(-1, 2)[0]!, "float32 2,3,2"],
    [x.gather(g.constant("int64", [], [1]), 1), "float32 2,4"],
    [x.gather(g.constant("int32", [5, 1], [0, 0, 0, 0, 0])), "float32 5,1,3,4"],
    [x.slice(0, 0, 1).expand([7, 3, 4]), "float32 7,3,4"],
    [x.pad([[0, 1, 2], [-1, -1, 0]]), "float32 5,3,3"],
    [x.matmul(g.constant("float32", [4, 1], [1, 2, 3, 4])), "float32 2,3,1"],
    [x.sum([0, -1]), "float32 1,3,1"],
    [x.softmax(1).silu().clip(0, 1).sqrt().max(0), "float32 2,3,4"],
    [concat([x, x.slice(1, 0, 1)], 1), "float32 2,4,4"],
    [layerNorm(x, { eps: 1e-6 }), "float32 2,3,4"],
    [
      attention(x, x.slice(1, 0, 2), x.slice(1, 0, 2), { heads: 2 }),
      "float32 2,3,4",
    ],
  ];
  for (const [value, expected] of cases) assert.equal(shapeOf(value), expected);
});

Deno.test("what changes nothing makes no node", () => {
  const g = new GraphBuilder("same");
  const x = g.input("x", "float32", [2, 3]);
  assert.equal(x.cast("float32"), x);
  assert.equal(x.reshape([-1, 3]), x);
  assert.equal(x.slice(0, 0), x);
  assert.equal(x.pad([[0, 0, 0]]), x);
  assert.equal(x.expand([2, 3]), x);
  assert.equal(concat([x], 0), x);
});

Deno.test("equal small constants are one; those of other types are not", () => {
  const g = new GraphBuilder("constants");
  const one = g.constant("float32", [2], [0, 1]);
  assert.equal(g.constant("float32", [2], [0, 1]), one);
  assert.notEqual(g.constant("float32", [2], [-0, 1]), one);
  assert.notEqual(g.constant("float32", [1, 2], [0, 1]), one);
  assert.notEqual(g.constant("float16", [2], [0, 1]), one);
});

Deno.test("mistakes are errors where they are written", () => {
  const weights = index(
    entry("a.weight", [4, 6]),
    entry("c.weight", [8, 3, 2, 2]),
    entry("odd", [2], { dtype: "U64" }),
    { ...entry("short", [2]), length: 7 },
  );
  const g = new GraphBuilder("mistakes", { weights });
  const x = g.input("x", "float32", [2, 3]);
  const other = new GraphBuilder("other").input("x", "float32", [2, 3]);
  const fails = (run: () => unknown, name: string, message: RegExp) =>
    assert.throws(run, { name, message });
  fails(() => x.add(x.cast("float16")), "TypeError", /element types differ/);
  fails(
    () => x.add(g.constant("float32", [2], [1, 2])),
    "RangeError",
    /^Cannot Add "x" float32 \[2, 3\] and .* shapes do not broadcast$/,
  );
  fails(() => x.add(other), "TypeError", /belongs to another graph/);
  fails(() => x.reshape([4, -1]), "RangeError", /it has 6 elements/);
  fails(() => x.transpose([0, 0]), "RangeError", /the order is \[0, 0\]/);
  fails(() => x.slice(1, 2, 4), "RangeError", /lies outside/);
  fails(() => x.split(1, [1, 1]), "RangeError", /parts of \[1, 1\]/);
  fails(() => x.expand([3, 3]), "RangeError", /do not broadcast/);
  fails(() => x.matmul(x), "RangeError", /shapes differ/);
  fails(() => x.softmax(2), "RangeError", /Cannot take axis 2/);
  fails(() => x.gather(x), "TypeError", /expected int64 or int32/);
  fails(
    () => concat([x, x.transpose([1, 0])], 0),
    "RangeError",
    /shapes differ/,
  );
  fails(() => concat([], 0), "RangeError", /no values/);
  fails(
    () => g.constant("float32", [2], [1]),
    "RangeError",
    /1 numbers are given/,
  );
  fails(() => g.input("x", "float32", []), "TypeError", /that name is taken/);
  fails(() => gemm(x, x.transpose([1, 0])), "TypeError", /do not fit/);
  fails(
    () => g.weight("b.weight"),
    "FormatError",
    /Cannot find tensor "b\.weight"/,
  );
  fails(
    () => g.weight("a.weight", { shape: [5, 5] }),
    "RangeError",
    /its shape is \[4, 6\]/,
  );
  fails(
    () => g.weight("a.weight", { rows: [2, 5] }),
    "RangeError",
    /it has 4 rows/,
  );
  fails(() => g.weight("odd"), "TypeError", /its element type is U64/);
  fails(() => g.weight("short"), "RangeError", /it has 7 bytes, expected 8/);
  fails(
    () => linear(x, "a"),
    "FormatError",
    /that is \[4, 6\], expected \[\.\.\., 3\]/,
  );
  fails(
    () => conv(x.reshape([1, 2, 3, 1]), "c"),
    "FormatError",
    /^Cannot apply layer "c" to /,
  );
});

Deno.test("a value of a loop's body cannot leave it, and the carried ones keep their shape", () => {
  const g = new GraphBuilder("loop");
  const x = g.input("x", "float32", [2]);
  let inside: Value | undefined;
  const { carried, collected } = g.loop(3, [x], (_, value) => {
    inside = value.add(x); // the body sees what is outside
    return { carried: [inside], collected: [inside.reshape([1, 2])] };
  });
  assert.deepEqual(carried[0]!.shape, [2]);
  assert.deepEqual(collected[0]!.shape, [3, 1, 2]);
  assert.throws(() => inside!.add(1), {
    name: "TypeError",
    message: /to a loop that has ended$/,
  });
  assert.throws(
    () => g.loop(1, [x], (_, value) => ({ carried: [value.reshape([2, 1])] })),
    { name: "TypeError", message: /expected the types and shapes of/ },
  );
  // A body that throws leaves the builder where it was.
  assert.throws(() =>
    g.loop(1, [x], () => {
      throw new Error("no");
    }), { message: "no" });
  g.output("y", x.add(1));
});

Deno.test("casts of weights stand in front of all other nodes, each once", () => {
  const weights = index(
    entry("a.weight", [4, 4], { dtype: "BF16" }),
    entry("b.weight", [4, 4], { dtype: "F16", offset: 32 }),
  );
  const g = new GraphBuilder("order", { weights });
  const x = g.input("x", "float32", [1, 4]);
  g.output("y", linear(linear(linear(x, "a"), "b"), "a"));
  // Field 4 of a node, its operator, with a length of four letters.
  const operators = text(g).split("\x22\x04").slice(1)
    .map((rest) => rest.slice(0, 4));
  assert.deepEqual(operators, ["Cast", "Cast", "Gemm", "Gemm", "Gemm"]);
});

Deno.test("weights are named by file, offset and length, relative to the folder that holds all", () => {
  const weights = index(
    entry("a", [2], { file: "/models/x/one.safetensors", offset: 100 }),
    entry("b", [3], { file: "/models/y z/two.bin", offset: 5, dtype: "F16" }),
    entry("c", [1], { file: "/elsewhere/not used", offset: 0 }),
    entry("d", [6, 2], { file: "/models/x/one.safetensors", offset: 8 }),
  );
  const g = new GraphBuilder("files", { weights });
  g.output("out a", g.weight("a"));
  g.output("out b", g.weight("b"));
  g.output("out d", g.weight("d", { rows: [1, 3] }));
  const built = g.build();
  assert.equal(built.weightsFolder, "/models");
  assert.deepEqual(
    [...built.weightFiles],
    [["/models/x/one.safetensors", 108], ["/models/y z/two.bin", 11]],
  );
  const model = text(g);
  for (
    const part of [
      "x/one.safetensors",
      "y z/two.bin",
      "offset\x12\x03100",
      "offset\x12\x0216",
    ]
  ) assert.ok(model.includes(part), part);
  assert.ok(!model.includes("elsewhere"));

  const windows = new GraphBuilder("files", {
    weights: index(
      entry("a", [1], { file: "C:\\m\\x\\a.bin" }),
      entry("b", [1], { file: "C:\\m\\b.bin" }),
      entry("c", [1], { file: "D:\\c.bin" }),
    ),
  });
  windows.output("out a", windows.weight("a"));
  windows.output("out b", windows.weight("b"));
  assert.equal(windows.build().weightsFolder, "C:/m");
  assert.ok(text(windows).includes("x/a.bin"));
  windows.output("out c", windows.weight("c"));
  assert.throws(() => windows.build(), /they have no folder in common$/);
  assert.equal(new GraphBuilder("none").build().weightsFolder, "");
});
