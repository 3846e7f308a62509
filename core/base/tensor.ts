/**
 * A tensor as every room passes it on: its dimensions and its numbers, nothing
 * else. ONNX Runtime's own tensor class never leaves `core/onnx/runtime`.
 *
 * @module
 */

/** A dense tensor in row-major (C) order. */
export interface Tensor<
  Data extends ArrayLike<number> | ArrayLike<bigint> = Float32Array,
> {
  /** The length of each axis, outermost first. */
  readonly dims: readonly number[];
  /** The numbers; as many as the product of `dims`. */
  readonly data: Data;
}

/**
 * The number of elements that `dims` describe: their product, 1 for a scalar.
 */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}
