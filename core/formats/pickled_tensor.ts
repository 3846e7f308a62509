/**
 * A tensor as the pickle of a torch checkpoint describes it: a view of a
 * storage, which is one member of the archive.
 *
 * @module
 */

import { elementBits, type TensorDtype } from "./tensor_index.ts";

/** Numbers that lie in one member of the archive. */
export class PickledStorage {
  /** The last part of the member's name, for example `12`. */
  readonly key: string;
  /** The type of its elements; undefined for bytes without a type. */
  readonly dtype: TensorDtype | undefined;
  /** How many elements (or, without a type, bytes) it has. */
  readonly count: number;

  /** A storage as the pickle names it. */
  constructor(key: string, dtype: TensorDtype | undefined, count: number) {
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A tensor: a view of a storage. */
export interface PickledTensor {
  /** Where its numbers lie. */
  readonly storage: PickledStorage;
  /** The type of its elements. */
  readonly dtype: TensorDtype;
  /** Where its first element lies in the storage, in elements. */
  readonly storageOffset: number;
  /** The length of each axis, outermost first. */
  readonly shape: readonly number[];
  /** The step of each axis, in elements. */
  readonly strides: readonly number[];
}

/** What a state dict's pickle describes. */
export interface PickledStateDict {
  /** The tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, PickledTensor>;
  /** The keys that led to the tensors, for example `["state_dict"]`. */
  readonly path: readonly string[];
  /** Entries that are no tensors, with what they are; they were left out. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Whether the numbers of a tensor lie one after the other in row-major order;
 * torch's `is_contiguous()`.
 */
export function isContiguous(
  shape: readonly number[],
  strides: readonly number[],
): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] === 1) continue;
    if (strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** How many bytes a storage takes. */
export function storageBytes(storage: PickledStorage): number {
  return storage.dtype === undefined
    ? storage.count
    : storage.count * elementBits(storage.dtype) / 8;
}
