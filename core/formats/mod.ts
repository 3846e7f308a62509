/**
 * File formats, read and written: zip, NumPy, torch and safetensors files. None
 * of them knows a model, and none executes what a file says.
 *
 * @example The tensors of a safetensors file
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   memorySource,
 *   readSafetensors,
 *   writeSafetensors,
 * } from "@ati/ati/formats";
 *
 * const bytes = writeSafetensors([
 *   { name: "w", dtype: "F32", shape: [2], data: new Float32Array([1, 2]) },
 * ]);
 * const { tensors } = readSafetensors(memorySource(bytes, "w.safetensors"));
 * assert.equal(tensors.get("w")?.length, 8);
 * ```
 *
 * @module
 */

export { type ByteSource, memorySource } from "../base/byte_source.ts";
export { FormatError } from "../base/errors.ts";
export {
  CheckpointError,
  type CheckpointErrorCode,
} from "./checkpoint_error.ts";
export {
  byteLengthOf,
  type TensorDtype,
  type TensorEntry,
  type TensorIndex,
} from "./tensor_index.ts";
export { readSafetensors, type SafetensorsFile } from "./safetensors.ts";
export {
  planSafetensors,
  type SafetensorsLayout,
  type TensorPlan,
  writeSafetensors,
} from "./safetensors_writer.ts";
export { readTorchZip, type TorchFile } from "./torch_zip.ts";
export { writeTorchZip } from "./torch_zip_writer.ts";
export {
  type NpyArray,
  type NpyData,
  type NpyDescr,
  readNpy,
  writeNpy,
} from "./npy.ts";
export { type NpzFile, openNpz, writeNpz } from "./npz.ts";
export { readZipDirectory } from "./zip.ts";
export { readZipEntry, type ZipEntry } from "./zip_entry.ts";
export { writeZip, type ZipMember } from "./zip_writer.ts";
export { BLOCK_TYPES, type BlockType } from "./gguf_blocks.ts";
export type { ElementType } from "./tensor_index.ts";
