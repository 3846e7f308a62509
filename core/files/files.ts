/**
 * The access to the file system: complete reads with a limit, atomic writes,
 * and files as a {@linkcode ByteSource}.
 *
 * An output is written under a temporary name in its own folder and renamed
 * when it is complete, so that an interrupted run leaves no partial file.
 *
 * @module
 */

import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type ByteSource, checkRange } from "../base/byte_source.ts";
import { quote } from "../base/errors.ts";
import { fileError } from "./file_error.ts";

export {
  type AtomicFile,
  openAtomicFile,
  writeFileAtomic,
} from "./atomic_file.ts";
export { removeStaleTemp } from "./temporary.ts";

/** A file larger than this is no image, job file, or track file. */
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

/**
 * Whether there is a file that may be absent. Where Deno was not permitted to
 * look it counts as absent, and `onNote` is told.
 */
export async function optionalFileExists(
  path: string,
  onNote: (message: string) => void = () => {},
): Promise<boolean> {
  try {
    return await fileExists(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    onNote(
      `${
        quote(path)
      } is not used: there is no permission to look for it (--allow-read)`,
    );
    return false;
  }
}

/** Why a file that must be there cannot be read. */
function unreadable(path: string, cause: unknown): unknown {
  if (!(cause instanceof Deno.errors.NotFound)) {
    return fileError("read", path, cause);
  }
  return new Deno.errors.NotFound(
    `Cannot read ${quote(path)}: no such file`,
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
      if (!open) {
        throw new TypeError(`Cannot read ${quote(path)}: it has been closed`);
      }
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
