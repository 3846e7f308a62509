/**
 * ONNX graphs: written in TypeScript, saved, and run by ONNX Runtime.
 *
 * @example A layer, written and run
 * ```ts
 * import assert from "node:assert/strict";
 * import { CPU, GraphBuilder, openSession } from "@ati/ati/onnx";
 *
 * const g = new GraphBuilder("scale");
 * g.output("y", g.input("x", "float32", [3]).mul(2).silu());
 * await using session = await openSession(g.build(), CPU);
 * const { y } = await session.run({
 *   x: { dims: [3], data: new Float32Array([0, 1, 2]) },
 * });
 * assert.equal(y?.data[0], 0);
 * ```
 *
 * @module
 */

export type { Tensor } from "../base/tensor.ts";
export {
  type BuiltGraph,
  GraphBuilder,
  type GraphBuilderOptions,
} from "./graph/graph_builder.ts";
export {
  type ComputeType,
  type GraphTarget,
  REFERENCE_TARGET,
} from "./graph/graph_target.ts";
export {
  concat,
  type GraphWriter,
  type LayerAdapter,
  type NodeOptions,
  type Signature,
  Value,
  type WeightOptions,
} from "./graph/value.ts";
export {
  attention,
  type AttentionOptions,
  conv,
  type ConvOptions,
  gemm,
  layerNorm,
  linear,
  rmsNorm,
} from "./graph/layers.ts";
export type { NetworkBlocks } from "./graph/network_pieces.ts";
export {
  type AttributeValue,
  DATA_TYPES,
  type DataType,
  encodeModel,
  type ExternalData,
  type GraphProto,
  type InlineData,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from "./graph/onnx_proto.ts";
export {
  type Quantization,
  QUANTIZED_BITS,
  type QuantizedBits,
} from "./graph/quantized_weight.ts";
export { saveGraph, type SaveGraphOptions } from "./save_graph.ts";
export {
  CPU,
  type Device,
  DEVICE_KINDS,
  type DeviceKind,
  deviceName,
  parseDevice,
} from "./runtime/device.ts";
export {
  type ProbedDevice,
  probeDevice,
  type ProbeResult,
  resolveDevice,
} from "./runtime/devices.ts";
export { openSession } from "./runtime/session.ts";
export {
  type FeedData,
  type Feeds,
  type GraphSession,
  type KeptTensor,
  type OpenOptions,
  openRuntime,
  type RunOptions as GraphRunOptions,
  type Runtime,
  type RuntimeOptions,
} from "./runtime/runtime.ts";
export { runBlocks, type RunPiecesOptions } from "./runtime/run_pieces.ts";
export { describeBackend, runtimeBackend } from "./runtime/backend.ts";
export type { RuntimeBackend } from "./runtime/runtime_interface.ts";
export type { StreamedWeight } from "./graph/graph_builder.ts";
