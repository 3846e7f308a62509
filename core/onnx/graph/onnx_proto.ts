/**
 * The bytes of an ONNX model: a typed encoder of the few protobuf messages
 * that a graph needs, written by hand because no library has all of them
 * (float8, external data, sub-graphs) without tens of megabytes.
 *
 * Nothing is checked here beyond what the types say; {@linkcode
 * https://onnx.ai/onnx/repo-docs/IR.html the ONNX IR specification} and
 * `onnx.proto` are the source of every field number.
 *
 * @module
 */

import { message, type Writer } from "./_wire.ts";

/** The element types that are used, with their numbers in `TensorProto.DataType`. */
export const DATA_TYPES = {
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
} as const;

/** The name of an element type. */
export type DataType = keyof typeof DATA_TYPES;

/** A value at the border of a graph: its name, element type and shape. */
export interface ValueInfo {
  /** Unique in the graph. */
  readonly name: string;
  /** The element type. */
  readonly type: DataType;
  /** The length of each axis; a string names a length that is known only at run time. */
  readonly shape: readonly (number | string)[];
}

/** Numbers that stand in the model itself, little endian, row-major. */
export interface InlineData {
  /** `product(dims)` elements. */
  readonly raw: Uint8Array;
}

/** Numbers that stand in another file. */
export interface ExternalData {
  /** The file, relative to the folder that the session is told. */
  readonly location: string;
  /** Where the numbers start, in bytes; no alignment is needed. */
  readonly offset: number;
  /** How many bytes there are. */
  readonly length: number;
}

/** A constant tensor. */
export interface TensorProto {
  /** Unique in the graph; may be left out in an attribute. */
  readonly name?: string;
  /** The element type. */
  readonly type: DataType;
  /** The length of each axis. */
  readonly dims: readonly number[];
  /** The numbers, or where they are. */
  readonly data: InlineData | ExternalData;
}

/** The value of a node's attribute, by its kind. */
export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly strings: readonly string[] }
  | { readonly tensor: TensorProto }
  | { readonly graph: GraphProto };

/** One operation. */
export interface NodeProto {
  /** The operator, for example `Gemm`. */
  readonly opType: string;
  /** The operator set; empty for ONNX's own. */
  readonly domain?: string;
  /** What the runtime calls this node in its messages. */
  readonly name?: string;
  /** Names of values; an empty name is an optional input that is left out. */
  readonly inputs: readonly string[];
  /** Names of values, each defined once in the graph. */
  readonly outputs: readonly string[];
  /** The operator's attributes. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A graph: the model's, or the body of a `Loop` or `If`. */
export interface GraphProto {
  /** Any name. */
  readonly name: string;
  /** In an order in which every value is made before it is used. */
  readonly nodes: readonly NodeProto[];
  /** The constants. */
  readonly initializers: readonly TensorProto[];
  /** What is fed. */
  readonly inputs: readonly ValueInfo[];
  /** What is fetched. */
  readonly outputs: readonly ValueInfo[];
}

/** A whole model. */
export interface ModelProto {
  /** The version of the file format. */
  readonly irVersion: number;
  /** Operator set by domain; the empty domain is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Which program wrote it. */
  readonly producer: string;
  /** The graph. */
  readonly graph: GraphProto;
}

/** The bytes of a model as they stand in an `.onnx` file. */
export function encodeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  return message((m) => {
    m.int(1, model.irVersion);
    m.string(2, model.producer);
    m.message(7, (w) => writeGraph(w, model.graph));
    for (const [domain, version] of Object.entries(model.opsets)) {
      m.message(8, (w) => {
        w.string(1, domain);
        w.int(2, version);
      });
    }
  });
}

function writeGraph(w: Writer, graph: GraphProto): void {
  for (const node of graph.nodes) w.message(1, (n) => writeNode(n, node));
  w.string(2, graph.name);
  for (const tensor of graph.initializers) {
    w.message(5, (t) => writeTensor(t, tensor));
  }
  for (const value of graph.inputs) {
    w.message(11, (v) => writeValueInfo(v, value));
  }
  for (const value of graph.outputs) {
    w.message(12, (v) => writeValueInfo(v, value));
  }
}

function writeNode(w: Writer, node: NodeProto): void {
  for (const input of node.inputs) w.string(1, input);
  for (const output of node.outputs) w.string(2, output);
  if (node.name !== undefined) w.string(3, node.name);
  w.string(4, node.opType);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    w.message(5, (a) => writeAttribute(a, name, value));
  }
  if (node.domain) w.string(7, node.domain);
}

function writeAttribute(w: Writer, name: string, value: AttributeValue): void {
  w.string(1, name);
  // Field 20 is the kind, AttributeProto.AttributeType.
  if ("float" in value) {
    w.float(2, value.float);
    w.int(20, 1);
  } else if ("int" in value) {
    w.int(3, value.int);
    w.int(20, 2);
  } else if ("string" in value) {
    w.string(4, value.string);
    w.int(20, 3);
  } else if ("tensor" in value) {
    w.message(5, (t) => writeTensor(t, value.tensor));
    w.int(20, 4);
  } else if ("graph" in value) {
    w.message(6, (g) => writeGraph(g, value.graph));
    w.int(20, 5);
  } else if ("floats" in value) {
    for (const float of value.floats) w.float(7, float);
    w.int(20, 6);
  } else if ("ints" in value) {
    for (const int of value.ints) w.int(8, int);
    w.int(20, 7);
  } else {
    for (const string of value.strings) w.string(9, string);
    w.int(20, 8);
  }
}

function writeTensor(w: Writer, tensor: TensorProto): void {
  for (const length of tensor.dims) w.int(1, length);
  w.int(2, DATA_TYPES[tensor.type]);
  if (tensor.name !== undefined) w.string(8, tensor.name);
  const { data } = tensor;
  if ("raw" in data) {
    w.bytes(9, data.raw);
    return;
  }
  writeExternalData(w, data);
  w.int(14, 1); // data_location = EXTERNAL
}

/** The fields of a tensor that say where its numbers are. */
export function writeExternalData(w: Writer, place: ExternalData): void {
  const entries = {
    location: place.location,
    offset: String(place.offset),
    length: String(place.length),
  };
  for (const [key, value] of Object.entries(entries)) {
    w.message(13, (e) => {
      e.string(1, key);
      e.string(2, value);
    });
  }
}

function writeValueInfo(w: Writer, value: ValueInfo): void {
  w.string(1, value.name);
  w.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.int(1, DATA_TYPES[value.type]);
      tensor.message(2, (shape) => {
        for (const length of value.shape) {
          shape.message(1, (dim) => {
            if (typeof length === "number") dim.int(1, length);
            else dim.string(2, length);
          });
        }
      });
    }));
}
