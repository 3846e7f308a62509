/**
 * What interrupted runs left: temporary files that nobody writes any more, and
 * downloads that can be resumed.
 *
 * @module
 */

import { join } from "node:path";
import { findTemporary } from "../../core/files/temporary.ts";
import { gigabytes } from "../../core/base/gigabytes.ts";
import type { Finding } from "./finding.ts";

/** Where the tools write below an output folder. */
const OUTPUT_FOLDERS = ["", "outputs", "outputs_vis", "images_tracks"];

/**
 * The leftovers in an output folder and a checkpoint's folder; undefined where
 * there are none. Removes nothing.
 */
export async function checkLeftovers(
  { out, checkpoint }: { out: string; checkpoint?: string | undefined },
): Promise<Finding | undefined> {
  const folders = OUTPUT_FOLDERS.map((name) => join(out, name));
  if (checkpoint !== undefined) folders.push(...await foldersBelow(checkpoint));
  const found = (await Promise.all(folders.map(findTemporary))).flat()
    .filter(({ owner }) => owner !== "alive");
  const downloads = checkpoint === undefined
    ? []
    : await partialDownloads(folders.slice(OUTPUT_FOLDERS.length));
  if (found.length + downloads.length === 0) return undefined;
  const bytes = [...found, ...downloads].reduce((sum, f) => sum + f.size, 0);
  return {
    check: "leftovers",
    state: "note",
    message: [
      `${found.length + downloads.length} files, ${gigabytes(bytes)}`,
      ...found.map(({ path, size, owner }) =>
        `${path}: ${gigabytes(size)}, ${
          owner === "dead"
            ? "of a process that has ended"
            : "it is unknown whether a process writes it"
        }`
      ),
      ...downloads.map(({ path, size }) =>
        `${path}: ${gigabytes(size)}, an interrupted download`
      ),
    ].join("\n"),
    todo: [
      ...(found.length > 0
        ? ["The next run of a tool into the folder removes temporary files."]
        : []),
      ...(downloads.length > 0
        ? ["deno task download resumes interrupted downloads."]
        : []),
    ].join(" "),
  };
}

/** A folder, and those in it to the depth that checkpoints have. */
async function foldersBelow(folder: string, depth = 2): Promise<string[]> {
  const folders = [folder];
  if (depth === 0) return folders;
  for (const { name, isDirectory } of await list(folder)) {
    if (isDirectory) {
      folders.push(...await foldersBelow(join(folder, name), depth - 1));
    }
  }
  return folders;
}

async function partialDownloads(
  folders: readonly string[],
): Promise<{ path: string; size: number }[]> {
  const found: { path: string; size: number }[] = [];
  for (const folder of folders) {
    for (const { name, isFile } of await list(folder)) {
      if (!isFile || name.startsWith(".") || !name.endsWith(".part")) continue;
      const path = join(folder, name);
      found.push({ path, size: (await Deno.stat(path)).size });
    }
  }
  return found;
}

async function list(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch {
    return []; // what is wrong with it, other checks tell
  }
}
