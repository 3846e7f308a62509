/**
 * The little that a checkpoint's opener needs to know of a file system, so
 * that it runs over a disk, over files in memory and in a browser alike.
 *
 * @module
 */

import { type ByteSource, memorySource } from "./byte_source.ts";
import { quote } from "./errors.ts";

/** What lies at a path. */
export interface FileFacts {
  /** A file or a folder; links are followed. */
  readonly kind: "file" | "folder";
  /** How many bytes a file has. */
  readonly size: number;
  /** The path with all symbolic links resolved. */
  readonly realPath: string;
}

/** A file system, read only. Paths have `/` between folders. */
export interface FileView {
  /** What lies at `path`, or undefined when nothing does. */
  stat(path: string): FileFacts | undefined;
  /** The names in a folder, in any order; empty when there is no such folder. */
  list(path: string): readonly string[];
  /** Opens a file for reading; dispose of it when done. */
  open(path: string): ByteSource & Disposable;
}

/**
 * Files in memory as a {@linkcode FileView}. `links` are symbolic links from
 * one file's path to another's.
 */
export function memoryFiles(
  files: Readonly<Record<string, Uint8Array>>,
  options: { links?: Readonly<Record<string, string>> } = {},
): FileView {
  const { links = {} } = options;
  const resolve = (path: string) => links[path] ?? path;
  const paths = [...Object.keys(files), ...Object.keys(links)];
  return {
    stat(path) {
      const realPath = resolve(path);
      const bytes = files[realPath];
      if (bytes) return { kind: "file", size: bytes.length, realPath };
      return paths.some((other) => other.startsWith(`${path}/`))
        ? { kind: "folder", size: 0, realPath: path }
        : undefined;
    },
    list(path) {
      const prefix = `${path}/`;
      return [
        ...new Set(
          paths.filter((other) => other.startsWith(prefix))
            .map((other) => other.slice(prefix.length).split("/")[0]!),
        ),
      ];
    },
    open(path) {
      const bytes = files[resolve(path)];
      if (!bytes) throw new TypeError(`Cannot open ${quote(path)}: no file`);
      return { ...memorySource(bytes, path), [Symbol.dispose]() {} };
    },
  };
}

/** A path inside a folder, with `/` between. */
export function joinPath(folder: string, path: string): string {
  if (path === "") return folder;
  return /[/\\]$/.test(folder) ? `${folder}${path}` : `${folder}/${path}`;
}

/** The part of a path before its last separator; "" where there is none. */
export function folderOf(path: string): string {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  // The root keeps its separator.
  return at < 0 ? "" : at === 0 ? path.slice(0, 1) : path.slice(0, at);
}
