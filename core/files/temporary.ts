/**
 * Temporary files next to outputs, and those that killed processes left.
 *
 * A process holds a lock of the system on each temporary file that it writes.
 * The lock ends with the process, whatever ends it: a temporary file that can
 * be locked belongs to nobody, on this machine or another one.
 *
 * @module
 */

import { basename, dirname, join } from "node:path";

/** How temporary names end, and how many bytes this adds to a name. */
const SUFFIX = /^\..*\.[0-9a-f]{8}\.part$/s;
const ADDED_BYTES = 15;

/** The longest name that file systems take, in bytes. */
export const LONGEST_NAME = 255;

/** A temporary file that was found. */
export interface TemporaryFile {
  /** Its path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /**
   * `dead`: the process that wrote it has ended. `alive`: a process writes it.
   * `unknown`: the file system or the permissions do not tell.
   */
  readonly owner: "dead" | "alive" | "unknown";
}

/** A new name next to `path` that marks a temporary file. */
export function temporaryName(path: string): string {
  const id = crypto.randomUUID().slice(0, 8);
  const name = cutToBytes(basename(path), LONGEST_NAME - ADDED_BYTES);
  return join(dirname(path), `.${name}.${id}.part`);
}

/** Opens a new temporary file next to `path` and locks it. */
export async function createTemporary(
  path: string,
): Promise<{ file: Deno.FsFile; path: string }> {
  for (;;) {
    const temporary = temporaryName(path);
    const file = await Deno.open(temporary, {
      createNew: true,
      read: true,
      write: true,
    });
    // Another process may have looked at it before it was locked.
    if (await lock(file) !== "taken" && await isAt(file, temporary)) {
      return { file, path: temporary };
    }
    file.close();
  }
}

/**
 * Moves a file to a temporary name, locked as one that is being written: until
 * `file` is closed, no other process removes it.
 *
 * @returns undefined when it is gone, or another process is moving it.
 */
export async function moveAside(
  path: string,
): Promise<{ file: Deno.FsFile; path: string } | undefined> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true });
    if (await lock(file) !== "taken") {
      const aside = temporaryName(path);
      await Deno.rename(path, aside);
      const moved = { file, path: aside };
      file = undefined;
      return moved;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  } finally {
    file?.close();
  }
  return undefined;
}

/** The temporary files in a folder; none where there is no folder. */
export async function findTemporary(folder: string): Promise<TemporaryFile[]> {
  const found: TemporaryFile[] = [];
  for (const path of await temporaryIn(folder)) {
    const { size, owner } = await inspect(path) ?? {};
    if (size !== undefined && owner) found.push({ path, size, owner });
  }
  return found;
}

/**
 * Removes the temporary files in the folder of an output whose processes have
 * ended. Those of processes at work stay.
 *
 * @returns What was removed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openAtomicFile, removeStaleTemp } from "./files.ts";
 * const folder = Deno.makeTempDirSync();
 * const { file } = await openAtomicFile(`${folder}/a.txt`);
 * assert.deepEqual(await removeStaleTemp(`${folder}/b.txt`), []);
 * file.close(); // as if the process ended here
 * assert.equal((await removeStaleTemp(`${folder}/b.txt`)).length, 1);
 * assert.equal([...Deno.readDirSync(folder)].length, 0);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function removeStaleTemp(path: string): Promise<string[]> {
  const removed: string[] = [];
  for (const temporary of await temporaryIn(dirname(path))) {
    const { owner } = await inspect(temporary, { remove: true }) ?? {};
    if (owner === "dead") removed.push(temporary);
  }
  return removed;
}

/** Folders that this process has cleared. */
const cleared = new Map<string, Promise<unknown>>();

/** {@linkcode removeStaleTemp}, once for each folder and process. */
export async function removeStaleTempOnce(path: string): Promise<void> {
  const folder = dirname(path);
  const clearing = cleared.get(folder) ?? removeStaleTemp(path);
  cleared.set(folder, clearing);
  await clearing;
}

async function temporaryIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      // No pipe is opened: that would wait for its other end.
      if (isFile && SUFFIX.test(name)) paths.push(join(folder, name));
    }
  } catch (error) {
    if (!isUnseen(error)) throw error;
  }
  return paths;
}

/** Whose a temporary file is; removes it when it is nobody's and `remove` is set. */
async function inspect(
  path: string,
  { remove = false } = {},
): Promise<Pick<TemporaryFile, "size" | "owner"> | undefined> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (!isUnseen(error)) throw error;
    const size = await Deno.stat(path).then(({ size }) => size, () => 0);
    return { size, owner: "unknown" };
  }
  try {
    const { size } = await file.stat();
    const got = await lock(file);
    if (got === "unsupported") return { size, owner: "unknown" };
    if (got === "taken") return { size, owner: "alive" };
    // Renamed to its final name meanwhile, it is no temporary file any more.
    if (!await isAt(file, path)) return undefined;
    if (remove && !await removeFile(path)) return undefined;
    return { size, owner: "dead" };
  } finally {
    file.close();
  }
}

/** Removes a file; false when it was gone. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function lock(
  file: Deno.FsFile,
): Promise<"locked" | "taken" | "unsupported"> {
  try {
    return await file.tryLock(true) ? "locked" : "taken";
  } catch {
    return "unsupported";
  }
}

/** Whether an open file is the one at a path. */
async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const there = await Deno.lstat(path);
    const open = await file.stat();
    return there.ino === open.ino && there.dev === open.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isUnseen(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
}

/** The longest beginning of a name that has at most so many bytes. */
function cutToBytes(name: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(name, new Uint8Array(bytes));
  return name.slice(0, read);
}
