/**
 * The editable documents of a project folder, each with a tag that names its
 * very content.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import { type EditorDocument, emptyDocument } from "../model/document.ts";
import { parseDocument } from "../model/parse_document.ts";
import { type Prompts, promptsOf } from "../model/segment_prompts.ts";
import { rescaleDocument } from "../model/rescale_document.ts";
import { findPrompt } from "./job_prompt.ts";
import type { Images } from "./images.ts";
import type { ProjectFiles } from "./project_files.ts";
import { DamagedFileError, OutsideFolderError } from "./store_errors.ts";
import { tagged, type TaggedDocument } from "./tagged_document.ts";

/** The documents of a folder. */
export class Documents {
  readonly #folder: ProjectFiles;
  readonly #images: Images;

  /** The documents in a folder. */
  constructor(folder: ProjectFiles, images: Images) {
    this.#folder = folder;
    this.#images = images;
  }

  /**
   * The document of an image: the autosaved one; else the stored files as
   * free tracks, with the prompt of the job file; else an empty one.
   *
   * @throws {DamagedFileError} When a file is there and cannot be understood.
   */
  async read(id: string, jobs?: string): Promise<TaggedDocument> {
    const { header } = await this.#images.find(id);
    if (!await this.isSaved(id)) {
      const { version, width, height, camera, ...rest } = emptyDocument(header);
      const { prompt, nextPrompts, negative } = {
        ...rest,
        ...await this.readStoredPrompt(id, jobs),
      };
      const { frames, tracks = [] } = await this.readStoredTracks(id);
      // In the order in which a document is parsed, which its tag names too.
      return await tagged({
        ...{ version, width, height },
        ...frames === undefined ? {} : { frames },
        prompt,
        ...nextPrompts && { nextPrompts },
        ...{ negative, tracks, camera },
      });
    }
    const path = this.#path(id);
    let document: EditorDocument;
    try {
      document = parseDocument(
        JSON.parse(decode(await this.#folder.read("editor", `${id}.json`))),
      );
    } catch (cause) {
      throw damaged(
        path,
        cause,
        "Move it away to start from the stored files.",
      );
    }
    // The file of the image was replaced without adapting the document.
    const fits = document.width === header.width &&
      document.height === header.height;
    return await tagged(fits ? document : rescaleDocument(document, header));
  }

  /** Whether there is an autosaved document. */
  isSaved(id: string): Promise<boolean> {
    return this.#folder.exists("editor", `${id}.json`);
  }

  /** When the document was saved, in ms since 1970; now, where it was not. */
  async savedAt(id: string): Promise<number> {
    if (!await this.isSaved(id)) return Date.now();
    const { mtime } = await this.#folder.stat("editor", `${id}.json`);
    return mtime?.getTime() ?? Date.now();
  }

  /** Writes a document, whatever is there. */
  async save(id: string, document: EditorDocument): Promise<void> {
    await this.#folder.write("editor", `${id}.json`, JSON.stringify(document));
  }

  /**
   * The stored track file as free tracks; nothing when there is none.
   *
   * @throws {DamagedFileError} When it is not a track file.
   */
  async readStoredTracks(
    id: string,
  ): Promise<Partial<Pick<EditorDocument, "tracks" | "frames">>> {
    const path = this.#folder.path("tracks", `${id}.pth`);
    if (!await this.#folder.exists("tracks", `${id}.pth`)) return {};
    const bytes = await this.#folder.read("tracks", `${id}.pth`);
    try {
      const found = await this.#folder.formats.readTracks(bytes, path);
      // More tracks, or points farther away, than a document may have.
      parseDocument({
        ...emptyDocument({ width: 1, height: 1 }),
        ...found,
      });
      return found;
    } catch (cause) {
      throw damaged(path, cause, "Move it away, or store the tracks again.");
    }
  }

  /** The prompts of the job file's entry; nothing when there is none. */
  async readStoredPrompt(
    id: string,
    jobs?: string,
  ): Promise<Partial<Prompts & Pick<EditorDocument, "negative">>> {
    const found = await findPrompt(
      jobs ?? await this.#folder.readJobs(),
      id,
      this.#folder,
    );
    return found ? { ...promptsOf(found), negative: found.negative } : {};
  }

  #path(id: string): string {
    return this.#folder.path("editor", `${id}.json`);
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function damaged(path: string, cause: unknown, hint: string): unknown {
  // Not the content: the file cannot be read at all.
  if (
    (cause instanceof Error && cause.name === "NotFound") ||
    cause instanceof OutsideFolderError || hasCode(cause)
  ) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new DamagedFileError(
    withHint(
      cause instanceof RangeError
        ? `Cannot use ${quote(path)}: ${said}`
        : `Cannot use ${quote(path)}: damaged (${said})`,
      hint,
    ),
    { cause },
  );
}

/** Whether an error comes from the system. */
function hasCode(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause;
}
