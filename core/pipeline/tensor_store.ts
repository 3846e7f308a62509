/**
 * Tensors on disk between two runs: one safetensors file with some text,
 * written whole or not at all.
 *
 * @module
 */

import { readSafetensors } from "../formats/safetensors.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { FormatError, quote } from "../base/errors.ts";
import { fileExists, openFileSource, writeFileAtomic } from "../files/files.ts";
import { sizeOf, type Tensor } from "../base/tensor.ts";

/** Named tensors and named texts. */
export interface StoredTensors {
  /** The tensors, float32. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  /** Free text, by name. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Writes tensors and texts, over what was there before. */
export async function storeTensors(
  path: string,
  { tensors, texts }: StoredTensors,
): Promise<void> {
  const bytes = writeSafetensors(
    Object.entries(tensors).map(([name, { dims, data }]) => ({
      name,
      dtype: "F32" as const,
      shape: dims,
      data,
    })),
    { metadata: texts },
  );
  await writeFileAtomic(path, bytes, { overwrite: true });
}

/**
 * What {@linkcode storeTensors} wrote; undefined where there is no file.
 *
 * @throws {FormatError} When the file is not what was written.
 */
export async function loadTensors(
  path: string,
): Promise<StoredTensors | undefined> {
  if (!await fileExists(path)) return undefined;
  using source = openFileSource(path);
  const file = readSafetensors(source);
  const tensors: Record<string, Tensor> = {};
  for (const { name, dtype, shape, offset, length } of file.tensors.values()) {
    if (dtype !== "F32") {
      throw new FormatError(
        `Cannot read ${quote(path)}: tensor ${
          quote(name)
        } is ${dtype}, expected F32`,
        { offset },
      );
    }
    const data = new Float32Array(sizeOf(shape));
    new Uint8Array(data.buffer).set(source.read(offset, length));
    tensors[name] = { dims: shape, data };
  }
  return { tensors, texts: Object.fromEntries(file.metadata) };
}
