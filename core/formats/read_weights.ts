/**
 * The tensors of a model's files: one safetensors or GGUF file, shards under an
 * index file, or one torch file. The content decides which.
 *
 * @module
 */

import { quote, withHint } from "../base/errors.ts";
import { CheckpointError } from "./checkpoint_error.ts";
import { type FileView, folderOf, joinPath } from "../base/file_view.ts";
import { checkComfyMarkers } from "./comfy_quant.ts";
import { readGgufWeights } from "./gguf_weights.ts";
import { readSafetensors } from "./safetensors.ts";
import type { TensorEntry, TensorIndex } from "./tensor_index.ts";
import { readTorchZip } from "./torch_zip.ts";

/** What was read from the files of one network. */
export interface WeightFiles {
  /** What to call it in an error: the path that was opened. */
  readonly source: string;
  /** The tensors under the files' own names. */
  readonly tensors: TensorIndex;
  /** The entries under `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** What the reader of the files found worth telling. */
  readonly notes: readonly string[];
}

const MAX_INDEX = 100_000_000;
const SHARD_NAME = /^[^/\\:]+$/;

/**
 * The index of the weights at `path`: a `.safetensors`, an
 * `*.safetensors.index.json` with its shards next to it, a torch `.pth` or a
 * `.gguf`.
 * Every file's size is checked against what its header or directory claims.
 *
 * @throws {CheckpointError} As {@linkcode readSafetensors},
 * {@linkcode readTorchZip} and {@linkcode readGguf}; `shard-index` and `missing-files` for shards.
 */
export async function readWeights(
  files: FileView,
  path: string,
): Promise<WeightFiles> {
  return path.endsWith(".json")
    ? await readShards(files, path)
    : await readFile(files, path);
}

async function readFile(files: FileView, path: string): Promise<WeightFiles> {
  const facts = files.stat(path);
  if (facts?.kind !== "file") {
    throw new CheckpointError(
      "missing-files",
      `Cannot open ${quote(path)}: ${
        facts ? "it is a folder" : "there is nothing"
      }, expected a file of weights`,
    );
  }
  using file = files.open(facts.realPath);
  const source = {
    name: facts.realPath,
    size: file.size,
    read: (offset: number, length: number) => file.read(offset, length),
  };
  const magic = new TextDecoder("latin1")
    .decode(source.read(0, Math.min(4, source.size)));
  if (magic === "GGUF") return { source: path, ...readGgufWeights(source) };
  // A zip, a pickle or a tar is torch's; a header's length never looks so.
  const isTorch = magic.startsWith("PK") || /\.(?:pth?|bin|ckpt)$/i.test(path);
  if (!isTorch) {
    const { tensors, metadata } = readSafetensors(source);
    checkComfyMarkers(source, { tensors, metadata });
    return { source: path, tensors, metadata, notes: [] };
  }
  const { tensors, path: keys, others } = await readTorchZip(source);
  const notes: string[] = [];
  if (keys.length > 0) notes.push(`the weights lie under ${keys.join(" > ")}`);
  for (const [name, what] of [...others].slice(0, 3)) {
    notes.push(`left out: ${quote(name)}, a ${what}`);
  }
  if (others.size > 3) notes.push(`left out: ${others.size - 3} more entries`);
  return { source: path, tensors, metadata: new Map(), notes };
}

async function readShards(files: FileView, path: string): Promise<WeightFiles> {
  const map = readWeightMap(files, path);
  const folder = folderOf(path);
  const shards = [...new Set(map.values())].sort();
  const absent = shards.filter((name) =>
    files.stat(joinPath(folder, name))?.kind !== "file"
  );
  if (absent.length > 0) {
    throw new CheckpointError(
      "missing-files",
      withHint(
        `Cannot open ${
          quote(path)
        }: ${absent.length} of ${shards.length} shards are missing: ${
          absent.map(quote).join(", ")
        }`,
        "tools/download.ts goes on where a download stopped.",
      ),
    );
  }
  const tensors = new Map<string, TensorEntry>();
  const metadata = new Map<string, string>();
  const notes: string[] = [];
  for (const shard of shards) {
    const read = await readFile(files, joinPath(folder, shard));
    for (const [name, entry] of read.tensors) {
      const expected = map.get(name);
      if (expected === undefined) {
        notes.push(`${quote(name)} of ${quote(shard)} is not in the index`);
      } else if (expected !== shard) {
        throw new CheckpointError(
          "shard-index",
          `Cannot open ${quote(path)}: tensor ${quote(name)} lies in ${
            quote(shard)
          }, the index says ${quote(expected)}`,
        );
      }
      if (tensors.has(name)) {
        throw new CheckpointError(
          "duplicate-key",
          `Cannot open ${quote(path)}: tensor ${quote(name)} is in two shards`,
        );
      }
      tensors.set(name, entry);
    }
    for (const [key, value] of read.metadata) metadata.set(key, value);
  }
  for (const [name, shard] of map) {
    if (tensors.has(name)) continue;
    throw new CheckpointError(
      "tensor-not-found",
      `Cannot open ${quote(path)}: tensor ${quote(name)} is not in ${
        quote(shard)
      }`,
    );
  }
  return { source: path, tensors, metadata, notes };
}

/** The `weight_map` of an index file: tensor name to shard name. */
function readWeightMap(
  files: FileView,
  path: string,
): ReadonlyMap<string, string> {
  const fail = (state: string, cause?: unknown) =>
    new CheckpointError(
      "shard-index",
      `Cannot read ${quote(path)} as an index of shards: ${state}`,
      { cause },
    );
  const facts = files.stat(path);
  if (facts?.kind !== "file") throw fail("there is no such file");
  if (facts.size > MAX_INDEX) {
    throw fail(`it has ${facts.size} bytes, expected at most ${MAX_INDEX}`);
  }
  using file = files.open(facts.realPath);
  let json: unknown;
  try {
    json = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(file.read(0, file.size)),
    );
  } catch (cause) {
    throw fail("it is no JSON", cause);
  }
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw fail('"weight_map" is missing');
  }
  const entries = Object.entries(map);
  if (entries.length === 0) throw fail('"weight_map" is empty');
  for (const [name, shard] of entries) {
    // A plain name next to the index; never a way out of the folder.
    if (
      typeof shard !== "string" || !SHARD_NAME.test(shard) ||
      shard.startsWith(".")
    ) {
      throw fail(
        `tensor ${quote(name)} lies in ${quote(shard)}, expected a file name`,
      );
    }
  }
  return new Map(entries as [string, string][]);
}
