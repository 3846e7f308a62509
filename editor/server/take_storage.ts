/**
 * The files below the folder of the generator: real paths are compared before
 * each is used. Paths are relative to the project folder.
 *
 * @module
 */

import { dirname } from "node:path";
import {
  fileExists,
  readFileBytes,
  writeFileAtomic,
} from "../../core/files/files.ts";
import type { ProjectFolder } from "./project_folder.ts";

/** The files of the generator in a project folder. */
export class TakeStorage {
  readonly #folder: ProjectFolder;

  /** The files in a folder. */
  constructor(folder: ProjectFolder) {
    this.#folder = folder;
  }

  /** Where a file is. @throws {OutsideFolderError} When it is elsewhere. */
  inside(path: string): Promise<string> {
    return this.#folder.checkInside(path);
  }

  /** The bytes of a file; undefined when there is none. */
  async bytes(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const inside = await this.inside(path);
    return await fileExists(inside) ? await readFileBytes(inside) : undefined;
  }

  /** The text of a file; undefined when there is none. */
  async text(path: string): Promise<string | undefined> {
    const bytes = await this.bytes(path);
    return bytes && new TextDecoder().decode(bytes);
  }

  /** Writes a file whole, over what was there. */
  async save(path: string, content: Uint8Array | string): Promise<void> {
    await writeFileAtomic(await this.inside(path), content, {
      overwrite: true,
    });
  }

  /** Moves a file, where there is one. */
  async move(from: string, to: string): Promise<void> {
    if (await fileExists(await this.inside(from))) await this.rename(from, to);
  }

  /** Moves a file or a folder. */
  async rename(from: string, to: string): Promise<void> {
    const target = await this.inside(to);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.rename(await this.inside(from), target);
  }

  /** Folders that are named by a number, in its order. */
  async numbers(path: string): Promise<number[]> {
    const numbers: number[] = [];
    try {
      for await (const { name } of Deno.readDir(await this.inside(path))) {
        if (/^\d{4,}$/.test(name)) numbers.push(Number(name));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return numbers.sort((a, b) => a - b);
  }
}
