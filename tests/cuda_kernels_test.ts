/**
 * The operators in the graphs for CUDA, compared with the kernels of ONNX
 * Runtime's CUDA provider. A node without one would silently run on the CPU,
 * with a copy across the bus before and after it.
 *
 * The list is what the CUDA provider of ONNX Runtime 1.30.0 accepted: every
 * graph of this test was opened with it at the size of the real networks, with a
 * stand-in for the driver that computes nothing, and its log of node placements
 * was read. New operators in a graph must be looked up in the provider's list
 * (docs/OperatorKernels.md of ONNX Runtime) before they are added here.
 *
 * @module
 */

import assert from "node:assert/strict";
import { GraphBuilder } from "../core/onnx/graph/graph_builder.ts";
import { REFERENCE_TARGET } from "../core/onnx/graph/graph_target.ts";
import type { Value } from "../core/onnx/graph/value.ts";
import type { ProbedDevice } from "../core/onnx/runtime/devices.ts";
import { NETWORK_DTYPES, placeNetwork } from "../core/pipeline/placement.ts";
import { EVERY_GRAPH, type GraphOwner } from "./fixtures/every_graph.ts";

/** Operators and the element types of their first input. */
const KERNELS: Readonly<Record<string, string>> = {
  Abs: "float32", // from the provider's list alone, as ReduceSum
  Add: "bfloat16 float16 float32",
  // From the provider's list alone, as all that only AllTracker uses.
  AveragePool: "float32",
  Clip: "float32",
  Concat: "bfloat16 float16 float32",
  Conv: "float16 float32",
  Div: "float32 int32",
  Expand: "float16 float32",
  Floor: "float32",
  Gather: "bfloat16 float16 float32 uint8",
  GatherElements: "float32",
  Gelu: "bfloat16 float16 float32",
  Gemm: "bfloat16 float16 float32",
  Identity: "bool float16 float32",
  LayerNormalization: "float32",
  Loop: "int64",
  MatMul: "bfloat16 float16 float32",
  MatMulNBits: "bfloat16 float16 float32",
  Max: "float32",
  Mul: "bfloat16 float16 float32",
  MultiHeadAttention: "bfloat16 float16 float32",
  Pad: "float16 float32",
  RMSNormalization: "float32",
  ReduceL2: "float32",
  ReduceSum: "float32",
  Relu: "float16 float32",
  Reshape: "bfloat16 float16 float32 int32",
  Resize: "float16 float32",
  RotaryEmbedding: "float32",
  Sigmoid: "float32",
  Slice: "float16 float32",
  Softmax: "float32",
  Split: "bfloat16 float16 float32",
  Sub: "float32",
  Tanh: "float32",
  Transpose: "bfloat16 float16 float32",
  Cast:
    "bfloat16>float16 bfloat16>float32 float16>bfloat16 float16>float32 float32>bfloat16 float32>float16 float32>int32 " +
    "float8e4m3fn>bfloat16 float8e4m3fn>float16 float8e4m3fn>float32 uint8>int32 " +
    // From the provider's list alone: not seen on the stand-in.
    "float8e5m2>bfloat16 float8e5m2>float16 float8e5m2>float32 uint8>float32",
};

/** An NVIDIA GPU that supports everything. */
const CUDA: ProbedDevice = {
  device: { kind: "cuda", index: 0 },
  attention: "fused",
  compute: ["float32", "bfloat16", "float16"],
};

/** Records the nodes of every graph builder while it exists. */
class Recorder implements Disposable {
  readonly used = new Set<string>();
  readonly #original = GraphBuilder.prototype.nodes;

  constructor() {
    const { used } = this, original = this.#original;
    GraphBuilder.prototype.nodes = function (op, inputs, outputs, options) {
      const type = inputs.find((input): input is Value => input !== null)?.type;
      used.add(
        `${op} ${op === "Cast" ? `${type}>${outputs[0]!.type}` : type}`,
      );
      return original.call(this, op, inputs, outputs, options);
    };
  }

  [Symbol.dispose](): void {
    GraphBuilder.prototype.nodes = this.#original;
  }
}

for (const part of Object.keys(EVERY_GRAPH) as GraphOwner[]) {
  Deno.test(`every operator of ${part}'s graphs for CUDA has a kernel there`, () => {
    using recorder = new Recorder();
    let written = 0;
    const targets = part === "allTracker"
      ? [REFERENCE_TARGET] // it computes in float32 whatever the target
      : NETWORK_DTYPES[part].map((precision) =>
        placeNetwork(part, CUDA, precision).target
      );
    for (const target of targets) {
      written += [...EVERY_GRAPH[part](target)].length;
    }
    assert.ok(written >= 8 && recorder.used.size > 10, "something was written");
    const unknown = [...recorder.used].filter((used) => {
      const [op, type] = used.split(" ");
      return !KERNELS[op!]?.split(" ").includes(type!);
    });
    assert.deepEqual(unknown, []);
  });
}
