/**
 * Every graph is a valid ONNX model: what `onnx.checker` demands, without
 * Python. Each operator exists in the operator set that the model imports,
 * with these inputs, element types and attributes; each value is made once and
 * before it is used; each output has the declared element type.
 *
 * The table is taken from ONNX's own schemas of operator set 23. Shapes are not
 * inferred here: a wrong one is an error when a session is opened, which other
 * tests do.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DATA_TYPES } from "../core/onnx/graph/onnx_proto.ts";
import type { GraphTarget } from "../core/onnx/graph/graph_target.ts";
import { selfTestGraph } from "../core/onnx/runtime/_probe_graph.ts";
import { EVERY_GRAPH, type GraphOwner } from "./fixtures/every_graph.ts";
import {
  decode,
  type Field,
  ints,
  message,
  messages,
  strings,
} from "./fixtures/protobuf.ts";

const FLOAT = "float16 float32 float64 bfloat16";
const MATH = `int32 int64 ${FLOAT}`;
const NUMBER = `uint8 int8 ${MATH}`;
const NOT_FLOAT8 = `bool ${NUMBER}`;
const INDEX = "int32 int64";

/**
 * An operator: the version in which its present definition appeared, its
 * inputs and outputs, its attributes with their kinds (`!` where required),
 * and the element types of its type variables (any where none are listed).
 *
 * Of a signature, `T?` may be left out and `T*` repeated.
 */
type Schema = readonly [
  since: number,
  signature: string,
  attributes?: string,
  types?: Readonly<Record<string, string>>,
];

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Abs: [13, "T -> T", "", { T: NUMBER }],
  Add: [14, "T T -> T", "", { T: NUMBER }],
  AveragePool: [
    22,
    "T -> T",
    "auto_pad:string ceil_mode:int count_include_pad:int dilations:ints kernel_shape:ints! pads:ints strides:ints",
    { T: FLOAT },
  ],
  Cast: [23, "T -> to", "to:int! saturate:int"],
  Clip: [13, "T T? T? -> T", "", { T: NUMBER }],
  Concat: [13, "T* -> T", "axis:int!", { T: NOT_FLOAT8 }],
  Conv: [
    22,
    "T T T? -> T",
    "auto_pad:string dilations:ints group:int kernel_shape:ints pads:ints strides:ints",
    { T: FLOAT },
  ],
  DequantizeLinear: [
    23,
    "Q T Q? -> T",
    "axis:int block_size:int output_dtype:int",
    {
      Q: "int8 uint8 int32 float8e4m3fn float8e5m2",
      T: "float32 float16 bfloat16",
    },
  ],
  Div: [14, "T T -> T", "", { T: NUMBER }],
  Expand: [13, "T int64 -> T", "", { T: NOT_FLOAT8 }],
  Floor: [13, "T -> T", "", { T: FLOAT }],
  Gather: [13, "T I -> T", "axis:int", { T: NOT_FLOAT8, I: INDEX }],
  GatherElements: [13, "T I -> T", "axis:int", { T: NOT_FLOAT8, I: INDEX }],
  Gelu: [20, "T -> T", "approximate:string", { T: FLOAT }],
  Gemm: [
    13,
    "T T T? -> T",
    "alpha:float beta:float transA:int transB:int",
    { T: MATH },
  ],
  Identity: [23, "T -> T"],
  LayerNormalization: [
    17,
    "T T T? -> T",
    "axis:int epsilon:float stash_type:int",
    { T: FLOAT },
  ],
  MatMul: [13, "T T -> T", "", { T: MATH }],
  Max: [13, "T* -> T", "", { T: NUMBER }],
  Mul: [14, "T T -> T", "", { T: NUMBER }],
  Pad: [23, "T int64 T? I? -> T", "mode:string", { I: INDEX }],
  ReduceL2: [
    18,
    "T int64? -> T",
    "keepdims:int noop_with_empty_axes:int",
    { T: MATH },
  ],
  ReduceSum: [
    13,
    "T int64? -> T",
    "keepdims:int noop_with_empty_axes:int",
    { T: MATH },
  ],
  RMSNormalization: [
    23,
    "T V -> V",
    "axis:int epsilon:float stash_type:int",
    { T: FLOAT, V: FLOAT },
  ],
  Reshape: [23, "T int64 -> T", "allowzero:int"],
  Resize: [
    19,
    "T R? float32? int64? -> T",
    "antialias:int axes:ints coordinate_transformation_mode:string cubic_coeff_a:float exclude_outside:int " +
    "extrapolation_value:float keep_aspect_ratio_policy:string mode:string nearest_mode:string",
    { T: NOT_FLOAT8, R: "float16 float32 float64" },
  ],
  Relu: [14, "T -> T", "", { T: NUMBER }],
  Sigmoid: [13, "T -> T", "", { T: FLOAT }],
  Slice: [13, "T I I I? I? -> T", "", { T: NOT_FLOAT8, I: INDEX }],
  Softmax: [13, "T -> T", "axis:int", { T: FLOAT }],
  Split: [18, "T int64? -> T*", "axis:int num_outputs:int", { T: NOT_FLOAT8 }],
  Sub: [14, "T T -> T", "", { T: NUMBER }],
  Tanh: [13, "T -> T", "", { T: FLOAT }],
  Transpose: [23, "T -> T", "perm:ints"],
  // ONNX Runtime's own operators. onnx.checker skips what it does not know.
  "com.microsoft.MatMulNBits": [
    1,
    "T uint8 T -> T",
    "K:int! N:int! accuracy_level:int bits:int block_size:int",
    { T: FLOAT },
  ],
  "com.microsoft.MultiHeadAttention": [
    1,
    "T T T T? int32? T? -> T",
    "mask_filter_value:float num_heads:int! scale:float unidirectional:int",
    { T: FLOAT },
  ],
  "com.microsoft.RotaryEmbedding": [
    1,
    "T int64 T T -> T",
    "interleaved:int num_heads:int rotary_embedding_dim:int scale:float scale_to_original:int is_packed_batching:int",
    { T: FLOAT },
  ],
};

const ATTRIBUTE_KINDS = [
  "",
  "float",
  "int",
  "string",
  "tensor",
  "graph",
  "floats",
  "ints",
];

const TYPE_NAMES = new Map<number, string>(
  Object.entries(DATA_TYPES).map(([name, number]) => [number, name]),
);
const typeName = (number: bigint) => TYPE_NAMES.get(Number(number))!;

/** Which values there are, and their element types. */
type Values = Map<string, string>;

/** Checks a model; the operators that it has go into `used`. */
function checkModel(model: Uint8Array, used: Set<string>): void {
  const fields = decode(model);
  const imports = new Map(
    messages(fields, 8).map((set) => [strings(set, 1)[0], ints(set, 2)[0]!]),
  );
  const [version] = ints(fields, 1);
  // The first version of the file format that knows operator set 23.
  assert.ok(version! >= 11n && imports.get("")! <= 23n);
  checkGraph(message(fields, 7), new Map(), { imports, used });
}

function checkGraph(
  graph: Field[],
  outer: Values,
  context: {
    imports: ReadonlyMap<string | undefined, bigint>;
    used: Set<string>;
  },
): readonly string[] {
  const values: Values = new Map(outer);
  const define = (name: string, type: string) => {
    assert.ok(!values.has(name), `${name} is made once`);
    values.set(name, type);
  };
  for (const tensor of messages(graph, 5)) {
    define(strings(tensor, 8)[0]!, typeName(ints(tensor, 2)[0]!));
  }
  for (const input of messages(graph, 11)) define(...declared(input));
  for (const node of messages(graph, 1)) {
    checkNode(node, { values, define, ...context });
  }
  return messages(graph, 12).map((output) => {
    const [name, type] = declared(output);
    assert.equal(values.get(name), type, `the type of output ${name}`);
    return type;
  });
}

/** Name and element type of an input or output. */
function declared(info: Field[]): [name: string, type: string] {
  const tensor = message(message(info, 2), 1);
  return [strings(info, 1)[0]!, typeName(ints(tensor, 1)[0]!)];
}

function checkNode(
  node: Field[],
  { values, define, ...context }: Parameters<typeof checkGraph>[2] & {
    values: Values;
    define: (name: string, type: string) => void;
  },
): void {
  const [domain = ""] = strings(node, 7);
  const op = `${domain && `${domain}.`}${strings(node, 4)[0]}`;
  context.used.add(op);
  const inputs = strings(node, 1).map((name) => {
    if (name === "") return undefined;
    assert.ok(values.has(name), `${op} uses ${name} before it is made`);
    return values.get(name);
  });
  const outputs = strings(node, 2);
  const attributes = new Map(
    messages(node, 5).map((field) => [strings(field, 1)[0]!, field]),
  );
  if (op === "Loop") {
    const [body] = messages(attributes.get("body")!, 6);
    const [condition, ...made] = checkGraph(body!, values, context);
    assert.equal(condition, "bool");
    assert.deepEqual(inputs.slice(0, 2), ["int64", "bool"]);
    const carried = inputs.slice(2);
    assert.deepEqual(made.slice(0, carried.length), carried);
    outputs.forEach((name, i) => define(name, made[i]!));
    return;
  }
  const schema = SCHEMAS[op];
  assert.ok(schema, `${op} is in no operator set`);
  const [since, signature, known = "", types = {}] = schema;
  const version = context.imports.get(domain);
  assert.ok(
    version !== undefined && since <= version,
    `${op} needs version ${since} of its set, the model imports ${version}`,
  );
  const kinds = new Map(
    known.split(" ").map((word) =>
      word.replace("!", "").split(":") as [
        string,
        string,
      ]
    ),
  );
  for (const [name, field] of attributes) {
    const kind = ATTRIBUTE_KINDS[Number(ints(field, 20)[0])];
    assert.equal(kind, kinds.get(name), `${op}'s attribute ${name}`);
  }
  for (const [, name] of known.matchAll(/(\w+):\w+!/g)) {
    assert.ok(attributes.has(name!), `${op} has its attribute ${name}`);
  }
  const bound = new Map<string, string>();
  const [before, after] = signature.split(" -> ") as [string, string];
  const slots = before.split(" ");
  for (let i = 0; i < Math.max(inputs.length, slots.length); i++) {
    const slot = slots[i] ?? (slots.at(-1)!.endsWith("*") ? slots.at(-1) : "");
    assert.ok(slot, `${op} has no input ${i}`);
    const variable = slot.replace(/[?*]$/, ""), type = inputs[i];
    if (type === undefined) {
      assert.ok(slot.endsWith("?"), `${op} has its input ${i}`);
      continue;
    }
    const expected = bound.get(variable) ??
      (variable in DATA_TYPES ? variable : type);
    assert.equal(type, expected, `the type of ${op}'s input ${i}`);
    bound.set(variable, type);
    const allowed = types[variable]?.split(" ");
    assert.ok(
      allowed?.includes(type) ?? true,
      `${op} takes ${type} as input ${i}`,
    );
  }
  const made = after === "to"
    ? typeName(ints(attributes.get("to")!, 3)[0]!)
    : bound.get(after.replace("*", ""))!;
  assert.ok(after.endsWith("*") || outputs.length === 1, `${op}'s outputs`);
  for (const name of outputs) define(name, made);
}

/** The kinds of target: every element type, both forms of attention, fp8. */
const TARGETS: readonly GraphTarget[] = [
  { compute: "float32", attention: "fused", float8: "dequantize" },
  { compute: "float32", attention: "manual", float8: "cast" },
  { compute: "float16", attention: "fused", float8: "cast" },
  {
    compute: "bfloat16",
    attention: "fused",
    attentionCompute: "float16",
    float8: "cast",
  },
];

const used = new Set<string>();

for (const kind of Object.keys(EVERY_GRAPH) as GraphOwner[]) {
  Deno.test(`every graph of ${kind} is a valid ONNX model`, () => {
    let graphs = 0;
    for (const target of TARGETS) {
      if (kind === "t5" && target.compute === "float16") continue; // refused
      if (kind === "vae" && target.compute === "bfloat16") continue; // float32
      for (const { model } of EVERY_GRAPH[kind](target)) {
        checkModel(model, used);
        graphs++;
      }
    }
    console.log(`${graphs} graphs`);
    assert.ok(graphs > 20);
  });
}

Deno.test("the device probe's graph is a valid ONNX model", () => {
  for (const compute of ["float32", "float16", "bfloat16"] as const) {
    for (const attention of ["fused", "manual"] as const) {
      checkModel(selfTestGraph(compute, attention).model, used);
    }
  }
});

Deno.test("the table of operators holds no more than the graphs use", () => {
  const listed = [...Object.keys(SCHEMAS), "Loop"].sort();
  assert.deepEqual(listed, [...used].sort());
});
