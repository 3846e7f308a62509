/**
 * Weights files of any size that take no disk: the header is written, the
 * numbers are a hole that reads as zeros. For tests at full size.
 *
 * @module
 */

import type {
  NetworkKind,
  NetworkParameters,
} from "../core/checkpoint/components.ts";
import { networkLayout } from "../core/checkpoint/network_layout.ts";
import {
  planSafetensors,
  type TensorPlan,
} from "../core/checkpoint/safetensors_writer.ts";
import type { Dtype } from "../core/checkpoint/tensor_index.ts";

/**
 * Writes a safetensors file with those tensors, all numbers zero. Returns its
 * length in bytes, of which the disk holds only the header.
 */
export function writeSparseSafetensors(
  path: string,
  tensors: readonly TensorPlan[],
): number {
  const { header, size } = planSafetensors(tensors, {
    metadata: { format: "pt" },
  });
  using file = Deno.openSync(path, { write: true, createNew: true });
  for (let done = 0; done < header.length;) {
    done += file.writeSync(header.subarray(done));
  }
  file.truncateSync(size);
  return size;
}

/**
 * Writes one of the four networks at any size, the 14B transformer for
 * example: `writeSparseNetwork(path, { kind: "transformer", parameters:
 * WAN_14B_I2V, dtype: "BF16" })`.
 */
export function writeSparseNetwork<Kind extends NetworkKind>(
  path: string,
  network: { kind: Kind; parameters: NetworkParameters[Kind]; dtype: Dtype },
): number {
  const { kind, parameters, dtype } = network;
  return writeSparseSafetensors(
    path,
    networkLayout(kind, parameters)
      .map(({ name, shape }) => ({ name, shape, dtype })),
  );
}
