/**
 * A tensor: its dimensions and its values, nothing else. ONNX Runtime's own
 * tensor class never leaves `core/onnx/runtime`.
 *
 * @module
 */

/** A dense tensor in row-major (C) order. */
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
 */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}
