/**
 * The editable documents of a project folder, each with a tag that names its
 * very content.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
} from "../../core/files/files.ts";
import { readTracks } from "../../core/tracks/read_tracks.ts";
import type { TrackSet } from "../../core/tracks/track_set.ts";
import {
  ALWAYS_VISIBLE,
  type EditorDocument,
  emptyDocument,
  FULL_TIMING,
} from "../model/document.ts";
import { freeShape } from "../model/exchange.ts";
import { parseDocument } from "../model/parse_document.ts";
import { rescaleDocument } from "../model/rescale_document.ts";
import { findWords } from "./job_words.ts";
import type { Pictures } from "./pictures.ts";
import type { ProjectFolder } from "./project_folder.ts";
import { DamagedFileError } from "./store_errors.ts";

/** A document and the tag that names this very content. */
export interface TaggedDocument {
  /** The content. */
  readonly document: EditorDocument;
  /** A strong HTTP entity tag, quotes included. */
  readonly etag: string;
}

/** The documents of a folder. */
export class Documents {
  readonly #folder: ProjectFolder;
  readonly #pictures: Pictures;

  /** The documents in a folder. */
  constructor(folder: ProjectFolder, pictures: Pictures) {
    this.#folder = folder;
    this.#pictures = pictures;
  }

  /**
   * The document of a picture: the autosaved one; else the stored files as
   * free tracks, with the words of the job list; else an empty one.
   *
   * @throws {DamagedFileError} When a file is there and cannot be understood.
   */
  async read(id: string, jobs?: string): Promise<TaggedDocument> {
    const { header } = await this.#pictures.find(id);
    if (!await this.isSaved(id)) {
      return await tagged({
        ...emptyDocument(header),
        ...await this.readStoredWords(id, jobs),
        ...await this.readStoredTracks(id),
      });
    }
    const path = this.#path(id);
    let document: EditorDocument;
    try {
      document = parseDocument(JSON.parse(await readFileText(path)));
    } catch (cause) {
      throw damaged(path, cause, "Move it away to begin with what is stored.");
    }
    // The picture's file was replaced, and nobody could adapt the document.
    const fits = document.width === header.width &&
      document.height === header.height;
    return await tagged(fits ? document : rescaleDocument(document, header));
  }

  /** Whether there is an autosaved document. */
  isSaved(id: string): Promise<boolean> {
    return fileExists(this.#path(id));
  }

  /** Writes a document, whatever is there. */
  async save(id: string, document: EditorDocument): Promise<void> {
    await this.#folder.write("editor", `${id}.json`, JSON.stringify(document));
  }

  /**
   * The stored track file as free tracks; nothing when there is none.
   *
   * @throws {DamagedFileError} When it is no track file.
   */
  async readStoredTracks(
    id: string,
  ): Promise<Partial<Pick<EditorDocument, "tracks">>> {
    const path = this.#folder.path("tracks", `${id}.pth`);
    if (!await fileExists(path)) return {};
    const bytes = await readFileBytes(path);
    try {
      const { tracks } = await readTracks(bytes, { name: path });
      const free = freeTracks(tracks);
      // More tracks, or points farther away, than a document may have.
      parseDocument({
        ...emptyDocument({ width: 1, height: 1 }),
        tracks: free,
      });
      return { tracks: free };
    } catch (cause) {
      throw damaged(path, cause, "Move it away, or store the tracks again.");
    }
  }

  /** The words of the job list's entry; nothing when there is none. */
  async readStoredWords(
    id: string,
    jobs?: string,
  ): Promise<Partial<Pick<EditorDocument, "prompt" | "negative">>> {
    const words = await findWords(
      jobs ?? await this.#folder.readJobs(),
      id,
    );
    return words ? { prompt: words.text, negative: words.negative } : {};
  }

  #path(id: string): string {
    return this.#folder.path("editor", `${id}.json`);
  }
}

/** A document with the tag that names its content. */
export async function tagged(
  document: EditorDocument,
): Promise<TaggedDocument> {
  const text = new TextEncoder().encode(JSON.stringify(document));
  return { document, etag: `"${(await digest(text)).slice(0, 32)}"` };
}

/** The SHA-256 of some bytes, as hexadecimal digits. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}

function damaged(path: string, cause: unknown, hint: string): unknown {
  // Not the content: the file cannot be read at all.
  if (cause instanceof Deno.errors.NotFound || hasCode(cause)) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new DamagedFileError(
    withHint(`Cannot use ${quote(path)}: it is damaged (${said})`, hint),
    { cause },
  );
}

/** Whether an error comes from the system. */
function hasCode(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause;
}

/** Documents number their colours below this. */
const COLOURS = 1000;

function freeTracks(tracks: TrackSet): EditorDocument["tracks"] {
  return Array.from(tracks, (points, index) => ({
    id: `t${index}`,
    name: `Track ${index + 1}`,
    colour: index % COLOURS,
    locked: false,
    hidden: false,
    shape: freeShape(points),
    timing: FULL_TIMING,
    visible: ALWAYS_VISIBLE,
  }));
}
