/**
 * Opens checkpoints on disk: connects the file system to the parsers of
 * `core/checkpoint`.
 *
 * @module
 */

import { resolve } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import type { CheckpointOptions } from "./checkpoint.ts";
import { readAtiCheckpoint } from "./read_checkpoint.ts";
import { readComponent } from "./read_component.ts";
import type { AtiCheckpoint } from "./checkpoint.ts";
import type { Component, ComponentKind } from "../wan/networks.ts";
import type { FileFacts, FileView } from "../base/file_view.ts";
import { openFileSource } from "../files/files.ts";

/** The file system as a `FileView`. */
export const diskFiles: FileView = {
  stat(path: string): FileFacts | undefined {
    try {
      const { isFile, isDirectory, size } = Deno.statSync(path);
      if (!isFile && !isDirectory) return undefined;
      const realPath = Deno.realPathSync(path);
      if (realPath !== resolve(path)) checkReadable(path, realPath);
      return { kind: isFile ? "file" : "folder", size, realPath };
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) return undefined;
      throw error;
    }
  },
  list(path: string): readonly string[] {
    try {
      return Array.from(Deno.readDirSync(path), ({ name }) => name);
    } catch (error) {
      if (
        error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory
      ) return [];
      throw error;
    }
  },
  open: openFileSource,
};

/**
 * Checks that what a link leads to may be read: a permission for the link is
 * none for it.
 *
 * @throws {Deno.errors.NotCapable} With a HINT.
 */
function checkReadable(path: string, realPath: string): void {
  try {
    Deno.lstatSync(realPath);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new Deno.errors.NotCapable(
      withHint(
        `Cannot read ${quote(path)}: a symbolic link leads to ${
          quote(realPath)
        }, which may not be read`,
        "Name the folder that the link leads to, or allow reading it, too.",
      ),
      { cause },
    );
  }
}

/**
 * Opens a checkpoint folder: the four networks and the tokenizer. Reads
 * headers only. See `readAtiCheckpoint` for the supported folder layouts.
 *
 * @throws {CheckpointError} `missing-files` with every missing component and
 * where to get it; other codes if a component's file is invalid.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   openAtiCheckpoint,
 *   tinyCheckpoint,
 *   writeFileAtomic,
 * } from "@ati/ati";
 *
 * const folder = Deno.makeTempDirSync();
 * for (const [path, bytes] of Object.entries(await tinyCheckpoint({ folder, seed: 1 }))) {
 *   await writeFileAtomic(path, bytes);
 * }
 * const checkpoint = await openAtiCheckpoint(folder);
 * assert.ok(checkpoint.vae.files[0]?.endsWith("Wan2.1_VAE.pth"));
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export function openAtiCheckpoint(
  folder: string,
  options: CheckpointOptions = {},
): Promise<AtiCheckpoint> {
  return readAtiCheckpoint(diskFiles, { ...options, folder });
}

/**
 * Opens one network from its weights file or index file.
 *
 * @param options.config the transformer's config.json, path or content; else
 * the one next to the weights
 * @param options.convert whether the weights are to be converted: GGUF's blocks
 * are taken then
 * @throws {CheckpointError} What is wrong with it.
 */
export function openComponent<Kind extends ComponentKind>(
  kind: Kind,
  path: string,
  options: Pick<CheckpointOptions, "config"> & { convert?: boolean } = {},
): Promise<Component<Kind>> {
  return readComponent(diskFiles, { ...options, kind, path });
}
