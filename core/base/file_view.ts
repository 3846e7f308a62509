/**
 * The part of a file system that opening a checkpoint needs: implemented by a
 * disk, by files in memory, and in a browser.
 *
 * @module
 */

import { type ByteSource, memorySource } from "./byte_source.ts";
import { quote } from "./errors.ts";

/** What is at a path. */
export interface FileFacts {
  /** A file or a folder; links are followed. */
  readonly kind: "file" | "folder";
  /** The size of a file in bytes. */
  readonly size: number;
  /** The path with all symbolic links resolved. */
  readonly realPath: string;
}

/** A read-only file system. Path segments are separated by `/`. */
export interface FileView {
  /** What is at `path`; undefined if nothing is. */
  stat(path: string): FileFacts | undefined;
  /** The names in a folder, in any order; empty if there is no such folder. */
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

/** Joins a folder and a path inside it with `/`. */
export function joinPath(folder: string, path: string): string {
  if (path === "") return folder;
  return /[/\\]$/.test(folder) ? `${folder}${path}` : `${folder}/${path}`;
}

/** The part of a path before its last separator; "" if it has none. */
export function folderOf(path: string): string {
  const at = Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"));
  // The root is a separator itself.
  return at < 0 ? "" : at === 0 ? path.slice(0, 1) : path.slice(0, at);
}
