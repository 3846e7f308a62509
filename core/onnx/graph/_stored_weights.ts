/**
 * Weights that stay in their files: initializers that say where.
 *
 * @module
 */

import type { TensorEntry } from "../../formats/tensor_index.ts";
import { commonFolder, relativeTo } from "./_paths.ts";
import type { DataType, TensorProto } from "./onnx_proto.ts";

/** A tensor in a file, and how the graph sees it. */
export interface StoredWeight {
  /** Where its bytes are. */
  readonly entry: TensorEntry;
  /** Its name in the graph. */
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
}

/**
 * The initializers of stored weights, with paths relative to the folder that
 * their files share, and how many bytes each file must have for them.
 */
export function placeWeights(weights: readonly StoredWeight[]): {
  readonly folder: string;
  readonly files: ReadonlyMap<string, number>;
  readonly initializers: readonly TensorProto[];
} {
  const files = new Map<string, number>();
  for (const { entry: { file, offset, length } } of weights) {
    files.set(file, Math.max(files.get(file) ?? 0, offset + length));
  }
  const folder = commonFolder([...files.keys()]);
  const initializers = weights.map(({ entry, name, type, dims }) => ({
    name,
    type,
    dims,
    data: {
      location: relativeTo(folder, entry.file),
      offset: entry.offset,
      length: entry.length,
    },
  }));
  return { folder, files, initializers };
}
