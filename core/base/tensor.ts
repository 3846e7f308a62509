/**
 * A tensor: its dimensions and its values, nothing else. ONNX Runtime's own
 * tensor class never leaves `core/onnx/runtime`.
 *
 * @module
 */

/**
 * A dense tensor in row-major (C) order.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sizeOf, type Tensor } from "./tensor.ts";
 * const zeros: Tensor = { dims: [2, 3], data: new Float32Array(6) };
 * assert.equal(sizeOf(zeros.dims), zeros.data.length);
 * ```
 */
export interface Tensor<
  Data extends ArrayLike<number> | ArrayLike<bigint> = Float32Array,
> {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** The values, as many as the product of `dims`. */
  readonly data: Data;
}

/**
 * The number of elements: the product of `dims`, 1 for a scalar.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { sizeOf } from "./tensor.ts";
 * assert.equal(sizeOf([81, 5, 4]), 1620);
 * ```
 */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}
