/**
 * What a graph is built for: the arithmetic, and what the device cannot do.
 *
 * @module
 */

import type { DataType } from "./onnx_proto.ts";

/** The element types that matrix products and attention can run in. */
export type ComputeType = Extract<DataType, "float32" | "float16" | "bfloat16">;

/** The arithmetic of a device and how to write what it lacks. */
export interface GraphTarget {
  /**
   * The element type of matrix products and attention. Norms, modulation and
   * residual sums are float32 whatever it is. CPU: float32; WebGPU: float16 or
   * float32; CUDA: bfloat16 (what the reference uses) or float16.
   */
  readonly compute: ComputeType;
  /**
   * `fused` is the MultiHeadAttention operator, whose memory grows linearly
   * with the number of tokens; `manual` is written out in matrix products and
   * a softmax, for devices whose operator is wrong.
   */
  readonly attention: "fused" | "manual";
  /**
   * The element type of the transformer's attention, that of `compute` if left
   * out. CUDA with bfloat16: float16, for which ONNX Runtime has its flash
   * attention on every GPU since Ampere, while bfloat16 gets a slower kernel
   * before Hopper. Query and key are normalised and come in float32, so that
   * float16 rounds them less than bfloat16 would. A value keeps all its digits
   * from 2^-17 to 65,504; a smaller one is rounded by 2^-25 at most, and larger
   * ones are not expected: Wan2.1 is run in float16 as a whole, too.
   */
  readonly attentionCompute?: ComputeType;
  /**
   * How float8 weights become numbers: `dequantize` is the DequantizeLinear
   * operator (CPU), `cast` a cast and a product, which every device has.
   */
  readonly float8: "dequantize" | "cast";
}

/** Float32 and fused operators: what the CPU runs, and the numbers of the reference. */
export const REFERENCE_TARGET: GraphTarget = {
  compute: "float32",
  attention: "fused",
  float8: "dequantize",
};
