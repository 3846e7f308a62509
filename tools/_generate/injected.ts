/**
 * `--inject`: token ids and noise from a folder, to compare with another
 * implementation.
 *
 * @module
 */

import { join } from "node:path";
import { memorySource } from "../../core/base/byte_source.ts";
import { readNpy } from "../../core/formats/npy.ts";
import { fileExists, readFileBytes } from "../../core/files/files.ts";
import type { Overrides } from "../../core/pipeline/generation.ts";
import { UsageError } from "../shared/tool.ts";

/** The files that {@linkcode readInjected} looks for in a folder. */
export function injectedFiles(folder: string): string[] {
  return ["prompt.ids.npy", "negative.ids.npy", "noise.npy"].map((name) =>
    join(folder, name)
  );
}

/** What takes the place of tokenizer and random generator, as far as it is there. */
export async function readInjected(folder: string): Promise<Overrides> {
  const read = async (name: string) => {
    const path = join(folder, name);
    if (!await fileExists(path)) return undefined;
    return readNpy(memorySource(await readFileBytes(path), path));
  };
  const ids = async (name: string) => {
    const found = await read(`${name}.ids.npy`);
    if (!found) return undefined;
    const all = Array.from(found.data as ArrayLike<number | bigint>, Number);
    // Padding (0) follows the end token (1), which counts.
    return all.slice(0, all.indexOf(1) + 1 || all.length);
  };
  const textIds = await ids("prompt");
  const negativeIds = await ids("negative");
  const noise = await read("noise.npy");
  if (!textIds && !negativeIds && !noise) {
    throw new UsageError(
      `Cannot inject from ${
        JSON.stringify(folder)
      }: expected prompt.ids.npy, negative.ids.npy or noise.npy`,
    );
  }
  return {
    ...(textIds && { textIds }),
    ...(negativeIds && { negativeIds }),
    ...(noise && {
      noise: {
        dims: noise.dims,
        data: Float32Array.from(noise.data as ArrayLike<number>),
      },
    }),
  };
}
