/**
 * What makes a write last: data flushed to the disk, and the folder that
 * holds its name as well.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileError } from "./file_error.ts";

/** What a file system answers that cannot flush folders. */
const UNSUPPORTED: ReadonlySet<unknown> = new Set([
  "EINVAL",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EISDIR",
  "EACCES",
  "EPERM",
  "EBADF",
]);

/**
 * Flushes the names in a folder to the disk: a file that was just renamed
 * keeps its new name even if the power fails. Windows has no such call and
 * keeps its names in a journal.
 *
 * @throws {Error} When the disk reports a fault.
 */
export async function flushFolder(folder: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  try {
    using handle = await Deno.open(folder, { read: true });
    await handle.sync();
  } catch (error) {
    // A folder that may not be read may not be flushed.
    if (error instanceof Deno.errors.NotCapable) return;
    if (UNSUPPORTED.has((error as { code?: unknown }).code)) return;
    throw fileError("flush", folder, error);
  }
}

/**
 * Renames a file whose data has been flushed, and flushes the name.
 *
 * @throws {Error} When it cannot be renamed, with why.
 */
export async function renameDurably(from: string, to: string): Promise<void> {
  try {
    await Deno.rename(from, to);
  } catch (error) {
    throw fileError("write", to, error);
  }
  await flushFolder(dirname(to));
}

/**
 * Makes a folder and those above it; their names are flushed as well.
 *
 * @throws {Error} When it cannot be made, with why.
 */
export async function makeFolder(folder: string): Promise<void> {
  const made: string[] = [];
  for (let above = folder; !await exists(above); above = dirname(above)) {
    made.push(dirname(above));
    if (dirname(above) === above) break;
  }
  if (made.length === 0) return;
  await Deno.mkdir(folder, { recursive: true });
  for (const parent of made) await flushFolder(parent);
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    // Folders that may not be read are above those that may: they are there.
    if (error instanceof Deno.errors.NotCapable) return true;
    throw error;
  }
}
