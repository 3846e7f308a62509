/**
 * The images of a project folder: which there are, how large, and the ids
 * that new ones get.
 *
 * @module
 */

import {
  type ImageHeader,
  type ImageType,
  MAX_IMAGE_BYTES,
  readImageHeader,
} from "./image_header.ts";
import type { ProjectFiles } from "./project_files.ts";
import { PARTS } from "./project_parts.ts";
import { UnknownImageError } from "./store_errors.ts";

const IMAGE_FILE = /^(\d{2,6})\.(jpe?g|png|webp)$/i;

/** What is read of an image to find its header, in bytes, until it is there. */
const HEAD_BYTES = [4 * 1024, 64 * 1024, 256 * 1024];

/** The highest number of an image: six digits. */
const MAX_ID = 999_999;

/** An image's file. */
export interface Image {
  /** The image's number as in its file names, for example `03`. */
  readonly id: string;
  /** Its name in `images/`. */
  readonly file: string;
  /** What its first bytes say. */
  readonly header: ImageHeader;
  /** Changes when the image is replaced. */
  readonly revision: string;
}

/** The images of a folder. */
export class Images {
  readonly #folder: ProjectFiles;
  readonly #known = new Map<string, Image>();

  /** The images in a folder. */
  constructor(folder: ProjectFiles) {
    this.#folder = folder;
  }

  /** Every image, or those of one id, by rising id. */
  async all(id?: string): Promise<Image[]> {
    // A replacement that was cut short can leave two files of one id: the
    // newer one counts.
    const newest = new Map<string, Image>();
    const names = await this.#folder.names("images");
    const found = id === undefined
      ? names
      : names.filter((file) => file.startsWith(`${id}.`));
    for (const image of await Promise.all(found.map((f) => this.#look(f)))) {
      if (!image) continue;
      const other = newest.get(image.id);
      if (!other || parseInt(other.revision) < parseInt(image.revision)) {
        newest.set(image.id, image);
      }
    }
    return [...newest.values()].sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** The image of this id. @throws {UnknownImageError} When there is none. */
  async find(id: string): Promise<Image> {
    const [found] = await this.all(id);
    if (!found) throw new UnknownImageError(`No image ${id}`);
    return found;
  }

  /** Most headers are in the first bytes; some come after a large EXIF block. */
  async #readHeader(file: string, size: number): Promise<ImageHeader> {
    if (size > MAX_IMAGE_BYTES) throw new RangeError("too large");
    for (const length of HEAD_BYTES) {
      const head = await this.#folder.readHead("images", file, length);
      try {
        return readImageHeader(head);
      } catch (error) {
        if (size <= length) throw error;
      }
    }
    return readImageHeader(await this.#folder.read("images", file));
  }

  /** The bytes of an image and their media type. */
  async read(
    id: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    const { file, header } = await this.find(id);
    return {
      bytes: await this.#folder.read("images", file, {
        limit: MAX_IMAGE_BYTES,
      }),
      type: MEDIA_TYPES[header.type],
    };
  }

  /**
   * A number that no file, deleted ones included, has carried: one more than
   * the highest, or the lowest that is free after the highest possible.
   *
   * @throws {RangeError} When every number was used.
   */
  async nextId(): Promise<string> {
    const numbers = new Set<number>();
    const take = (names: readonly string[], pattern: RegExp) => {
      for (const name of names) {
        const number = pattern.exec(name)?.[1];
        if (number !== undefined) numbers.add(Number(number));
      }
    };
    for (const part of PARTS) {
      take(await this.#folder.names(part), /^(\d{1,6})\./);
    }
    take(await this.#folder.trashed(), /-(\d{1,6})(?:-[a-z]+)?$/);
    let next = 0;
    for (const number of numbers) next = Math.max(next, number + 1);
    if (next > MAX_ID) {
      for (next = 0; numbers.has(next);) next++;
    }
    if (next > MAX_ID) {
      throw new RangeError(
        `Cannot add the image: every number up to ${MAX_ID} was used`,
      );
    }
    return String(next).padStart(2, "0");
  }

  async #look(file: string): Promise<Image | undefined> {
    const id = IMAGE_FILE.exec(file)?.[1];
    if (id === undefined) return undefined;
    try {
      const info = this.#folder.statPlain("images", file) ??
        await this.#folder.stat("images", file);
      const revision = `${info.mtime?.getTime() ?? 0}-${info.size}`;
      const known = this.#known.get(file);
      if (known?.revision === revision) return known;
      const header = await this.#readHeader(file, info.size);
      const image = { id, file, header, revision };
      this.#known.set(file, image);
      return image;
    } catch {
      // Gone meanwhile, or not an image.
      return undefined;
    }
  }
}

const MEDIA_TYPES: Record<ImageType, string> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};
