/**
 * From a tensor that a torch pickle describes to its bytes in the file.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { FailTorch } from "./_torch_failure.ts";
import { isContiguous, type PickledTensor } from "./pickled_tensor.ts";
import { byteLengthOf, elementBits, type TensorEntry } from "./tensor_index.ts";

/** Where a storage's bytes are in the file. */
export interface StorageRange {
  /** The byte offset of its first element. */
  readonly offset: number;
  /** How many bytes it has. */
  readonly size: number;
}

/**
 * The index entry of a tensor.
 *
 * @param range the bytes of the tensor's storage
 * @throws {CheckpointError} `not-contiguous`, `storage`
 */
export function locateTensor(
  name: string,
  tensor: PickledTensor,
  options: {
    readonly file: string;
    readonly range: StorageRange;
    readonly fail: FailTorch;
  },
): TensorEntry {
  const { file, range, fail } = options;
  const { dtype, storageOffset, shape, strides } = tensor;
  const dims = `(${shape.join(", ")})`;
  if (!isContiguous(shape, strides)) {
    throw fail(
      "not-contiguous",
      `tensor ${quote(name)} of ${dims} has strides (${
        strides.join(", ")
      }), expected row-major order`,
      { hint: contiguousHint(file) },
    );
  }
  const length = byteLengthOf(dtype, shape);
  const begin = storageOffset * elementBits(dtype) / 8;
  if (!(begin + length <= range.size)) {
    throw fail(
      "storage",
      `tensor ${quote(name)} of ${dtype} ${dims} takes bytes ${begin} to ${
        begin + length
      } of a storage of ${range.size}`,
      { offset: range.offset },
    );
  }
  return { name, dtype, shape, file, offset: range.offset + begin, length };
}

/** How to write a file again whose tensors are transposed or channels_last. */
function contiguousHint(file: string): string {
  const name = file.slice(
    Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1,
  );
  return `Write it again in row-major order: import torch; torch.save({k: v.contiguous() for k, v in torch.load("${name}", weights_only=True).items()}, "new.pth")`;
}
