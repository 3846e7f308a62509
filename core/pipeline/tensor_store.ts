/**
 * Tensors on disk between two runs: one safetensors file with some text,
 * written completely or not at all, with a checksum over everything in it.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { readSafetensors } from "../formats/safetensors.ts";
import { writeSafetensors } from "../formats/safetensors_writer.ts";
import { CheckpointError } from "../formats/checkpoint_error.ts";
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

/** The text that holds the checksum. */
const CHECKSUM = "crc32";

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
    { metadata: { ...texts, [CHECKSUM]: checksum({ tensors, texts }) } },
  );
  await writeFileAtomic(path, bytes, { overwrite: true });
}

/**
 * What {@linkcode storeTensors} wrote; undefined where there is no file.
 *
 * @throws {FormatError | CheckpointError} When the file is not what was
 * written: a single flipped bit is enough.
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
  const { [CHECKSUM]: expected, ...texts } = Object.fromEntries(file.metadata);
  const found = checksum({ tensors, texts });
  if (found !== expected) {
    throw new FormatError(
      `Cannot read ${
        quote(path)
      }: it is damaged, its checksum is ${found}, expected ${
        expected ?? "one in the file"
      }`,
    );
  }
  return { tensors, texts };
}

/**
 * {@linkcode loadTensors} of a file that can be made again: a damaged one is
 * undefined as well, and `onDamaged` is called with why.
 */
export async function tryLoadTensors(
  path: string,
  onDamaged: (reason: string) => void,
): Promise<StoredTensors | undefined> {
  try {
    return await loadTensors(path);
  } catch (error) {
    if (error instanceof FormatError || error instanceof CheckpointError) {
      onDamaged(error.message);
      return undefined;
    }
    throw error;
  }
}

/** CRC-32 over names, shapes, numbers and texts, 8 hexadecimal digits. */
function checksum({ tensors, texts }: StoredTensors): string {
  const byName = <T>(record: Readonly<Record<string, T>>) =>
    Object.entries(record).sort(([a], [b]) => a < b ? -1 : 1);
  let sum = crc32(JSON.stringify([
    byName(texts),
    byName(tensors).map(([name, { dims }]) => [name, dims]),
  ]));
  for (
    const [, { data: { buffer, byteOffset, byteLength } }] of byName(tensors)
  ) {
    sum = crc32(new Uint8Array(buffer, byteOffset, byteLength), sum);
  }
  return sum.toString(16).padStart(8, "0");
}
