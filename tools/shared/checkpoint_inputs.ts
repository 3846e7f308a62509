/**
 * The files of a checkpoint that no output may replace.
 *
 * @module
 */

import { dirname, join } from "node:path";
import type { AtiCheckpoint } from "../../core/checkpoint/checkpoint.ts";

/**
 * The weights, the tokenizer, and the JSON files next to them: configurations
 * and the indices of shards.
 */
export async function checkpointInputs(
  { folder, t5, clip, vae, transformer, tokenizer, tinyVae }: AtiCheckpoint,
): Promise<string[]> {
  const files = [t5, clip, vae, transformer].flatMap((part) => part.files);
  if (tinyVae) files.push(...tinyVae.files);
  if (tokenizer !== undefined) files.push(tokenizer);
  const folders = new Set([folder, ...files.map((file) => dirname(file))]);
  const json: string[] = [];
  for (const path of folders) {
    for await (const { name, isFile, isSymlink } of Deno.readDir(path)) {
      if ((isFile || isSymlink) && name.endsWith(".json")) {
        json.push(join(path, name));
      }
    }
  }
  return [...files, ...json];
}
