/**
 * The project folder as the routes see it: images, their documents, and
 * what is stored from them. Ids are made here and never used twice. A document
 * is only replaced by one who knows its present ETag, stored files that
 * another program has written only by one who knows their tag.
 *
 * @module
 */

import { type EditorDocument, emptyDocument } from "../model/document.ts";
import { rescaleDocument } from "../model/rescale_document.ts";
import { type StoredFiles, storedState } from "../model/stored_files.ts";
import { Documents } from "./documents.ts";
import { Gallery } from "./gallery.ts";
import { readImageHeader } from "./image_header.ts";
import { ImageNames } from "./image_names.ts";
import type { ImageSummary } from "./image_summary.ts";
import { type Image, Images } from "./images.ts";
import { addArchived, packProject } from "./project_archive.ts";
import { Presets } from "./presets.ts";
import type { ProjectFiles } from "./project_files.ts";
import { ConflictError, UnknownImageError } from "./store_errors.ts";
import { StoredTracks } from "./stored_tracks.ts";
import type { Takes } from "./takes.ts";
import { tagged, type TaggedDocument } from "./tagged_document.ts";
import { Thumbnails } from "./thumbnails.ts";
import { Versions, type VersionSummary } from "./versions.ts";

/** What the routes ask of the takes. */
export type TakeFiles = Pick<
  Takes,
  "list" | "star" | "delete" | "restore" | "readVideo" | "readDocument"
>;

/** The project of one editor. */
export class ProjectStore {
  /** The videos that were made. */
  readonly takes: TakeFiles;
  /** The motions that are kept under a name. */
  readonly presets: Presets;
  readonly #folder: ProjectFiles;
  readonly #images: Images;
  readonly #documents: Documents;
  readonly #stored: StoredTracks;
  readonly #versions: Versions;
  readonly #gallery: Gallery;
  readonly #names: ImageNames;
  readonly #thumbnails: Thumbnails;

  /** The project that has these files and takes. */
  constructor(folder: ProjectFiles, takes: TakeFiles) {
    this.#folder = folder;
    this.takes = takes;
    this.presets = new Presets(folder);
    this.#images = new Images(folder);
    this.#documents = new Documents(folder, this.#images);
    this.#stored = new StoredTracks(folder, this.#images, this.#documents);
    this.#versions = new Versions(folder);
    this.#names = new ImageNames(folder);
    this.#thumbnails = new Thumbnails(folder);
    this.#gallery = new Gallery((image) => this.#summary(image));
  }

  /** What a person reads of where it is. */
  get dir(): string {
    return this.#folder.dir;
  }

  /** Every image, by rising id. */
  async list(): Promise<ImageSummary[]> {
    const list = await this.#gallery.list(await this.#images.all());
    const hasThumbnail = await this.#thumbnails.finder();
    const names = await this.#names.read();
    return list.map((summary) => {
      const name = names.get(summary.id);
      return {
        ...summary,
        ...name !== undefined && { name },
        thumbnail: hasThumbnail(summary.id, summary.revision),
      };
    });
  }

  /** Gives an image another name, see {@linkcode ImageNames}. */
  renameImage(id: string, name: string): Promise<void> {
    return this.#folder.exclusive(async () => {
      await this.#images.find(id);
      await this.#names.write(id, name);
    });
  }

  /** The small image of a revision; undefined when there is none. */
  async readThumbnail(
    id: string,
    revision: string,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const image = await this.#images.find(id);
    return image.revision === revision
      ? await this.#thumbnails.read(id, revision)
      : undefined;
  }

  /**
   * Keeps a small image that the page has made, see {@linkcode Thumbnails}.
   *
   * @throws {UnknownImageError} When the image has another revision by now.
   */
  async writeThumbnail(
    id: string,
    revision: string,
    bytes: Uint8Array,
  ): Promise<void> {
    const image = await this.#images.find(id);
    if (image.revision !== revision) {
      throw new UnknownImageError(
        `Cannot keep the thumbnail of image ${id}: the image was replaced`,
      );
    }
    await this.#thumbnails.write(id, revision, bytes);
  }

  /**
   * Takes a new image under a new id.
   *
   * @throws {UnsupportedImageError | RangeError} As `readImageHeader`.
   */
  addImage(
    bytes: Uint8Array,
    options: { readonly name?: string } = {},
  ): Promise<ImageSummary> {
    const header = readImageHeader(bytes);
    return this.#folder.exclusive(async () => {
      const id = await this.#images.nextId();
      await this.#folder.write("images", `${id}.${header.type}`, bytes);
      await this.#documents.save(id, emptyDocument(header));
      if (options.name) await this.#names.write(id, options.name.slice(-200));
      return await this.#summary(await this.#images.find(id));
    });
  }

  /** The project as one file, see {@linkcode packProject}. */
  pack(): Promise<Blob> {
    return this.#folder.exclusive(() => packProject(this.#folder));
  }

  /**
   * Adds the images of such a file with all that belongs to them, and its
   * presets; answers with the images' numbers, which are those of the file
   * where the project is new.
   *
   * @throws {Error} As `readProjectArchive`; then nothing is added.
   */
  async addProject(bytes: Uint8Array<ArrayBuffer>): Promise<string[]> {
    const archived = await this.#folder.formats.readArchive(bytes);
    return await this.#folder.exclusive(async () => {
      await this.presets.add(archived.presets);
      const isNew = await this.#images.nextId() === "00";
      return await addArchived(this.#folder, archived, {
        numberOf: async ({ id }) => isNew ? id : await this.#images.nextId(),
        setName: (id, name) => this.#names.write(id, name),
      });
    });
  }

  /**
   * Replaces an existing image. The points of the document and of the tracks
   * stored from it are scaled to the new size; the old files move to the trash.
   */
  replaceImage(id: string, bytes: Uint8Array): Promise<ImageSummary> {
    const header = readImageHeader(bytes);
    return this.#change(id, async () => {
      const old = await this.#images.find(id);
      const current = await this.#documents.read(id);
      const { document } = current;
      // What can fail comes before anything is replaced.
      const writeScaled = await this.#documents.isSaved(id)
        ? await this.#stored.rescale(id, current, header)
        : undefined;
      await this.#versions.keep(id, document);
      const isSame = header.width === old.header.width &&
        header.height === old.header.height;
      await this.#folder.toTrash(`${id}-replaced`, [
        `images/${old.file}`,
        ...isSame ? [] : [`tracks/${id}.pth`, `tracks/${id}.objects.json`],
      ], "copy");
      const file = `${id}.${header.type}`;
      await this.#folder.write("images", file, bytes);
      if (file !== old.file) await this.#folder.remove("images", old.file);
      await writeScaled?.();
      await this.#documents.save(id, rescaleDocument(document, header));
      return await this.#summary(await this.#images.find(id));
    });
  }

  /** The bytes of an image and their media type. */
  readImage(
    id: string,
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string }> {
    return this.#images.read(id);
  }

  /** A finished video; undefined when there is none. */
  readVideo(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#folder.readOutput(file);
  }

  /**
   * The editable document of an image, see {@linkcode Documents.read}, and when
   * it was saved, in ms since 1970.
   */
  async readDocument(
    id: string,
  ): Promise<TaggedDocument & { readonly at: number }> {
    const at = await this.#documents.savedAt(id);
    return { ...await this.#documents.read(id), at };
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
    return this.#change(id, async () => {
      const current = await this.#documents.read(id);
      const next = await tagged(document);
      // The same content again (a repeated request) is no conflict.
      if (current.etag !== next.etag) {
        if (current.etag !== options.etag) throw new ConflictError(current);
        checkSize(document, await this.#images.find(id));
        await this.#stored.adopt(id, current);
        await this.#keepCurrent(id, current, document);
      }
      await this.#documents.save(id, document);
      return next;
    });
  }

  /** How an image's stored files relate to its document. */
  async compareStored(id: string): Promise<StoredFiles> {
    const files = await this.#stored.compare(
      id,
      await this.#documents.read(id),
    );
    return files.foreign.length === 0
      ? files
      : { ...files, there: await this.#stored.describe(id) };
  }

  /**
   * "Store Tracks": writes `tracks/NN.pth`, `images_tracks/NN.png` (when the
   * page sends one) and the entry of `test.yaml`; every other entry stays.
   *
   * @throws {ConflictError} When the document's present tag is not `etag`.
   * @throws {NothingToStoreError | ReplacedError | JobFileError} See
   * {@linkcode StoredTracks.store}.
   */
  storeTracks(
    id: string,
    options: { etag: string; overlay?: Uint8Array; over?: string },
  ): Promise<{ jobsFile: string; tracks: number; stored: StoredFiles }> {
    return this.#change(id, async () => {
      const current = await this.#readUnchanged(id, options.etag);
      await this.#stored.adopt(id, current);
      await this.#documents.save(id, current.document);
      const tracks = await this.#stored.store(id, current, options);
      await this.#versions.keep(id, current.document);
      const stored = await this.#stored.compare(id, current);
      return { jobsFile: this.#folder.jobsPath, tracks, stored };
    });
  }

  /** What the stored files show, as a document, and when they were written. */
  async readStored(
    id: string,
  ): Promise<{ document: EditorDocument; at: number }> {
    return await this.#stored.show(id, await this.#documents.read(id));
  }

  /**
   * Takes what another program has stored into the document.
   *
   * @throws {ConflictError} When the document's present tag is not `etag`.
   * @throws {DamagedFileError} When the stored tracks cannot be read.
   */
  takeStored(id: string, options: { etag: string }): Promise<TaggedDocument> {
    return this.#change(id, async () => {
      const current = await this.#readUnchanged(id, options.etag);
      await this.#versions.keep(id, current.document);
      return await this.#stored.take(id, current);
    });
  }

  /** Moves an image and all that belongs to it to the trash. */
  deleteImage(id: string): Promise<void> {
    return this.#change(id, async () => {
      const { file } = await this.#images.find(id);
      await this.#folder.toTrash(id, [
        `images/${file}`,
        `editor/${id}.json`,
        `editor/${id}.stored.json`,
        `tracks/${id}.pth`,
        `tracks/${id}.objects.json`,
        `images_tracks/${id}.png`,
        ...await this.#versions.files(id),
        ...await this.#thumbnails.files(id),
      ]);
    });
  }

  /** Brings the image deleted last under this id back. */
  restoreImage(id: string): Promise<ImageSummary> {
    return this.#change(id, async () => {
      const trashed = await this.#folder.trashed();
      const newest = trashed.findLast((name) => name.endsWith(`-${id}`));
      const there = await this.#images.all(id);
      if (newest === undefined || there.length > 0) {
        throw new UnknownImageError(
          `Cannot restore image ${id}: it was not deleted`,
        );
      }
      await this.#folder.restore(newest);
      return await this.#summary(await this.#images.find(id));
    });
  }

  /** The earlier versions of an image's document, the newest first. */
  async listVersions(id: string): Promise<VersionSummary[]> {
    await this.#images.find(id);
    return await this.#versions.list(id);
  }

  /**
   * An earlier version, in the size of the image.
   *
   * @throws {UnknownImageError} When there is none of this time.
   */
  async readVersion(id: string, time: number): Promise<EditorDocument> {
    const { header } = await this.#images.find(id);
    return rescaleDocument(await this.#versions.read(id, time), header);
  }

  /** The drawing that a take was made from, in the size of the image. */
  async readTakeDocument(id: string, number: number): Promise<EditorDocument> {
    const { header } = await this.#images.find(id);
    const document = await this.takes.readDocument(id, number);
    return rescaleDocument(document, header);
  }

  /** Keeps what a document is replaced with, where it would be missed. */
  async #keepCurrent(
    id: string,
    current: TaggedDocument,
    next: EditorDocument,
  ): Promise<void> {
    const { document } = current;
    const time = await this.#documents.savedAt(id);
    if (document.tracks.length > 0 && next.tracks.length === 0) {
      const path = `editor/${id}.json`;
      await this.#folder.toTrash(`${id}-emptied`, [path], "copy");
      await this.#versions.keep(id, document, { time });
    } else {
      await this.#versions.keep(id, document, { time, sparsely: true });
    }
  }

  /** Changes what belongs to an image, one after the other. */
  async #change<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.#folder.exclusive(work);
    } finally {
      this.#gallery.forget(id);
    }
  }

  async #readUnchanged(id: string, etag: string): Promise<TaggedDocument> {
    const current = await this.#documents.read(id);
    if (current.etag !== etag) throw new ConflictError(current);
    return current;
  }

  async #summary(image: Image): Promise<ImageSummary> {
    const { id, file, revision, header: { width, height } } = image;
    const summary = { id, file, width, height, revision };
    try {
      const current = await this.#documents.read(id);
      const files = await this.#stored.compare(id, current);
      return {
        ...summary,
        stored: storedState(files, current.etag),
        prompt: current.document.prompt.slice(0, 200),
        tracks: current.document.tracks.length,
      };
    } catch (error) {
      // One damaged file must not close the whole gallery.
      const fault = error instanceof Error ? error.message : String(error);
      return { ...summary, stored: "never", prompt: "", tracks: 0, fault };
    }
  }
}

function checkSize(document: EditorDocument, { header }: Image): void {
  if (document.width !== header.width || document.height !== header.height) {
    throw new TypeError(
      `Cannot read the document: width and height are ${document.width} x ${document.height}, the image has ${header.width} x ${header.height}`,
    );
  }
}
