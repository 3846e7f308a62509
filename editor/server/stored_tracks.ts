/**
 * Store Tracks: `tracks/NN.pth`, `images_tracks/NN.png` and the entry of
 * `test.yaml`, which `tools/generate.ts` reads.
 *
 * What was stored is remembered: from which document it was made, and a digest
 * of the track file. So a page knows after a reload whether the files are what
 * is drawn, and what another program has written is never lost.
 *
 * @module
 */

import type { ImageSize } from "../../core/tracks/coordinates.ts";
import type { EditorDocument } from "../model/document.ts";
import { segmentsOf } from "../model/document_length.ts";
import { parseDocument } from "../model/parse_document.ts";
import { jobTexts } from "../model/segment_prompts.ts";
import type { ForeignContent, StoredFiles } from "../model/stored_files.ts";
import type { Documents } from "./documents.ts";
import { findPrompt } from "./job_prompt.ts";
import { judgeStored, samePrompt, type StoredFacts } from "./judge_stored.ts";
import type { Images } from "./images.ts";
import type { ProjectFiles } from "./project_files.ts";
import { JOBS_FILE } from "./project_parts.ts";
import { NothingToStoreError, ReplacedError } from "./store_errors.ts";
import {
  readRecord,
  type StoredContent,
  type StoredRecord,
  writeRecord,
} from "./stored_record.ts";
import { digest, tagged, type TaggedDocument } from "./tagged_document.ts";

/** The stored files of a folder. */
export class StoredTracks {
  readonly #folder: ProjectFiles;
  readonly #images: Images;
  readonly #documents: Documents;
  readonly #digests = new Map<string, { revision: string; digest: string }>();

  /** The stored files in a folder. */
  constructor(
    folder: ProjectFiles,
    images: Images,
    documents: Documents,
  ) {
    this.#folder = folder;
    this.#images = images;
    this.#documents = documents;
  }

  /** How the stored files of an image relate to its document. */
  async compare(
    id: string,
    current: TaggedDocument,
    options: { jobs?: string } = {},
  ): Promise<StoredFiles> {
    return await judge(id, await this.#find(id, current, options));
  }

  /** What foreign files hold. */
  async describe(id: string): Promise<ForeignContent> {
    const { prompt: first = "", nextPrompts } = await this.#documents
      .readStoredPrompt(id);
    const { text, nextTexts } = jobTexts({ prompt: first, nextPrompts });
    const prompt = [text, ...nextTexts].join(" / ");
    try {
      const { tracks } = await this.#documents.readStoredTracks(id);
      return { tracks: tracks?.length ?? 0, prompt };
    } catch (error) {
      return { fault: error instanceof Error ? error.message : "", prompt };
    }
  }

  /**
   * Writes the files from a document. `over` is the tag of foreign files that
   * may be replaced; they move to the trash.
   *
   * @throws {NothingToStoreError} When every track is hidden, or there is none.
   * @throws {ReplacedError} When there are foreign files with another tag.
   * @throws {JobFileError} When the job file cannot be kept; nothing is written.
   */
  async store(
    id: string,
    current: TaggedDocument,
    options: { overlay?: Uint8Array; over?: string },
  ): Promise<number> {
    const { overlay, over } = options;
    const { formats, jobsPath } = this.#folder;
    const { count, pth, objects } = await formats.render(current.document);
    if (count === 0) {
      throw new NothingToStoreError(
        "Cannot store the tracks: there are none, expected at least one that is not hidden",
      );
    }
    const found = await this.#find(id, current, { again: true });
    const files = await judge(id, found);
    if (files.foreign.length > 0 && files.tag !== over) {
      throw new ReplacedError({ ...files, there: await this.describe(id) });
    }
    const { image, text, nextTexts = [], negative } = found.wanted;
    const jobs = await formats.upsertJob(await this.#folder.readJobs(), {
      image,
      ...{ text, nextTexts },
      track: `tracks/${id}.pth`,
      // An entry says nothing of it, unless it did before.
      ...(negative || found.entry?.negative ? { negative } : {}),
    }, jobsPath);

    await this.#folder.toTrash(`${id}-stored`, files.foreign, "copy");
    const record: StoredRecord = {
      version: 1,
      document: current.etag,
      overlay: overlay !== undefined,
      stored: { tracks: await digest(pth), ...{ text, nextTexts, negative } },
      image: sizeOf(current.document),
      before: null,
    };
    // Remembered first: if the rest is cut short, either content is known.
    await writeRecord(this.#folder, id, {
      ...record,
      before: contentOf(found),
    });
    await this.#folder.write("tracks", `${id}.pth`, pth);
    await this.#writeObjects(id, objects);
    if (overlay) {
      await this.#folder.write("images_tracks", `${id}.png`, overlay);
    }
    await this.#folder.writeJobs(jobs);
    await writeRecord(this.#folder, id, record);
    return count;
  }

  async #readObjects(id: string): Promise<string | undefined> {
    const file = `${id}.objects.json`;
    if (!await this.#folder.exists("tracks", file)) return undefined;
    return new TextDecoder().decode(await this.#folder.read("tracks", file));
  }

  /** Objects are next to the tracks, in a file that only this program reads. */
  async #writeObjects(id: string, text: string | undefined): Promise<void> {
    const file = `${id}.objects.json`;
    if (text !== undefined) await this.#folder.write("tracks", file, text);
    else if (await this.#folder.exists("tracks", file)) {
      await this.#folder.remove("tracks", file);
    }
  }

  /**
   * Takes what foreign files hold into the document and saves it: their tracks
   * as free tracks, their prompts.
   *
   * @throws {DamagedFileError} When the track file is none.
   */
  async take(id: string, current: TaggedDocument): Promise<TaggedDocument> {
    const found = await this.#find(id, current, { again: true });
    const { foreign, document } = await judge(id, found);
    if (foreign.length === 0) return current;
    const hasTracks = foreign.includes(trackFile(id));
    const next = await tagged(await this.#merge(id, current, foreign));
    await this.#documents.save(id, next.document);
    const stored = contentOf(found);
    const isWhole = (hasTracks || document === current.etag) &&
      samePrompt(stored, promptOf(next.document, found));
    await writeRecord(this.#folder, id, {
      version: 1,
      document: isWhole ? next.etag : "",
      overlay: false,
      stored,
      image: sizeOf(next.document),
      before: null,
    });
    return next;
  }

  /**
   * What taking the foreign files would make of a document, and when the track
   * file was written, in ms since 1970.
   *
   * @throws {DamagedFileError} When the track file is none.
   */
  async show(
    id: string,
    current: TaggedDocument,
  ): Promise<{ document: EditorDocument; at: number }> {
    const { foreign } = await this.compare(id, current);
    const document = await this.#merge(id, current, foreign);
    const file = `${id}.pth`;
    const mtime = await this.#folder.exists("tracks", file)
      ? (await this.#folder.stat("tracks", file)).mtime
      : undefined;
    return { document, at: mtime?.getTime() ?? Date.now() };
  }

  /** A document with what foreign files hold. */
  async #merge(
    id: string,
    { document }: TaggedDocument,
    foreign: readonly string[],
  ): Promise<EditorDocument> {
    const hasTracks = foreign.includes(trackFile(id));
    const { frames, nextPrompts, ...rest } = document;
    const hasPrompt = foreign.includes(JOBS_FILE);
    // Parsed: the tag names the order of the fields, too.
    return parseDocument({
      ...rest,
      // The length is the file's.
      ...(hasTracks || frames === undefined ? {} : { frames }),
      ...(hasPrompt || nextPrompts === undefined ? {} : { nextPrompts }),
      ...(hasPrompt ? await this.#documents.readStoredPrompt(id) : {}),
      // The camera's motion is in the tracks of the file.
      ...(hasTracks
        ? { ...await this.#documents.readStoredTracks(id), camera: [] }
        : {}),
    });
  }

  /**
   * Remembers that stored files belong to a document, where that can be seen
   * and is not remembered yet: before the document changes.
   */
  async adopt(id: string, current: TaggedDocument): Promise<void> {
    const { record } = await this.#find(id, current, {});
    const known = await readRecord(this.#folder, id);
    if (record && JSON.stringify(record) !== JSON.stringify(known)) {
      await writeRecord(this.#folder, id, record);
    }
  }

  /**
   * Scales what was stored, when an image gets another size and its document,
   * which was saved, is scaled; what it answers with writes that. Files that
   * another program has written stay: what they were made for is not known.
   * `before` is the former document.
   */
  async rescale(
    id: string,
    before: TaggedDocument,
    to: ImageSize,
  ): Promise<() => Promise<void>> {
    const unchanged = () => Promise.resolve();
    const found = await this.#find(id, before, { again: true });
    const { record, tracks } = found;
    if (!record || tracks === null || record.stored.tracks !== tracks) {
      return unchanged;
    }
    const from = record.image ?? sizeOf(before.document);
    if (from.width === to.width && from.height === to.height) return unchanged;
    const pth = await this.#folder.read("tracks", `${id}.pth`);
    const objects = await this.#readObjects(id);
    const scaled = await this.#folder.formats.scale({ pth, objects }, {
      from,
      to,
    });
    // What cannot be scaled is known to be of the former size.
    if (!scaled) {
      return () => writeRecord(this.#folder, id, { ...record, image: from });
    }
    const next: StoredRecord = {
      ...record,
      stored: { ...record.stored, tracks: await digest(scaled.pth) },
      image: to,
      before: null,
    };
    return async () => {
      await writeRecord(this.#folder, id, { ...next, before: record.stored });
      await this.#folder.write("tracks", `${id}.pth`, scaled.pth);
      await this.#writeObjects(id, scaled.objects);
      await writeRecord(this.#folder, id, next);
    };
  }

  async #find(
    id: string,
    current: TaggedDocument,
    options: { jobs?: string; again?: boolean },
  ): Promise<StoredFacts> {
    const { jobs = await this.#folder.readJobs(), again = false } = options;
    const { file } = await this.#images.find(id);
    const entry = await findPrompt(jobs, id, this.#folder);
    const wanted = promptOf(current.document, { entry });
    const facts = {
      tracks: await this.#digestOf(id, again),
      entry,
      wanted: { image: `images/${file}`, ...wanted },
      hasOverlay: await this.#folder.exists("images_tracks", `${id}.png`),
    };
    return { ...facts, record: await this.#recall(id, current, facts) };
  }

  /** What is remembered, or what can be concluded from the files and the document. */
  async #recall(
    id: string,
    { document, etag }: TaggedDocument,
    { tracks, wanted: { image: _, ...prompts } }: Omit<StoredFacts, "record">,
  ): Promise<StoredRecord | undefined> {
    // Without its own document the image was read from these files.
    if (await this.#documents.isSaved(id)) {
      const record = await readRecord(this.#folder, id);
      if (record || tracks === null) return record;
      const { count, pth } = await this.#folder.formats.render(document);
      if (count === 0) return undefined;
      if (await digest(pth) !== tracks) return undefined;
    } else if (tracks === null) return undefined;
    return {
      version: 1,
      document: etag,
      overlay: false,
      stored: { tracks, ...prompts },
      image: sizeOf(document),
      before: null,
    };
  }

  /** The digest of a track file, computed `again` or when it looks changed. */
  async #digestOf(id: string, again: boolean): Promise<string | null> {
    const file = `${id}.pth`;
    if (!await this.#folder.exists("tracks", file)) return null;
    const { mtime, size } = await this.#folder.stat("tracks", file);
    const revision = `${mtime?.getTime() ?? 0}-${size}`;
    const known = this.#digests.get(id);
    if (!again && known?.revision === revision) return known.digest;
    const fresh = await digest(await this.#folder.read("tracks", file));
    this.#digests.set(id, { revision, digest: fresh });
    return fresh;
  }
}

function sizeOf({ width, height }: ImageSize): ImageSize {
  return { width, height };
}

function trackFile(id: string): string {
  return `tracks/${id}.pth`;
}

async function judge(id: string, facts: StoredFacts): Promise<StoredFiles> {
  return { ...judgeStored(id, facts), tag: await tagOf(facts) };
}

/**
 * What a document would have the job file say: prompts for its segments, and
 * for as many as the entry has now, which a run with other segments may need.
 */
function promptOf(
  document: EditorDocument,
  { entry }: Pick<StoredFacts, "entry">,
): Omit<StoredContent, "tracks"> {
  const listed = 1 + (entry?.nextTexts?.length ?? 0);
  const segments = Math.max(segmentsOf(document), listed);
  const negative = document.negative.trim();
  return { ...jobTexts(document, { segments }), negative };
}

function contentOf({ tracks, entry }: StoredFacts): StoredContent {
  const { text = "", nextTexts, negative = "" } = entry ?? {};
  return { tracks, text, ...nextTexts && { nextTexts }, negative };
}

/** Names what is there, so that a person agrees to lose this and nothing else. */
async function tagOf(facts: StoredFacts): Promise<string> {
  const { tracks, text, negative, nextTexts = [] } = contentOf(facts);
  const named = JSON.stringify([tracks, text, negative, ...nextTexts]);
  return (await digest(new TextEncoder().encode(named))).slice(0, 32);
}
