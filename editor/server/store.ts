/**
 * The project folder: pictures, their editable documents, and what
 * `tools/generate.ts` reads.
 *
 * ```
 * <dir>/images/NN.jpg       the pictures, as they were given
 * <dir>/editor/NN.json      the editable documents (autosaved)
 * <dir>/tracks/NN.pth       the tracks, written by "Store Tracks"
 * <dir>/images_tracks/NN.png  the pictures with their tracks
 * <dir>/test.yaml           the job list
 * <dir>/.trash/             what was deleted or replaced
 * ```
 *
 * Every write is temp + fsync + rename. Ids are made here and never used
 * twice. A document is only replaced by one who knows its present ETag.
 *
 * @module
 */

import { join } from "node:path";
import {
  fileExists,
  readFileBytes,
  readFileText,
  writeFileWhole,
} from "../../core/files.ts";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import { writeTracks } from "../../core/tracks/write_tracks.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import { upsertJob } from "../../core/jobs/edit_jobs.ts";
import { parseJobs } from "../../core/jobs/parse_jobs.ts";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
} from "../model/document.ts";
import { parseDocument } from "../model/parse_document.ts";
import { renderDocument } from "../model/render_document.ts";
import { rescaleDocument } from "../model/rescale_document.ts";
import {
  MAX_PICTURE_BYTES,
  type PictureHeader,
  type PictureType,
  readPictureHeader,
} from "./picture_header.ts";

/** What the gallery shows of one picture. */
export interface PictureSummary {
  /** The picture's number as it stands in its file names, for example `03`. */
  readonly id: string;
  /** File name in `images/`. */
  readonly file: string;
  /** Width in px, as it is seen. */
  readonly width: number;
  /** Height in px, as it is seen. */
  readonly height: number;
  /** Changes when the picture is replaced; part of its URL. */
  readonly revision: string;
  /** Whether tracks are stored for it. */
  readonly stored: boolean;
  /** The prompt, shortened. */
  readonly prompt: string;
  /** Tracks in the document. */
  readonly tracks: number;
}

/** A document and the tag that names this very content. */
export interface TaggedDocument {
  /** The content. */
  readonly document: EditorDocument;
  /** A strong HTTP entity tag, quotes included. */
  readonly etag: string;
}

/** Somebody else has changed the document since it was read. */
export class ConflictError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "ConflictError";
  /** What is there now. */
  readonly current: TaggedDocument;

  /** A conflict with the present content. */
  constructor(current: TaggedDocument) {
    super(
      "Cannot save: the picture was changed in another window since it was opened",
    );
    this.current = current;
  }
}

/** There is nothing that could be stored. */
export class NothingToStoreError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "NothingToStoreError";
}

/** There is no picture with this id. */
export class UnknownPictureError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "UnknownPictureError";
}

const IMAGE_FILE = /^(\d{2,6})\.(jpe?g|png|webp)$/i;
const JOBS_FILE = "test.yaml";

interface Picture {
  readonly id: string;
  readonly file: string;
  readonly header: PictureHeader;
  readonly revision: string;
}

/** The project folder of one editor. Use {@linkcode ProjectStore.open}. */
export class ProjectStore {
  /** The folder. */
  readonly dir: string;
  readonly #headers = new Map<string, Picture>();
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Opens a project folder, making it where needed. */
  static async open(dir: string): Promise<ProjectStore> {
    for (const folder of ["images", "editor", "tracks", "images_tracks"]) {
      await Deno.mkdir(join(dir, folder), { recursive: true });
      await removeLeftovers(join(dir, folder));
    }
    await removeLeftovers(dir);
    return new ProjectStore(dir);
  }

  /** Every picture, by rising id. */
  async list(): Promise<PictureSummary[]> {
    const jobs = await this.#jobsText();
    const summaries: PictureSummary[] = [];
    for (const picture of await this.#pictures()) {
      const { document } = await this.readDocument(picture.id, jobs);
      summaries.push({
        id: picture.id,
        file: picture.file,
        width: picture.header.width,
        height: picture.header.height,
        revision: picture.revision,
        stored: await fileExists(this.#path("tracks", `${picture.id}.pth`)),
        prompt: document.prompt.slice(0, 200),
        tracks: document.tracks.length,
      });
    }
    return summaries;
  }

  /**
   * Takes a new picture under a new id.
   *
   * @throws {UnsupportedPictureError | RangeError} As `readPictureHeader`.
   */
  addPicture(bytes: Uint8Array): Promise<PictureSummary> {
    const header = readPictureHeader(bytes);
    return this.#exclusive(async () => {
      const id = await this.#nextId();
      await writeFileWhole(this.#path("images", `${id}.${header.type}`), bytes);
      await this.#saveDocument(id, emptyDocument(header));
      return this.#summary(id);
    });
  }

  /**
   * Puts another picture in an existing one's place. The document's points
   * are rescaled to the new size; the old file moves to the trash.
   */
  replacePicture(id: string, bytes: Uint8Array): Promise<PictureSummary> {
    const header = readPictureHeader(bytes);
    return this.#exclusive(async () => {
      const old = await this.#picture(id);
      const { document } = await this.readDocument(id);
      const trash = join(this.dir, ".trash", `${Date.now()}-${id}-replaced`);
      await Deno.mkdir(trash, { recursive: true });
      await Deno.copyFile(
        this.#path("images", old.file),
        join(trash, old.file),
      );
      const file = `${id}.${header.type}`;
      await writeFileWhole(this.#path("images", file), bytes, {
        overwrite: true,
      });
      if (file !== old.file) await Deno.remove(this.#path("images", old.file));
      await this.#saveDocument(id, rescaleDocument(document, header));
      return this.#summary(id);
    });
  }

  /** The bytes of a picture and their media type. */
  async readPicture(
    id: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    const { file, header } = await this.#picture(id);
    return {
      bytes: await readFileBytes(this.#path("images", file), {
        limit: MAX_PICTURE_BYTES,
      }),
      type: MEDIA_TYPES[header.type],
    };
  }

  /**
   * The editable document of a picture: the autosaved one; else the stored
   * `.pth` as free tracks, with the prompt of the job list; else an empty one.
   */
  async readDocument(id: string, jobs?: string): Promise<TaggedDocument> {
    const { header } = await this.#picture(id);
    const path = this.#path("editor", `${id}.json`);
    if (await fileExists(path)) {
      return tagged(parseDocument(JSON.parse(await readFileText(path))));
    }
    const prompt = parseJobs(jobs ?? await this.#jobsText()).jobs
      .find((job) => job.track === `tracks/${id}.pth`)?.text ?? "";
    const empty = { ...emptyDocument(header), prompt };
    const tracksPath = this.#path("tracks", `${id}.pth`);
    if (!await fileExists(tracksPath)) return tagged(empty);
    const { tracks } = await readTracks(await readFileBytes(tracksPath), {
      name: tracksPath,
    });
    return tagged({ ...empty, tracks: freeTracks(tracks) });
  }

  /**
   * Autosave: replaces a document whose present tag is `etag`.
   *
   * @throws {ConflictError} When the present tag is another.
   */
  writeDocument(
    id: string,
    document: EditorDocument,
    options: { etag: string },
  ): Promise<TaggedDocument> {
    return this.#exclusive(async () => {
      const current = await this.readDocument(id);
      const next = await tagged(document);
      // The same content again (a repeated request) is no conflict.
      if (current.etag === next.etag) {
        await this.#saveDocument(id, document);
        return next;
      }
      if (current.etag !== options.etag) throw new ConflictError(current);
      const { header } = await this.#picture(id);
      if (
        document.width !== header.width || document.height !== header.height
      ) {
        throw new TypeError(
          `Cannot take the document: width and height are ${document.width} x ${document.height}, the picture has ${header.width} x ${header.height}`,
        );
      }
      await this.#saveDocument(id, document);
      return next;
    });
  }

  /**
   * "Store Tracks": writes `tracks/NN.pth`, `images_tracks/NN.png` (when the
   * page sends one) and the entry of `test.yaml`; every other entry stays.
   *
   * @throws {ConflictError} When the document's present tag is not `etag`.
   * @throws {NothingToStoreError} When every track is hidden, or there is none.
   */
  storeTracks(
    id: string,
    options: { etag: string; overlay?: Uint8Array },
  ): Promise<{ jobsFile: string; tracks: number }> {
    return this.#exclusive(async () => {
      const current = await this.readDocument(id);
      if (current.etag !== options.etag) throw new ConflictError(current);
      const { file } = await this.#picture(id);
      const tracks = renderDocument(current.document);
      if (tracks.count === 0) {
        throw new NothingToStoreError(
          "Cannot store the tracks: there are none, expected at least one that is not hidden",
        );
      }
      const pth = await writeTracks(tracks, "pth");
      const whole = { overwrite: true };
      await this.#saveDocument(id, current.document);
      await writeFileWhole(this.#path("tracks", `${id}.pth`), pth, whole);
      if (options.overlay) {
        await writeFileWhole(
          this.#path("images_tracks", `${id}.png`),
          options.overlay,
          whole,
        );
      }
      const { prompt, negative } = current.document;
      await writeFileWhole(
        join(this.dir, JOBS_FILE),
        upsertJob(await this.#jobsText(), {
          image: `images/${file}`,
          text: prompt.trim(),
          track: `tracks/${id}.pth`,
          ...(negative.trim() ? { negative: negative.trim() } : {}),
        }),
        whole,
      );
      return { jobsFile: join(this.dir, JOBS_FILE), tracks: tracks.count };
    });
  }

  /** Moves a picture and all that belongs to it to the trash. */
  deletePicture(id: string): Promise<void> {
    return this.#exclusive(async () => {
      const { file } = await this.#picture(id);
      await this.#toTrash(id, [
        join("images", file),
        join("editor", `${id}.json`),
        join("tracks", `${id}.pth`),
        join("images_tracks", `${id}.png`),
      ]);
    });
  }

  /** Brings the picture deleted last under this id back. */
  restorePicture(id: string): Promise<PictureSummary> {
    return this.#exclusive(async () => {
      const trash = join(this.dir, ".trash");
      const names: string[] = [];
      for (const entry of await readFolder(trash)) {
        if (entry.endsWith(`-${id}`)) names.push(entry);
      }
      const newest = names.sort().at(-1);
      if (newest === undefined || await this.#has(id)) {
        throw new UnknownPictureError(
          `Cannot restore picture ${id}: it was not deleted`,
        );
      }
      for (const folder of await readFolder(join(trash, newest))) {
        for (const file of await readFolder(join(trash, newest, folder))) {
          await Deno.rename(
            join(trash, newest, folder, file),
            join(this.dir, folder, file),
          );
        }
      }
      await Deno.remove(join(trash, newest), { recursive: true });
      return this.#summary(id);
    });
  }

  async #pictures(): Promise<Picture[]> {
    const pictures: Picture[] = [];
    for (const file of await readFolder(join(this.dir, "images"))) {
      const id = IMAGE_FILE.exec(file)?.[1];
      if (id === undefined) continue;
      const path = this.#path("images", file);
      const info = await Deno.stat(path);
      const revision = `${info.mtime?.getTime() ?? 0}-${info.size}`;
      const known = this.#headers.get(file);
      if (known?.revision === revision) {
        pictures.push(known);
        continue;
      }
      try {
        const header = readPictureHeader(await readFileBytes(path));
        const picture = { id, file, header, revision };
        this.#headers.set(file, picture);
        pictures.push(picture);
      } catch {
        // A file that somebody else put there and that is no picture: not ours.
      }
    }
    // A replacement that was cut short can leave two files of one id: the
    // newer one counts.
    const newest = new Map<string, Picture>();
    for (const picture of pictures) {
      const other = newest.get(picture.id);
      if (!other || parseInt(other.revision) < parseInt(picture.revision)) {
        newest.set(picture.id, picture);
      }
    }
    return [...newest.values()].sort((a, b) => Number(a.id) - Number(b.id));
  }

  async #picture(id: string): Promise<Picture> {
    const found = (await this.#pictures()).find((p) => p.id === id);
    if (!found) throw new UnknownPictureError(`There is no picture ${id}`);
    return found;
  }

  async #has(id: string): Promise<boolean> {
    return (await this.#pictures()).some((p) => p.id === id);
  }

  async #summary(id: string): Promise<PictureSummary> {
    return (await this.list()).find((p) => p.id === id)!;
  }

  /** One more than every number that any file, deleted ones too, has carried. */
  async #nextId(): Promise<string> {
    let next = 0;
    for (const folder of ["images", "editor", "tracks", "images_tracks"]) {
      for (const file of await readFolder(join(this.dir, folder))) {
        const number = /^(\d{1,6})\./.exec(file)?.[1];
        if (number !== undefined) next = Math.max(next, Number(number) + 1);
      }
    }
    for (const entry of await readFolder(join(this.dir, ".trash"))) {
      const number = /-(\d{1,6})$/.exec(entry)?.[1];
      if (number !== undefined) next = Math.max(next, Number(number) + 1);
    }
    return String(next).padStart(2, "0");
  }

  async #toTrash(id: string, files: readonly string[]): Promise<void> {
    const trash = join(this.dir, ".trash", `${Date.now()}-${id}`);
    for (const file of files) {
      if (!await fileExists(join(this.dir, file))) continue;
      await Deno.mkdir(join(trash, file, ".."), { recursive: true });
      await Deno.rename(join(this.dir, file), join(trash, file));
    }
  }

  async #saveDocument(id: string, document: EditorDocument): Promise<void> {
    await writeFileWhole(
      this.#path("editor", `${id}.json`),
      JSON.stringify(document),
      { overwrite: true },
    );
  }

  async #jobsText(): Promise<string> {
    const path = join(this.dir, JOBS_FILE);
    return await fileExists(path) ? await readFileText(path) : "";
  }

  #path(folder: string, file: string): string {
    return join(this.dir, folder, file);
  }

  /** Writers wait for one another, in the order in which they came. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work, work);
    this.#queue = result.catch(() => {});
    return result;
  }
}

const MEDIA_TYPES: Record<PictureType, string> = {
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};

/** What a killed server had begun to write: `core/files.ts` names it so. */
const LEFTOVER = /^\..+\.[0-9a-f]{8}\.part$/;

/** A younger one may belong to another process that is writing right now. */
const LEFTOVER_AGE = 60_000;

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readFolder(folder)) {
    if (!LEFTOVER.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.stat(path);
    if (Date.now() - (mtime?.getTime() ?? Date.now()) > LEFTOVER_AGE) {
      await Deno.remove(path);
    }
  }
}

async function readFolder(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(path)) names.push(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

async function tagged(document: EditorDocument): Promise<TaggedDocument> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(JSON.stringify(document)),
  );
  return {
    document,
    etag: `"${new Uint8Array(digest).toHex().slice(0, 32)}"`,
  };
}

function freeTracks(tracks: TrackSet): EditorDocument["tracks"] {
  return Array.from(tracks, (points, index) => ({
    id: `t${index}`,
    name: `Track ${index + 1}`,
    colour: index,
    locked: false,
    hidden: false,
    shape: {
      kind: "free" as const,
      samples: points.flatMap((p) => [p.x, p.y, p.visible ? 1 : 0]),
    },
    timing: FULL_TIMING,
    visible: ALWAYS_VISIBLE,
  }));
}
