import assert from "node:assert/strict";
import {
  DATA_TYPES,
  type DataType,
  encodeModel,
  type GraphProto,
} from "./onnx_proto.ts";
import {
  all,
  decode,
  type Field,
  floats,
  ints,
  message,
  messages,
  strings,
} from "../../../tests/fixtures/protobuf.ts";

function graphOf(graph: Partial<GraphProto>): Field[] {
  const model = decode(encodeModel({
    irVersion: 10,
    opsets: { "": 21 },
    producer: "test",
    graph: {
      name: "g",
      nodes: [],
      initializers: [],
      inputs: [],
      outputs: [],
      ...graph,
    },
  }));
  return message(model, 7);
}

Deno.test("a model has its version, operator sets and graph", () => {
  const model = decode(encodeModel({
    irVersion: 10,
    opsets: { "": 21, "com.microsoft": 1 },
    producer: "Grüße",
    graph: { name: "g", nodes: [], initializers: [], inputs: [], outputs: [] },
  }));
  assert.deepEqual(ints(model, 1), [10n]);
  assert.deepEqual(strings(model, 2), ["Grüße"]);
  assert.deepEqual(
    messages(model, 8).map((set) => [strings(set, 1), ints(set, 2)]),
    [[[""], [21n]], [["com.microsoft"], [1n]]],
  );
  assert.deepEqual(strings(message(model, 7), 2), ["g"]);
});

Deno.test("a node has its operator, names and attributes of every kind", () => {
  const body: GraphProto = {
    name: "body",
    nodes: [{ opType: "Identity", inputs: ["a"], outputs: ["b"] }],
    initializers: [],
    inputs: [],
    outputs: [],
  };
  const [node] = messages(
    graphOf({
      nodes: [{
        opType: "Odd",
        domain: "com.example",
        name: "odd",
        inputs: ["x", "", "y"],
        outputs: ["z"],
        attributes: {
          float: { float: 0.1 },
          int: { int: -3 },
          large: { int: 2 ** 53 - 1 },
          string: { string: "tanh" },
          tensor: {
            tensor: {
              type: "bool",
              dims: [],
              data: { raw: new Uint8Array([1]) },
            },
          },
          graph: { graph: body },
          floats: { floats: [1.5, -2] },
          ints: { ints: [0, 127, 128, -1] },
          strings: { strings: ["a", "ü"] },
        },
      }],
    }),
    1,
  );
  assert.deepEqual(strings(node!, 1), ["x", "", "y"]);
  assert.deepEqual(strings(node!, 2), ["z"]);
  assert.deepEqual(strings(node!, 3), ["odd"]);
  assert.deepEqual(strings(node!, 4), ["Odd"]);
  assert.deepEqual(strings(node!, 7), ["com.example"]);
  const attributes = new Map(
    messages(node!, 5).map((
      attribute,
    ) => [strings(attribute, 1)[0]!, attribute]),
  );
  const kind = (name: string) => Number(ints(attributes.get(name)!, 20)[0]);
  assert.deepEqual(
    Object.fromEntries(
      [...attributes.keys()].map((name) => [name, kind(name)]),
    ),
    {
      float: 1,
      int: 2,
      large: 2,
      string: 3,
      tensor: 4,
      graph: 5,
      floats: 6,
      ints: 7,
      strings: 8,
    },
  );
  const of = (name: string) => attributes.get(name)!;
  assert.deepEqual(floats(of("float"), 2), [Math.fround(0.1)]);
  assert.deepEqual(ints(of("int"), 3), [-3n]);
  assert.deepEqual(ints(of("large"), 3), [2n ** 53n - 1n]);
  assert.deepEqual(strings(of("string"), 4), ["tanh"]);
  assert.deepEqual(all(message(of("tensor"), 5), 9), [new Uint8Array([1])]);
  assert.deepEqual(
    strings(message(message(of("graph"), 6), 1), 4),
    ["Identity"],
  );
  assert.deepEqual(floats(of("floats"), 7), [1.5, -2]);
  assert.deepEqual(ints(of("ints"), 8), [0n, 127n, 128n, -1n]);
  assert.deepEqual(strings(of("strings"), 9), ["a", "ü"]);
});

Deno.test("tensors hold their bytes or point into files of any size", () => {
  const [inline, external] = messages(
    graphOf({
      initializers: [
        {
          name: "inline",
          type: "bfloat16",
          dims: [2, 1],
          data: { raw: new Uint8Array([1, 2, 3, 4]) },
        },
        {
          name: "external",
          type: "float8e4m3fn",
          dims: [13824, 5120],
          data: {
            location: "sub folder/ü.safetensors",
            offset: 65_000_000_123,
            length: 13824 * 5120,
          },
        },
      ],
    }),
    5,
  );
  assert.deepEqual(ints(inline!, 1), [2n, 1n]);
  assert.deepEqual(ints(inline!, 2), [16n]);
  assert.deepEqual(strings(inline!, 8), ["inline"]);
  assert.deepEqual(all(inline!, 9), [new Uint8Array([1, 2, 3, 4])]);
  assert.deepEqual(ints(inline!, 14), []);
  assert.deepEqual(ints(external!, 2), [17n]);
  assert.deepEqual(all(external!, 9), []);
  assert.deepEqual(ints(external!, 14), [1n]);
  assert.deepEqual(
    Object.fromEntries(
      messages(external!, 13).map((
        entry,
      ) => [strings(entry, 1)[0], strings(entry, 2)[0]]),
    ),
    {
      location: "sub folder/ü.safetensors",
      offset: "65000000123",
      length: "70778880",
    },
  );
});

Deno.test("the border of a graph tells types and shapes", () => {
  const graph = graphOf({
    inputs: [{ name: "x", type: "float32", shape: [1, "tokens", 0] }],
    outputs: [{ name: "y", type: "int64", shape: [] }],
  });
  const border = (number: number) => {
    const value = message(graph, number);
    const tensor = message(message(value, 2), 1);
    return {
      name: strings(value, 1)[0],
      type: Number(ints(tensor, 1)[0]),
      shape: messages(message(tensor, 2), 1).map((dim) =>
        strings(dim, 2)[0] ?? Number(ints(dim, 1)[0])
      ),
    };
  };
  assert.deepEqual(border(11), {
    name: "x",
    type: 1,
    shape: [1, "tokens", 0],
  });
  assert.deepEqual(border(12), { name: "y", type: 7, shape: [] });
});

Deno.test("large bytes grow the buffer; what is no integer is refused", () => {
  const raw = crypto.getRandomValues(new Uint8Array(60_000));
  const graph = graphOf({
    initializers: [{ name: "a", type: "uint8", dims: [60_000], data: { raw } }],
  });
  assert.deepEqual(all(message(graph, 5), 9), [raw]);
  assert.throws(
    () =>
      graphOf({
        nodes: [{
          opType: "A",
          inputs: [],
          outputs: [],
          attributes: { axis: { int: 0.5 } },
        }],
      }),
    { name: "RangeError", message: /0\.5 as an integer/ },
  );
});

Deno.test("the numbers of the element types are those of onnx.proto", () => {
  const expected: Record<DataType, number> = {
    float32: 1,
    uint8: 2,
    int8: 3,
    int32: 6,
    int64: 7,
    bool: 9,
    float16: 10,
    float64: 11,
    bfloat16: 16,
    float8e4m3fn: 17,
    float8e5m2: 19,
  };
  assert.deepEqual(DATA_TYPES, expected);
});
