/**
 * What a graph is built for: element types, and what the device lacks.
 *
 * @module
 */

import type { DataType } from "./onnx_proto.ts";

/** The element types that matrix products and attention can run in. */
export type ComputeType = Extract<DataType, "float32" | "float16" | "bfloat16">;

/** The element types of a device, and how to express operators it lacks. */
export interface GraphTarget {
  /**
   * The element type of matrix products and attention. Norms, modulation and
   * residual sums are always float32. CPU and WebGPU: float32; CUDA: bfloat16
   * (what the reference uses) or float16.
   */
  readonly compute: ComputeType;
  /**
   * `fused` is the MultiHeadAttention operator, whose memory grows linearly
   * with the number of tokens; `manual` is made of matrix products and a
   * softmax, for devices whose operator gives wrong results.
   */
  readonly attention: "fused" | "manual";
  /**
   * The element type of the transformer's attention, by default `compute`.
   * CUDA with bfloat16: float16, for which ONNX Runtime has flash attention on
   * every GPU since Ampere, while bfloat16 gets a slower kernel before Hopper.
   * Query and key are normalized and come in float32, so float16 rounds them
   * less than bfloat16 would. A value keeps all its digits from 2^-17 to
   * 65,504; a smaller one is rounded by 2^-25 at most, and larger ones are not
   * expected: the whole of Wan2.1 is also run in float16.
   */
  readonly attentionCompute?: ComputeType;
  /**
   * How float8 weights are dequantized: `dequantize` is the DequantizeLinear
   * operator (CPU), `cast` a cast and a product, which every device supports.
   */
  readonly float8: "dequantize" | "cast";
}

/** Float32 and fused operators: for the CPU, and to match the reference. */
export const REFERENCE_TARGET: GraphTarget = {
  compute: "float32",
  attention: "fused",
  float8: "dequantize",
};
