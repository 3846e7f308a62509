/**
 * The files of a project as the store uses them: a folder on the disk
 * (`project_folder.ts`), or the storage of a browser
 * (`browser/browser_files.ts`).
 *
 * ```
 * images/NN.jpg           the images, as they were given
 * editor/NN.json          the editable documents (autosaved)
 * editor/NN.stored.json   what was stored last, and from which document
 * editor/presets.json     the motions that are kept under a name
 * thumbnails/NN.jpg       small images for the gallery, made by the page
 * versions/NN.MS.json     earlier documents, named by when they were saved
 * tracks/NN.pth           the tracks, written by "Store Tracks"
 * images_tracks/NN.png    the images with their tracks
 * test.yaml               the job file
 * .trash/                 what was deleted or replaced
 * ```
 *
 * @module
 */

import type { ProjectFormats } from "./project_formats.ts";
import type { ProjectPart } from "./project_parts.ts";

/** What is known of a file without its content. */
export interface FileFacts {
  /** When it was written; null where that is not known. */
  readonly mtime: Date | null;
  /** Its bytes. */
  readonly size: number;
}

/** The files of one project. Paths are relative to it, with `/`. */
export interface ProjectFiles {
  /** What it is called where a person reads it. */
  readonly dir: string;
  /** What its job file is called. */
  readonly jobsPath: string;
  /** What reads and writes its files. */
  readonly formats: ProjectFormats;
  /** What a file is called in a message. */
  path(part: ProjectPart, file: string): string;
  /** The names in a part, sorted. */
  names(part: ProjectPart): Promise<readonly string[]>;
  /** Whether a part has a file. */
  exists(part: ProjectPart, file: string): Promise<boolean>;
  /** What is known of a file that is there. */
  stat(part: ProjectPart, file: string): Promise<FileFacts>;
  /**
   * The same at once, where that can be had; only after {@linkcode names}. Of a
   * thousand images this takes a tenth of what waiting for each does.
   */
  statPlain(part: ProjectPart, file: string): FileFacts | undefined;
  /** The bytes of a file. @throws {RangeError} When it has more than `limit`. */
  read(
    part: ProjectPart,
    file: string,
    options?: { limit?: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The first bytes of a file that was found. */
  readHead(
    part: ProjectPart,
    file: string,
    length: number,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /** A video of the generator; undefined when there is none. */
  readOutput(file: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes a file whole, or not at all. */
  write(
    part: ProjectPart,
    file: string,
    content: Uint8Array | string,
  ): Promise<void>;
  /** Removes a file. */
  remove(part: ProjectPart, file: string): Promise<void>;
  /** The job file's text; empty when there is none. */
  readJobs(): Promise<string>;
  /** Replaces the job file. */
  writeJobs(text: string): Promise<void>;
  /**
   * Has writers wait for one another, in the order in which they came; those
   * of another editor that works on the same project too.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Puts files into the trash; `how` says whether they stay where they are as well. */
  toTrash(
    name: string,
    files: readonly string[],
    how?: "move" | "copy",
  ): Promise<void>;
  /** The names of what is in the trash, the oldest first. */
  trashed(): Promise<string[]>;
  /**
   * Brings back what one name of the trash holds. What has come into its place
   * meanwhile takes its place in the trash.
   */
  restore(trashed: string): Promise<void>;
}
