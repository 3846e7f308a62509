/**
 * The files that a run reads: nothing that it writes may replace one of them,
 * whatever name or link leads to it.
 *
 * @module
 */

import { resolve } from "node:path";
import { quote, withHint } from "../base/errors.ts";

/** The protected files by identity, each with how often and as what. */
const protectedFiles = new Map<string, { path: string; count: number }>();

/**
 * Protects files of this process's run: until the result is disposed, writing
 * to one of them is an error. Paths that do not exist are protected by their
 * name.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { protectInputs } from "./inputs.ts";
 * import { writeFileAtomic } from "./files.ts";
 * const folder = await Deno.makeTempDir();
 * await writeFileAtomic(`${folder}/a.jpg`, "an image");
 * await Deno.symlink(`${folder}/a.jpg`, `${folder}/b.jpg`);
 * {
 *   using _inputs = await protectInputs([`${folder}/a.jpg`]);
 *   await assert.rejects(
 *     writeFileAtomic(`${folder}/b.jpg`, "other", { overwrite: true }),
 *     /it is the input ".*a.jpg"/,
 *   );
 * }
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function protectInputs(
  paths: Iterable<string>,
): Promise<Disposable> {
  const added: string[] = [];
  for (const path of new Set(paths)) {
    for (const key of await identitiesOf(path)) {
      const entry = protectedFiles.get(key) ?? { path, count: 0 };
      protectedFiles.set(key, { ...entry, count: entry.count + 1 });
      added.push(key);
    }
  }
  return {
    [Symbol.dispose]() {
      for (const key of added.splice(0)) {
        const entry = protectedFiles.get(key);
        if (!entry) continue;
        if (entry.count === 1) protectedFiles.delete(key);
        else protectedFiles.set(key, { ...entry, count: entry.count - 1 });
      }
    },
  };
}

/**
 * Ends all protection, at the end of a run: an inode may belong to another file
 * in the next one of the process.
 */
export function forgetInputs(): void {
  protectedFiles.clear();
}

/**
 * Throws when a path to write to is a protected input.
 *
 * @throws {TypeError} Naming both.
 */
export async function refuseInput(path: string): Promise<void> {
  if (protectedFiles.size === 0) return;
  for (const key of await identitiesOf(path)) {
    const input = protectedFiles.get(key)?.path;
    if (input === undefined) continue;
    throw new TypeError(withHint(
      `Cannot write ${quote(path)}: it is ${
        input === path ? "an input" : `the input ${quote(input)}`
      }, expected another path`,
      "Choose another folder or name for the outputs; inputs are never replaced.",
    ));
  }
}

/** What tells a file from others: its inode, and its path without links. */
async function identitiesOf(path: string): Promise<string[]> {
  const identities = [`path ${await realPath(path)}`];
  try {
    const { dev, ino } = await Deno.stat(path);
    // Some file systems have no numbers for files.
    if (ino) identities.push(`inode ${dev} ${ino}`);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return identities;
}

async function realPath(path: string): Promise<string> {
  try {
    return await Deno.realPath(path);
  } catch (error) {
    // Links above the folders that may be read cannot be resolved.
    if (isAbsent(error) || error instanceof Deno.errors.NotCapable) {
      return resolve(path);
    }
    throw error;
  }
}

/** Nothing is there, so that nothing can be replaced; other errors come later. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.FilesystemLoop ||
    error instanceof Deno.errors.PermissionDenied ||
    (error as { code?: unknown }).code === "ENAMETOOLONG";
}
