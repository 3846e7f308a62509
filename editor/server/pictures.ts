/**
 * The pictures of a project folder: which there are, how large, and the ids
 * that new ones get.
 *
 * @module
 */

import { readFileBytes } from "../../core/files/files.ts";
import {
  MAX_PICTURE_BYTES,
  type PictureHeader,
  type PictureType,
  readPictureHeader,
} from "./picture_header.ts";
import { PARTS, type ProjectFolder } from "./project_folder.ts";
import { UnknownPictureError } from "./store_errors.ts";

const IMAGE_FILE = /^(\d{2,6})\.(jpe?g|png|webp)$/i;

/** A picture's file. */
export interface Picture {
  /** The picture's number as it stands in its file names, for example `03`. */
  readonly id: string;
  /** Its name in `images/`. */
  readonly file: string;
  /** What its first bytes say. */
  readonly header: PictureHeader;
  /** Changes when the picture is replaced. */
  readonly revision: string;
}

/** The pictures of a folder. */
export class Pictures {
  readonly #folder: ProjectFolder;
  readonly #known = new Map<string, Picture>();

  /** The pictures in a folder. */
  constructor(folder: ProjectFolder) {
    this.#folder = folder;
  }

  /** Every picture, or those of one id, by rising id. */
  async all(id?: string): Promise<Picture[]> {
    // A replacement that was cut short can leave two files of one id: the
    // newer one counts.
    const newest = new Map<string, Picture>();
    for (const file of await this.#folder.names("images")) {
      if (id !== undefined && !file.startsWith(`${id}.`)) continue;
      const picture = await this.#look(file);
      if (!picture) continue;
      const other = newest.get(picture.id);
      if (!other || parseInt(other.revision) < parseInt(picture.revision)) {
        newest.set(picture.id, picture);
      }
    }
    return [...newest.values()].sort((a, b) => Number(a.id) - Number(b.id));
  }

  /** The picture of this id. @throws {UnknownPictureError} When there is none. */
  async find(id: string): Promise<Picture> {
    const [found] = await this.all(id);
    if (!found) throw new UnknownPictureError(`There is no picture ${id}`);
    return found;
  }

  /** The bytes of a picture and their media type. */
  async read(
    id: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    const { file, header } = await this.find(id);
    return {
      bytes: await readFileBytes(this.#folder.path("images", file), {
        limit: MAX_PICTURE_BYTES,
      }),
      type: MEDIA_TYPES[header.type],
    };
  }

  /** One more than every number that any file, deleted ones too, has carried. */
  async nextId(): Promise<string> {
    const numbers = [-1];
    const take = (names: readonly string[], pattern: RegExp) => {
      for (const name of names) {
        const number = pattern.exec(name)?.[1];
        if (number !== undefined) numbers.push(Number(number));
      }
    };
    for (const part of PARTS) {
      take(await this.#folder.names(part), /^(\d{1,6})\./);
    }
    take(await this.#folder.trashed(), /-(\d{1,6})$/);
    return String(Math.max(...numbers) + 1).padStart(2, "0");
  }

  async #look(file: string): Promise<Picture | undefined> {
    const id = IMAGE_FILE.exec(file)?.[1];
    if (id === undefined) return undefined;
    const path = this.#folder.path("images", file);
    try {
      const info = await Deno.stat(path);
      const revision = `${info.mtime?.getTime() ?? 0}-${info.size}`;
      const known = this.#known.get(file);
      if (known?.revision === revision) return known;
      const bytes = await readFileBytes(path, { limit: MAX_PICTURE_BYTES });
      const header = readPictureHeader(bytes);
      const picture = { id, file, header, revision };
      this.#known.set(file, picture);
      return picture;
    } catch {
      // Gone meanwhile, or no picture at all: somebody else put it there.
      return undefined;
    }
  }
}

const MEDIA_TYPES: Record<PictureType, string> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};
