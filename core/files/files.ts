/**
 * The door to the file system: whole reads with a limit, writes that are
 * either complete or not there, and files as a {@linkcode ByteSource}.
 *
 * An output is written under a temporary name in its own folder and renamed
 * when it is whole, so that an interrupted run leaves no half file.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type ByteSource, checkRange } from "../base/byte_source.ts";
import { quote, withHint } from "../base/errors.ts";
import { fileError } from "./file_error.ts";

/** A file larger than this is no picture, job list or track file. */
const DEFAULT_LIMIT = 512 * 1024 * 1024;

/**
 * The bytes of a whole file.
 *
 * @throws {RangeError} When the file has more than `limit` bytes; nothing is
 * read then. @throws {Error} With `cause` when it cannot be read.
 */
export async function readFileBytes(
  path: string,
  options: { limit?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { limit = DEFAULT_LIMIT } = options;
  const info = await statFile(path);
  if (info.size > limit) {
    throw new RangeError(
      `Cannot read ${
        quote(path)
      }: it has ${info.size} bytes, expected at most ${limit}`,
    );
  }
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/** The text of a whole UTF-8 file; errors as {@linkcode readFileBytes}. */
export async function readFileText(
  path: string,
  options: { limit?: number } = {},
): Promise<string> {
  return new TextDecoder().decode(await readFileBytes(path, options));
}

/** Whether there is a file (not a folder) at `path`. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    if (error instanceof Deno.errors.NotADirectory) return false;
    throw fileError("look for", path, error);
  }
}

/** Why a file that must be there cannot be read. */
function unreadable(path: string, cause: unknown): unknown {
  if (!(cause instanceof Deno.errors.NotFound)) {
    return fileError("read", path, cause);
  }
  return new Deno.errors.NotFound(
    `Cannot read ${quote(path)}: there is no such file`,
    { cause },
  );
}

async function statFile(path: string): Promise<Deno.FileInfo> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (!info.isFile) {
    throw new TypeError(`Cannot read ${quote(path)}: it is not a file`);
  }
  return info;
}

/** A file that is being written under a temporary name. */
export interface AtomicFile extends AsyncDisposable {
  /** The open file, positioned at its end. */
  readonly file: Deno.FsFile;
  /** The temporary path. */
  readonly path: string;
  /**
   * Flushes to disk, closes and renames to the final name.
   *
   * @throws {Deno.errors.AlreadyExists} When the final name exists by now and
   * `overwrite` is not set; the temporary file is removed.
   */
  commit(): Promise<void>;
  /** Closes and removes the temporary file. Does nothing after `commit`. */
  abort(): Promise<void>;
}

/**
 * Opens a temporary file beside `path`, making the folder where needed.
 * `commit()` gives it its name, `abort()` or leaving an `await using` scope
 * removes it.
 *
 * @throws {Deno.errors.AlreadyExists} When `path` exists and `overwrite` is
 * not set.
 */
export async function openAtomicFile(
  path: string,
  options: { overwrite?: boolean } = {},
): Promise<AtomicFile> {
  const { overwrite = false } = options;
  await checkTarget(path, overwrite);
  const folder = dirname(path);
  const temporary = join(
    folder,
    `.${basename(path)}.${crypto.randomUUID().slice(0, 8)}.part`,
  );
  let file: Deno.FsFile;
  try {
    await Deno.mkdir(folder, { recursive: true });
    file = await Deno.open(temporary, {
      createNew: true,
      read: true,
      write: true,
    });
  } catch (cause) {
    throw fileError("write", path, cause);
  }
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  let pending = true;
  const abort = async () => {
    close();
    if (pending) await Deno.remove(temporary).catch(() => {});
    pending = false;
  };
  return {
    file,
    path: temporary,
    async commit() {
      if (!pending) return;
      try {
        await file.sync();
        close();
        await checkTarget(path, overwrite);
        await Deno.rename(temporary, path);
        pending = false;
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
 * Writes a whole file: temporary name, flush, rename.
 *
 * @throws {Deno.errors.AlreadyExists} When `path` exists and `overwrite` is
 * not set.
 *
 * @example
 * ```ts
 * import { writeFileAtomic } from "@ati/ati";
 * const folder = await Deno.makeTempDir();
 * const path = `${folder}/a.txt`;
 * await writeFileAtomic(path, "whole or not there");
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

/**
 * Removes what a process that was killed had begun to write at a path. Only
 * for whoever knows that nobody is writing there now.
 */
export async function removeStaleTemp(path: string): Promise<void> {
  const folder = dirname(path), begin = `.${basename(path)}.`;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(begin)) continue;
      if (!UNFINISHED.test(name.slice(begin.length))) continue;
      await Deno.remove(join(folder, name));
    }
  } catch (error) {
    // Without a folder nothing was begun.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** What a temporary name has behind the file's own. */
const UNFINISHED = /^[0-9a-f]{8}\.part$/;

/** Throws when something is at a path that must not be replaced. */
async function checkTarget(path: string, overwrite: boolean): Promise<void> {
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
      `Cannot write ${quote(path)}: it exists already`,
      "Choose another name, or ask for it to be overwritten.",
    ),
  );
}

/** A file opened as a {@linkcode ByteSource}; close it when done. */
export interface FileSource extends ByteSource, Disposable {
  /** Closes the file. Reading afterwards is an error. */
  close(): void;
}

/** Opens a file for reads at any offset, of any size. */
export function openFileSource(path: string): FileSource {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true });
  } catch (cause) {
    throw unreadable(path, cause);
  }
  const info = file.statSync();
  if (!info.isFile) {
    file.close();
    throw new TypeError(`Cannot read ${quote(path)}: it is not a file`);
  }
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    name: path,
    size: info.size,
    read(offset, length) {
      checkRange(this, offset, length);
      const bytes = new Uint8Array(length);
      file.seekSync(offset, Deno.SeekMode.Start);
      let filled = 0;
      while (filled < length) {
        const count = file.readSync(bytes.subarray(filled));
        if (count === null) {
          throw new RangeError(
            `Cannot read ${length} bytes at ${offset} of ${
              quote(path)
            }: the file became shorter while it was read`,
          );
        }
        filled += count;
      }
      return bytes;
    },
    close,
    [Symbol.dispose]: close,
  };
}

/**
 * How many bytes a file at `path` could take: what is free on the disk of the
 * nearest folder above it that exists. Needs `--allow-sys=statfs`.
 */
export async function freeSpace(path: string): Promise<number> {
  for (let folder = resolve(path);; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
      if (folder === dirname(folder)) throw error;
    }
  }
}
