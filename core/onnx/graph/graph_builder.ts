/**
 * Writes a network down as an ONNX model whose weights stay where they are:
 * in the checkpoint's own files.
 *
 * Network code reads like the PyTorch file it mirrors: {@linkcode Value} has
 * the tensor algebra, `layers.ts` the layers, and a weight is named by its
 * checkpoint key.
 *
 * ```ts ignore
 * const g = new GraphBuilder("ffn", { weights: checkpoint.transformer, target });
 * const x = g.input("x", "float32", [1, 45, 256]);
 * const y = linear(linear(x, "blocks.0.ffn.0").gelu("tanh"), "blocks.0.ffn.2");
 * g.output("y", y.cast("float32"));
 * const graph = g.build(); // → openSession(graph, ...)
 * ```
 *
 * @module
 */

import {
  getTensor,
  type TensorEntry,
  type TensorIndex,
} from "../../formats/tensor_index.ts";
import { sizeOf } from "../../base/tensor.ts";
import {
  type DataType,
  encodeModel,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from "./onnx_proto.ts";
import { encodeNumbers } from "./_encode_numbers.ts";
import { Names } from "./_names.ts";
import { placeWeights, type StoredWeight } from "./_stored_weights.ts";
import { viewTensor } from "./_view_tensor.ts";
import { findScale } from "../../formats/weight_scale.ts";
import { scaledWeight } from "./scaled_weight.ts";
import { type GraphTarget, REFERENCE_TARGET } from "./graph_target.ts";
import {
  type GraphWriter,
  type LayerAdapter,
  type NodeOptions,
  type Signature,
  Value,
  type WeightOptions,
} from "./value.ts";

/** A graph that is ready for a session. */
export interface BuiltGraph {
  /** The bytes of the model. They hold no weights. */
  readonly model: Uint8Array<ArrayBuffer>;
  /**
   * The folder that the weights' paths in the model are relative to; empty
   * when the graph has no weights.
   */
  readonly weightsFolder: string;
  /**
   * The files that the graph points into, with the number of bytes that each
   * must have at least: a file that is shorter would end the process.
   */
  readonly weightFiles: ReadonlyMap<string, number>;
  /** What is fed, in order. */
  readonly inputs: readonly (Signature & { readonly name: string })[];
  /**
   * The weights that are fed as well, in order behind the others; only of a
   * graph whose weights are streamed.
   */
  readonly streamedWeights: readonly StreamedWeight[];
  /** What is fetched, in order. */
  readonly outputs: readonly (Signature & { readonly name: string })[];
}

/** A weight that is fed, and where the bytes are that it is fed. */
export interface StreamedWeight extends Signature {
  /** The name of the input: `weight.0`, `weight.1` and so on. */
  readonly name: string;
  /** The file that has it. */
  readonly file: string;
  /** Where in the file it starts, in bytes. */
  readonly offset: number;
  /** How many bytes it has. */
  readonly length: number;
}

/** What a graph is built for and from. */
export interface GraphBuilderOptions {
  /** Where the weights lie; left out for a graph of constants only. */
  readonly weights?: TensorIndex;
  /** What the graph shall run on; plain float32 by default. */
  readonly target?: GraphTarget;
  /**
   * What a layer adds to its stored weight, by the layer's name (LoRA);
   * `layers.ts` calls it where it makes that layer.
   */
  readonly adapters?: ReadonlyMap<string, LayerAdapter>;
  /**
   * Makes inputs of the stored weights, which are fed as they are stored: one
   * session can then run all blocks of a network, each with its own weights.
   * By default they are mapped from their files when the session is opened.
   */
  readonly streamed?: boolean | undefined;
}

/** Constants up to this many elements are shared when they are equal. */
const SHARED_CONSTANT = 16;

/** The nodes of the graph itself or of a sub-graph that is being written. */
interface Scope {
  readonly nodes: NodeProto[];
  /** Names of the values that end with this scope. */
  readonly values: Set<string>;
}

/**
 * Writes one graph, from its inputs to {@linkcode GraphBuilder.build}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { GraphBuilder } from "@ati/ati";
 * const g = new GraphBuilder("twice");
 * const x = g.input("x", "float32", [3]);
 * g.output("y", x.add(x));
 * const { model, weightsFolder } = g.build();
 * assert.ok(model.length > 0);
 * assert.equal(weightsFolder, "");
 * ```
 */
export class GraphBuilder implements GraphWriter {
  /** What the graph shall run on. */
  readonly target: GraphTarget;
  /** Where the weights lie. */
  readonly weights: TensorIndex;
  /** What layers add to their stored weights, by layer name. */
  readonly adapters: ReadonlyMap<string, LayerAdapter>;

  readonly #name: string;
  readonly #streamed: boolean;
  readonly #inputs: Value[] = [];
  readonly #outputs = new Map<string, Value>();
  readonly #initializers = new Map<string, TensorProto>();
  /** Initializers that point into files; their locations follow in build(). */
  readonly #stored: StoredWeight[] = [];
  /** Casts of weights. They go first: see build(). */
  readonly #preamble: NodeProto[] = [];
  readonly #cached = new Map<string, Value>();
  readonly #scopes: Scope[] = [{ nodes: [], values: new Set() }];
  readonly #names = new Names();

  /** A graph without inputs, nodes or outputs yet. */
  constructor(name: string, options: GraphBuilderOptions = {}) {
    this.#name = name;
    this.#streamed = options.streamed ?? false;
    this.weights = options.weights ?? new Map();
    this.target = options.target ?? REFERENCE_TARGET;
    this.adapters = options.adapters ?? new Map();
  }

  /** A value that is fed at run time. bfloat16 and float8 cannot be fed. */
  input(name: string, type: DataType, shape: readonly number[]): Value {
    const value = new Value(this, this.#names.claim(name), { type, shape });
    this.#scopes[0]!.values.add(name);
    this.#inputs.push(value);
    return value;
  }

  /** Makes `value` an output under that name. */
  output(name: string, value: Value): void {
    this.#check(value);
    this.#outputs.set(this.#names.claim(name), value);
    this.#scopes[0]!.nodes.push({
      opType: "Identity",
      inputs: [value.name],
      outputs: [name],
    });
  }

  /** Whether the checkpoint has a tensor of that name. */
  has(key: string): boolean {
    return this.weights.has(key);
  }

  /**
   * The checkpoint's tensor `key`, in the target's compute type unless
   * `options.type` says otherwise. Only its place goes into the model. A
   * weight is multiplied by its factors when the checkpoint has some
   * (`<module>.scale_weight` of `<module>.weight`).
   *
   * @throws {FormatError} When the checkpoint has no such tensor.
   * @throws {TypeError} When it has an element type that no graph can hold.
   */
  weight(key: string, options: WeightOptions = {}): Value {
    const scale = findScale(this.weights, key);
    if (!scale) return this.tensor(getTensor(this.weights, key), options);
    const { type = this.target.compute, rows, shape } = options;
    return this.#once(
      `${key}[${rows?.join(":") ?? ""}](${shape?.join() ?? ""}):${type}`,
      () => scaledWeight(this, key, { ...options, type, scale }),
    );
  }

  /** The checkpoint's tensor `key` exactly as it is stored, without a cast. */
  rawWeight(key: string, options: Omit<WeightOptions, "type"> = {}): Value {
    return this.#storedValue(getTensor(this.weights, key), options);
  }

  /**
   * A tensor of any file, the checkpoint's or another one, in the target's
   * compute type unless `options.type` says otherwise.
   */
  tensor(entry: TensorEntry, options: WeightOptions = {}): Value {
    const { type = this.target.compute, ...part } = options;
    const stored = this.#storedValue(entry, part);
    if (type === stored.type) return stored;
    return this.#once(`${stored.name}:${type}`, () => stored.cast(type));
  }

  /**
   * A constant that stands in the model itself, row-major. Equal small ones
   * are shared.
   */
  constant(
    type: DataType,
    dims: readonly number[],
    data: ArrayLike<number>,
  ): Value {
    if (sizeOf(dims) !== data.length) {
      throw new RangeError(
        `Cannot make a constant of [${
          dims.join(", ")
        }]: ${data.length} numbers are given, expected ${sizeOf(dims)}`,
      );
    }
    const key = data.length <= SHARED_CONSTANT
      ? `${type}[${dims.join()}]${
        Array.from(data, (x) => Object.is(x, -0) ? "-0" : x).join()
      }`
      : undefined;
    const cached = key === undefined ? undefined : this.#cached.get(key);
    if (cached) return cached;
    const name = this.#names.fresh("constant");
    this.#initializers.set(name, {
      name,
      type,
      dims,
      data: { raw: encodeNumbers(type, data) },
    });
    const value = new Value(this, name, { type, shape: dims });
    this.#scopes[0]!.values.add(name);
    if (key !== undefined) this.#cached.set(key, value);
    return value;
  }

  /** Appends a node with one output. `null` leaves an optional input out. */
  node(
    opType: string,
    inputs: readonly (Value | null)[],
    output: Signature,
    options: NodeOptions = {},
  ): Value {
    return this.nodes(opType, inputs, [output], options)[0]!;
  }

  /** Appends a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly Signature[],
    options: NodeOptions = {},
  ): Value[] {
    for (const input of inputs) if (input) this.#check(input);
    const scope = this.#scopes.at(-1)!;
    const name = this.#names.fresh(options.name ?? opType);
    const values = outputs.map((signature, i) =>
      new Value(this, i === 0 ? name : `${name}:${i}`, {
        type: signature.type,
        shape: signature.shape,
      })
    );
    scope.nodes.push({
      opType,
      name,
      inputs: inputs.map((value) => value?.name ?? ""),
      outputs: values.map((value) => value.name),
      ...(options.domain ? { domain: options.domain } : {}),
      ...(options.attributes ? { attributes: options.attributes } : {}),
    });
    for (const value of values) scope.values.add(value.name);
    return values;
  }

  /**
   * ONNX's `Loop` with a fixed number of rounds. `body` is written once: it
   * gets the number of the round (an int64 scalar) and the carried values, and
   * returns what the next round gets, in the same types and shapes, and what
   * is to be collected: each of `collected` comes back with a new first axis
   * of length `rounds`. The body may use every value from outside, and
   * weights as ever.
   */
  loop(
    rounds: number,
    initial: readonly Value[],
    body: (
      round: Value,
      ...carried: Value[]
    ) => { carried: readonly Value[]; collected?: readonly Value[] },
  ): { carried: Value[]; collected: Value[] } {
    const name = this.#names.fresh("Loop.body");
    const scope: Scope = { nodes: [], values: new Set() };
    const local = (label: string, signature: Signature) => {
      const value = new Value(this, this.#names.fresh(`${name}.${label}`), {
        type: signature.type,
        shape: signature.shape,
      });
      scope.values.add(value.name);
      return value;
    };
    const round = local("round", { type: "int64", shape: [] });
    const condition = local("condition", { type: "bool", shape: [] });
    const entering = initial.map((value) => local("carried", value));
    this.#scopes.push(scope);
    let graph: GraphProto;
    let leaving: Value[];
    let collected: Value[];
    try {
      const result = body(round, ...entering);
      const out = (value: Value) => this.node("Identity", [value], value);
      const go = out(condition);
      leaving = result.carried.map(out);
      collected = (result.collected ?? []).map(out);
      if (
        leaving.length !== entering.length ||
        leaving.some((value, i) => !sameSignature(value, entering[i]!))
      ) {
        throw new TypeError(
          `Cannot loop: the body returns ${
            leaving.join(", ")
          }, expected the types and shapes of ${entering.join(", ")}`,
        );
      }
      graph = {
        name,
        nodes: scope.nodes,
        initializers: [],
        inputs: [round, condition, ...entering].map(valueInfo),
        outputs: [go, ...leaving, ...collected].map(valueInfo),
      };
    } finally {
      this.#scopes.pop();
    }
    const outputs = this.nodes(
      "Loop",
      [
        this.constant("int64", [], [rounds]),
        this.constant("bool", [], [1]),
        ...initial,
      ],
      [
        ...leaving,
        ...collected.map(({ type, shape }) => ({
          type,
          shape: [rounds, ...shape],
        })),
      ],
      { attributes: { body: { graph } } },
    );
    return {
      carried: outputs.slice(0, leaving.length),
      collected: outputs.slice(leaving.length),
    };
  }

  /**
   * The finished model. Casts of weights stand first in the list of nodes:
   * ONNX Runtime then reuses their memory from layer to layer, where casts
   * among the layers cost several times as much.
   */
  build(): BuiltGraph {
    // Streamed ones are no business of the session's: it maps no file.
    const stored = placeWeights(this.#streamed ? [] : this.#stored);
    const streamedWeights = this.#streamed
      ? this.#stored.map(({ entry: { file, offset, length }, ...weight }) => ({
        name: weight.name,
        type: weight.type,
        shape: weight.dims,
        file,
        offset,
        length,
      }))
      : [];
    const inputs = this.#inputs.map(valueInfo);
    const outputs = [...this.#outputs].map(([name, value]) => ({
      ...valueInfo(value),
      name,
    }));
    return {
      model: encodeModel({
        irVersion: 11, // the one that came with operator set 23
        opsets: { "": 23, "com.microsoft": 1 },
        producer: "ati",
        graph: {
          name: this.#name,
          nodes: [...this.#preamble, ...this.#scopes[0]!.nodes],
          initializers: [
            ...this.#initializers.values(),
            ...stored.initializers,
          ],
          inputs: [
            ...inputs,
            ...streamedWeights.map(({ name, type, shape }) => ({
              name,
              type,
              shape,
            })),
          ],
          outputs,
        },
      }),
      weightsFolder: stored.folder,
      weightFiles: stored.files,
      inputs,
      streamedWeights,
      outputs,
    };
  }

  /** The initializer for a stored tensor, or for a part of it. */
  #storedValue(
    entry: TensorEntry,
    options: Omit<WeightOptions, "type">,
  ): Value {
    const { part, type, shape } = viewTensor(entry, options);
    const key = `${part.file}:${part.offset}:${type}(${shape.join()})`;
    const cached = this.#cached.get(key);
    if (cached) return cached;
    const name = this.#streamed
      ? this.#names.claim(`weight.${this.#stored.length}`)
      : this.#names.fresh(part.name);
    this.#stored.push({ entry: part, name, type, dims: shape });
    const value = new Value(this, name, { type, shape });
    this.#scopes[0]!.values.add(name);
    this.#cached.set(key, value);
    return value;
  }

  /** The value that `write` made the first time; its nodes stand before all others. */
  #once(key: string, write: () => Value): Value {
    const cached = this.#cached.get(key);
    if (cached) return cached;
    this.#scopes.push({
      nodes: this.#preamble,
      values: this.#scopes[0]!.values,
    });
    try {
      const value = write();
      this.#cached.set(key, value);
      return value;
    } finally {
      this.#scopes.pop();
    }
  }

  #check(value: Value): void {
    if (
      value.graph === this &&
      this.#scopes.some((scope) => scope.values.has(value.name))
    ) return;
    throw new TypeError(
      `Cannot use ${value}: it belongs to another graph or to a loop that has ended`,
    );
  }
}

function sameSignature(a: Signature, b: Signature): boolean {
  return a.type === b.type && a.shape.join() === b.shape.join();
}

function valueInfo(value: Value): ValueInfo & { shape: readonly number[] } {
  return { name: value.name, type: value.type, shape: value.shape };
}
