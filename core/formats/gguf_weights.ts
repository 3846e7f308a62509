/**
 * The tensors of a GGUF file as the other formats give them.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";
import { quote, withHint } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { readGguf } from "./gguf.ts";
import type { TensorEntry, TensorIndex } from "./tensor_index.ts";

/**
 * The tensors of a GGUF file under the file's own names, with the shapes that
 * its writer noted: ggml has four axes at most, and ComfyUI's converter puts
 * the real shape of other tensors into the metadata
 * (`comfy.gguf.orig_shape.<name>`).
 *
 * @throws {CheckpointError} As {@linkcode readGguf}; `metadata` for a part of a
 * file that was split.
 */
export function readGgufWeights(source: ByteSource): {
  readonly tensors: TensorIndex;
  /** The texts of `general.*`, which say what the file is. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly notes: readonly string[];
} {
  const { tensors, metadata } = readGguf(source);
  const parts = metadata.get("split.count");
  if (typeof parts === "number" && parts > 1) {
    throw new CheckpointError(
      "metadata",
      withHint(
        `Cannot read ${
          quote(source.name)
        } as GGUF: it is one of ${parts} parts, expected a whole file`,
        "Join the parts with llama.cpp: llama-gguf-split --merge FIRST OUT",
      ),
    );
  }
  const shaped = new Map<string, TensorEntry>();
  for (const [name, entry] of tensors) {
    const shape = metadata.get(`comfy.gguf.orig_shape.${name}`);
    const fits = isShape(shape) && sizeOf(shape) === sizeOf(entry.shape);
    shaped.set(name, fits ? { ...entry, shape } : entry);
  }
  const texts = new Map<string, string>();
  for (const [key, value] of metadata) {
    if (key.startsWith("general.") && typeof value === "string") {
      texts.set(key, value);
    }
  }
  return { tensors: shaped, metadata: texts, notes: [] };
}

function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) &&
    value.every((axis) => Number.isSafeInteger(axis) && axis > 0);
}
