/**
 * Small images for the gallery, `thumbnails/NN.REVISION.jpg`. The page makes
 * them, once for each content of an image: the server decodes none.
 *
 * @module
 */

import { UnsupportedImageError } from "./image_header.ts";
import { readImageHeader } from "./image_header.ts";
import type { ProjectFiles } from "./project_files.ts";
import { TooLargeError } from "./store_errors.ts";

/** The most bytes of a thumbnail. */
const MAX_BYTES = 128 * 1024;
/** The longest side of a thumbnail, px. */
export const MAX_SIDE = 512;

/** The thumbnails of a folder. */
export class Thumbnails {
  readonly #folder: ProjectFiles;

  /** The thumbnails in a folder. */
  constructor(folder: ProjectFiles) {
    this.#folder = folder;
  }

  /** Whether there is one, by its image and revision. */
  async finder(): Promise<(id: string, revision: string) => boolean> {
    const names = new Set(await this.#folder.names("thumbnails"));
    return (id, revision) => names.has(fileOf(id, revision));
  }

  /** A thumbnail; undefined when there is none. */
  async read(
    id: string,
    revision: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = fileOf(id, revision);
    return await this.#folder.exists("thumbnails", file)
      ? await this.#folder.read("thumbnails", file)
      : undefined;
  }

  /**
   * Keeps a thumbnail, in place of those of earlier revisions.
   *
   * @throws {UnsupportedImageError} When it is no JPEG.
   * @throws {TooLargeError} When it is not small.
   */
  async write(id: string, revision: string, bytes: Uint8Array): Promise<void> {
    const { type, width, height } = readImageHeader(bytes);
    if (type !== "jpg") {
      throw new UnsupportedImageError(
        `Cannot keep the thumbnail of image ${id}: it is a ${type}, expected a JPEG`,
      );
    }
    if (bytes.length > MAX_BYTES || Math.max(width, height) > MAX_SIDE) {
      throw new TooLargeError(
        `Cannot keep the thumbnail of image ${id}: it has ${bytes.length} bytes and ${width} x ${height} px, expected at most ${MAX_BYTES} and ${MAX_SIDE} px a side`,
      );
    }
    const name = fileOf(id, revision);
    await this.#folder.write("thumbnails", name, bytes);
    for (const old of await this.#names(id)) {
      if (old !== name) await this.#folder.remove("thumbnails", old);
    }
  }

  /** The files of an image's thumbnails, relative to the project folder. */
  async files(id: string): Promise<string[]> {
    return (await this.#names(id)).map((name) => `thumbnails/${name}`);
  }

  async #names(id: string): Promise<string[]> {
    const names = await this.#folder.names("thumbnails");
    return names.filter((name) => name.startsWith(`${id}.`));
  }
}

function fileOf(id: string, revision: string): string {
  return `${id}.${revision}.jpg`;
}
