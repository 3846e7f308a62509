/**
 * A value of the graph being written, with the tensor algebra of PyTorch's
 * `torch.Tensor`: `x.mul(scale.add(1)).add(shift)`.
 *
 * Every value has an element type and a shape, so that a mistake is an error on
 * the line that makes it and not when a session is opened. Shapes are always
 * static: a graph is built for one resolution.
 *
 * @module
 */

import { sizeOf } from "../../base/tensor.ts";
import type { TensorEntry, TensorIndex } from "../../formats/tensor_index.ts";
import type { GraphTarget } from "./graph_target.ts";
import {
  type AttributeValue,
  DATA_TYPES,
  type DataType,
} from "./onnx_proto.ts";

/** The element type and the shape of a value. */
export interface Signature {
  /** The element type. */
  readonly type: DataType;
  /** The length of each axis, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
}

/** Properties of a node besides its operator and inputs. */
export interface NodeOptions {
  /** The operator's domain; ONNX's own by default. */
  readonly domain?: string;
  /** The operator's attributes. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** The node's name; by default its operator with a number. */
  readonly name?: string;
}

/** An adapter of one layer (LoRA). */
export interface LayerAdapter {
  /**
   * The layer's output with the adapter added: `x` `[n, in]` is the layer's
   * input, `y` `[n, out]` the output with its stored weight.
   */
  branch?(x: Value, y: Value): Value;
  /** The layer's vector `name` (`weight` of a norm, `bias`) with its change applied. */
  vector?(name: string, stored: Value): Value;
}

/** Options for the use of a weight. */
export interface WeightOptions {
  /** The element type; by default the target's compute type. */
  readonly type?: DataType;
  /**
   * The shape to view the same numbers under, for example a convolution's
   * kernel as a matrix. Free.
   */
  readonly shape?: readonly number[];
  /**
   * Only the rows `[from, to)` of the first axis, for example one third of a
   * fused qkv projection. Free.
   */
  readonly rows?: readonly [from: number, to: number];
}

/** The methods of a graph builder that values and layers use. */
export interface GraphWriter {
  /** The target device and types. */
  readonly target: GraphTarget;
  /** The checkpoint's tensors. */
  readonly weights: TensorIndex;
  /** The LoRA adapters, by layer. */
  readonly adapters: ReadonlyMap<string, LayerAdapter>;
  /** Whether the checkpoint has a tensor with that name. */
  has(key: string): boolean;
  /**
   * The checkpoint's tensor `key`, in the target's compute type unless
   * `options.type` is given. The model only refers to its bytes. A float8
   * tensor is multiplied by its scale if the checkpoint has one (`scale_weight`
   * next to `weight`).
   *
   * @throws {FormatError} When the checkpoint has no such tensor.
   * @throws {TypeError} When its element type is not supported in a graph.
   */
  weight(key: string, options?: WeightOptions): Value;
  /** The checkpoint's tensor `key` exactly as it is stored, without a cast. */
  rawWeight(key: string, options?: Omit<WeightOptions, "type">): Value;
  /**
   * A tensor of any file, the checkpoint's or another one, in the target's
   * compute type unless `options.type` is given.
   */
  tensor(entry: TensorEntry, options?: WeightOptions): Value;
  /**
   * A constant stored in the model itself, row-major. Equal small ones are
   * shared.
   */
  constant(
    type: DataType,
    dims: readonly number[],
    data: ArrayLike<number>,
  ): Value;
  /** Appends a node with one output. `null` omits an optional input. */
  node(
    opType: string,
    inputs: readonly (Value | null)[],
    output: Signature,
    options?: NodeOptions,
  ): Value;
  /** Appends a node with several outputs. */
  nodes(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly Signature[],
    options?: NodeOptions,
  ): Value[];
  /**
   * ONNX's `Loop` with a fixed number of iterations; see the builder's own
   * method for the arguments and results of `body`.
   */
  loop(
    rounds: number,
    initial: readonly Value[],
    body: (
      round: Value,
      ...carried: Value[]
    ) => { carried: readonly Value[]; collected?: readonly Value[] },
  ): { carried: Value[]; collected: Value[] };
}

/**
 * A value of a graph: the output of a node, an input, a weight or a constant.
 */
export class Value implements Signature {
  /** The graph it belongs to. */
  readonly graph: GraphWriter;
  /** Its name in the model. */
  readonly name: string;
  /** The element type. */
  readonly type: DataType;
  /** The length of each axis, outermost first; empty for a scalar. */
  readonly shape: readonly number[];

  /** Called by graph builders only. */
  constructor(graph: GraphWriter, name: string, signature: Signature) {
    this.graph = graph;
    this.name = name;
    this.type = signature.type;
    this.shape = signature.shape;
  }

  /** The name, type and shape for error messages. */
  toString(): string {
    return `"${this.name}" ${describe(this)}`;
  }

  /** `this + other`, broadcast as NumPy does. */
  add(other: Value | number): Value {
    return this.#binary("Add", other);
  }

  /** `this - other`, broadcast as NumPy does. */
  sub(other: Value | number): Value {
    return this.#binary("Sub", other);
  }

  /** `this * other`, broadcast as NumPy does. */
  mul(other: Value | number): Value {
    return this.#binary("Mul", other);
  }

  /** `this / other`, broadcast as NumPy does. */
  div(other: Value | number): Value {
    return this.#binary("Div", other);
  }

  /** The larger of the two, broadcast as NumPy does. */
  max(other: Value | number): Value {
    return this.#binary("Max", other);
  }

  /** The magnitude. */
  abs(): Value {
    return this.#unary("Abs");
  }

  /** `1 / (1 + exp(-this))`. */
  sigmoid(): Value {
    return this.#unary("Sigmoid");
  }

  /** `x * sigmoid(x)`, torch's `SiLU`. */
  silu(): Value {
    return this.mul(this.sigmoid());
  }

  /** The square root. */
  sqrt(): Value {
    return this.#unary("Sqrt");
  }

  /** The cosine of radians. */
  cos(): Value {
    return this.#unary("Cos");
  }

  /** The sine of radians. */
  sin(): Value {
    return this.#unary("Sin");
  }

  /** Clamped to `[least, most]`. */
  clip(least: number, most: number): Value {
    const bound = (value: number) =>
      this.graph.constant(this.type, [], [value]);
    return this.graph.node("Clip", [this, bound(least), bound(most)], this);
  }

  /** GELU: torch's default `none` is exact (erf), `tanh` the approximation. */
  gelu(approximate: "none" | "tanh"): Value {
    return this.graph.node("Gelu", [this], this, {
      attributes: { approximate: { string: approximate } },
    });
  }

  /** The softmax over one axis, the last by default. */
  softmax(axis = -1): Value {
    return this.graph.node("Softmax", [this], this, {
      attributes: { axis: { int: this.axis(axis) } },
    });
  }

  /** The sum over `axes`, which are kept with length 1. */
  sum(axes: readonly number[]): Value {
    const reduced = axes.map((axis) => this.axis(axis));
    return this.graph.node(
      "ReduceSum",
      [this, this.graph.constant("int64", [axes.length], reduced)],
      {
        type: this.type,
        shape: this.shape.map((length, i) => reduced.includes(i) ? 1 : length),
      },
    );
  }

  /** Converted to another element type; the same value if it already has it. */
  cast(type: DataType): Value {
    if (type === this.type) return this;
    return this.graph.node("Cast", [this], { type, shape: this.shape }, {
      attributes: { to: { int: DATA_TYPES[type] } },
    });
  }

  /** The same numbers in another shape; one length may be -1. */
  reshape(dims: readonly number[]): Value {
    const size = sizeOf(this.shape);
    const known = dims.reduce((p, length) => length === -1 ? p : p * length, 1);
    const shape = dims.map((length) => length === -1 ? size / known : length);
    if (
      sizeOf(shape) !== size ||
      shape.some((length) => !Number.isInteger(length) || length < 0)
    ) {
      throw new RangeError(
        `Cannot reshape ${this}: it has ${size} elements, expected as many as [${
          dims.join(", ")
        }] has`,
      );
    }
    if (shape.join() === this.shape.join()) return this;
    return this.graph.node(
      "Reshape",
      [this, this.graph.constant("int64", [shape.length], shape)],
      { type: this.type, shape },
    );
  }

  /** The axes in another order, torch's `permute`. */
  transpose(order: readonly number[]): Value {
    if (
      [...order].sort((a, b) => a - b).join() !== [...this.shape.keys()].join()
    ) {
      throw new RangeError(
        `Cannot transpose ${this}: the order is [${order.join(", ")}]`,
      );
    }
    return this.graph.node("Transpose", [this], {
      type: this.type,
      shape: order.map((axis) => this.shape[axis]!),
    }, { attributes: { perm: { ints: order } } });
  }

  /** `start` (included) to `end` (excluded) of one axis; negative counts from the end. */
  slice(axis: number, start: number, end?: number): Value {
    const at = this.axis(axis);
    const length = this.shape[at]!;
    const from = start < 0 ? start + length : start;
    const to = end === undefined ? length : end < 0 ? end + length : end;
    if (!(0 <= from && from <= to && to <= length)) {
      throw new RangeError(
        `Cannot slice ${this}: axis ${axis} from ${start} to ${end} is out of range`,
      );
    }
    if (from === 0 && to === length) return this;
    const one = (value: number) => this.graph.constant("int64", [1], [value]);
    return this.graph.node("Slice", [this, one(from), one(to), one(at)], {
      type: this.type,
      shape: this.shape.with(at, to - from),
    });
  }

  /** Splits one axis into parts of the given lengths. */
  split(axis: number, lengths: readonly number[]): Value[] {
    const at = this.axis(axis);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total !== this.shape[at]) {
      throw new RangeError(
        `Cannot split ${this}: parts of [${
          lengths.join(", ")
        }] along axis ${axis}`,
      );
    }
    if (lengths.length === 1) return [this];
    return this.graph.nodes(
      "Split",
      [this, this.graph.constant("int64", [lengths.length], lengths)],
      lengths.map((length) => ({
        type: this.type,
        shape: this.shape.with(at, length),
      })),
      { attributes: { axis: { int: at } } },
    );
  }

  /** Splits one axis into `count` equal parts, torch's `chunk`. */
  chunk(axis: number, count: number): Value[] {
    const length = this.shape[this.axis(axis)]! / count;
    return this.split(axis, new Array<number>(count).fill(length));
  }

  /**
   * Rows along `axis` by index. A scalar index removes the axis; `indices` of
   * shape `[..]` replace it with that shape.
   */
  gather(indices: Value, axis = 0): Value {
    if (indices.type !== "int64" && indices.type !== "int32") {
      throw new TypeError(
        `Cannot gather from ${this}: the indices are ${indices}, expected int64 or int32`,
      );
    }
    const at = this.axis(axis);
    return this.graph.node("Gather", [this, indices], {
      type: this.type,
      shape: [
        ...this.shape.slice(0, at),
        ...indices.shape,
        ...this.shape.slice(at + 1),
      ],
    }, { attributes: { axis: { int: at } } });
  }

  /** Repeated along the axes of length 1 until it has this shape. */
  expand(dims: readonly number[]): Value {
    const shape = broadcast("expand", this, { type: this.type, shape: dims });
    if (shape.join() !== dims.join()) {
      throw new RangeError(`Cannot expand ${this} to [${dims.join(", ")}]`);
    }
    if (shape.join() === this.shape.join()) return this;
    return this.graph.node(
      "Expand",
      [this, this.graph.constant("int64", [shape.length], shape)],
      { type: this.type, shape },
    );
  }

  /**
   * Pads the axes with `value`, as `[axis, before, after]`; negative numbers
   * crop.
   */
  pad(
    amounts:
      readonly (readonly [axis: number, before: number, after: number])[],
    value = 0,
  ): Value {
    const before = this.shape.map(() => 0), after = this.shape.map(() => 0);
    for (const [axis, front, back] of amounts) {
      before[this.axis(axis)]! += front;
      after[this.axis(axis)]! += back;
    }
    if (![...before, ...after].some((amount) => amount !== 0)) return this;
    const shape = this.shape.map((length, i) =>
      length + before[i]! + after[i]!
    );
    return this.graph.node("Pad", [
      this,
      this.graph.constant("int64", [2 * shape.length], [...before, ...after]),
      this.graph.constant(this.type, [], [value]),
    ], { type: this.type, shape });
  }

  /** The matrix product over the last two axes, the others broadcast. */
  matmul(other: Value): Value {
    sameType("matmul", this, other);
    const [rows, inner] = this.shape.slice(-2);
    const [otherInner, columns] = other.shape.slice(-2);
    if (
      this.shape.length < 2 || other.shape.length < 2 || inner !== otherInner
    ) {
      throw new RangeError(`Cannot matmul ${this} and ${other}: shapes differ`);
    }
    const batch = broadcast(
      "matmul",
      { type: this.type, shape: this.shape.slice(0, -2) },
      { type: this.type, shape: other.shape.slice(0, -2) },
    );
    return this.graph.node("MatMul", [this, other], {
      type: this.type,
      shape: [...batch, rows!, columns!],
    });
  }

  /** An axis as a number from 0; negative ones count from the end. */
  axis(axis: number): number {
    const at = axis < 0 ? axis + this.shape.length : axis;
    if (!Number.isInteger(at) || at < 0 || at >= this.shape.length) {
      throw new RangeError(`Cannot use axis ${axis} of ${this}`);
    }
    return at;
  }

  #unary(opType: string): Value {
    return this.graph.node(opType, [this], this);
  }

  #binary(opType: string, other: Value | number): Value {
    const right = typeof other === "number"
      ? this.graph.constant(this.type, [], [other])
      : other;
    sameType(opType, this, right);
    return this.graph.node(opType, [this, right], {
      type: this.type,
      shape: broadcast(opType, this, right),
    });
  }
}

/** Concatenates values along one axis. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (!first) throw new RangeError("Cannot concat: no values, expected one");
  if (values.length === 1) return first;
  const at = first.axis(axis);
  let total = 0;
  for (const value of values) {
    sameType("concat", first, value);
    if (
      value.shape.length !== first.shape.length ||
      value.shape.with(at, 0).join() !== first.shape.with(at, 0).join()
    ) {
      throw new RangeError(
        `Cannot concat ${first} and ${value} along axis ${axis}: shapes differ`,
      );
    }
    total += value.shape[at]!;
  }
  return first.graph.node("Concat", values, {
    type: first.type,
    shape: first.shape.with(at, total),
  }, { attributes: { axis: { int: at } } });
}

/**
 * Formats an element type and shape for error messages: `float32 [1, 45, 256]`.
 */
export function describe(signature: Signature): string {
  return `${signature.type} [${signature.shape.join(", ")}]`;
}

function sameType(action: string, a: Value, b: Value): void {
  if (a.type === b.type) return;
  throw new TypeError(
    `Cannot ${action} ${a} and ${b}: element types differ, expected a cast`,
  );
}

function broadcast(action: string, a: Signature, b: Signature): number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a.shape[a.shape.length - rank + i] ?? 1;
    const right = b.shape[b.shape.length - rank + i] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(
        `Cannot ${action} ${a} and ${b}: shapes do not broadcast`,
      );
    }
    return left === 1 ? right : left;
  });
}
