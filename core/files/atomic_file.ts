/**
 * Writes that are complete or not there: a temporary file in the output's own
 * folder, flushed and renamed at the end. Every output passes through here, so
 * here is checked that none replaces an input of the run.
 *
 * @module
 */

import { dirname } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "./file_error.ts";
import { makeFolder, renameDurably } from "./flush.ts";
import { refuseInput } from "./inputs.ts";
import { createTemporary, removeStaleTempOnce } from "./temporary.ts";

/** A file that is being written under a temporary name. */
export interface AtomicFile extends AsyncDisposable {
  /** The open file, positioned at its end. */
  readonly file: Deno.FsFile;
  /** The temporary path. */
  readonly path: string;
  /**
   * Flushes to disk, renames to the final name, flushes the folder and closes.
   *
   * @throws {Deno.errors.AlreadyExists} When the final name exists by now and
   * `overwrite` is not set; the temporary file is removed.
   * @throws {TypeError} When the final name is an input of the run by now.
   */
  commit(): Promise<void>;
  /** Closes and removes the temporary file. Does nothing after `commit`. */
  abort(): Promise<void>;
}

/**
 * Opens a temporary file next to `path`, making the folder where needed.
 * `commit()` gives it its name, `abort()` or leaving an `await using` scope
 * removes it. What killed processes left in the folder is removed first.
 *
 * @throws {Deno.errors.AlreadyExists} When `path` exists and `overwrite` is
 * not set.
 * @throws {TypeError} When `path` is an input of the run (`protectInputs`).
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openAtomicFile } from "./files.ts";
 * const dir = Deno.makeTempDirSync();
 * {
 *   await using pending = await openAtomicFile(`${dir}/out.txt`);
 *   await pending.file.write(new TextEncoder().encode("complete"));
 *   await pending.commit();
 * }
 * assert.equal(Deno.readTextFileSync(`${dir}/out.txt`), "complete");
 * await Deno.remove(dir, { recursive: true });
 * ```
 */
export async function openAtomicFile(
  path: string,
  options: { overwrite?: boolean } = {},
): Promise<AtomicFile> {
  const { overwrite = false } = options;
  await checkTarget(path, overwrite);
  let temporary: string;
  let file: Deno.FsFile;
  try {
    await makeFolder(dirname(path));
    await removeStaleTempOnce(path);
    ({ file, path: temporary } = await createTemporary(path));
  } catch (cause) {
    throw fileError("write", path, cause);
  }
  let state: "pending" | "done" = "pending";
  const abort = async () => {
    if (state === "done") return;
    state = "done";
    // Removed while it is locked, so that nobody takes it for abandoned.
    await Deno.remove(temporary).catch(() => {});
    close(file);
  };
  return {
    file,
    path: temporary,
    async commit() {
      if (state === "done") return;
      try {
        await file.sync();
        await checkTarget(path, overwrite);
        await renameDurably(temporary, path);
        state = "done";
        close(file);
      } catch (cause) {
        throw fileError("write", path, cause);
      } finally {
        await abort();
      }
    },
    abort,
    [Symbol.asyncDispose]: abort,
  };
}

/**
 * Writes a complete file: temporary name, flush, rename, flush of the folder.
 *
 * @throws {Deno.errors.AlreadyExists} When `path` exists and `overwrite` is
 * not set.
 * @throws {TypeError} When `path` is an input of the run.
 *
 * @example
 * ```ts
 * import { writeFileAtomic } from "./files.ts";
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/a.txt`;
 * await writeFileAtomic(path, "complete or not there");
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  await using pending = await openAtomicFile(path, options);
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  let written = 0;
  try {
    while (written < bytes.length) {
      written += await pending.file.write(bytes.subarray(written));
    }
  } catch (cause) {
    throw fileError("write", path, cause);
  }
  await pending.commit();
}

/** Closes a file that its writer may have closed already. */
function close(file: Deno.FsFile): void {
  try {
    file.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Throws when something is at a path that must not be replaced. */
async function checkTarget(path: string, overwrite: boolean): Promise<void> {
  await refuseInput(path);
  let there: Deno.FileInfo;
  try {
    there = await Deno.stat(path);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return;
    throw fileError("write", path, cause);
  }
  if (there.isDirectory) {
    throw new Deno.errors.IsADirectory(
      `Cannot write ${quote(path)}: it is a folder, expected a file`,
    );
  }
  if (overwrite) return;
  throw new Deno.errors.AlreadyExists(
    withHint(
      `Cannot write ${quote(path)}: it already exists`,
      "Choose another name, or request that it be overwritten.",
    ),
  );
}
