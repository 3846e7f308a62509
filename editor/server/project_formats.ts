/**
 * What the store has read and written by code that is too large to be there
 * from the start: YAML, and every kind of track file.
 *
 * @module
 */

import type { JobEntry, ParsedJob } from "../../core/jobs/job_file.ts";
import type { ImageSize } from "../../core/tracks/coordinates.ts";
import type { EditorDocument } from "../model/document.ts";
import type { Preset } from "../model/presets.ts";
import type { ProjectPart } from "./project_parts.ts";

/** The prompts of an image in the job file. */
export interface JobPrompt {
  /** The image's path in the entry. */
  readonly image: string;
  /** The prompt; of a list of prompts, the first. */
  readonly text: string;
  /** Of a list of prompts, one for each segment: those after the first. */
  readonly nextTexts?: readonly string[];
  /** The negative prompt; empty where the entry has none. */
  readonly negative: string;
}

/** One file of an image. */
export interface ArchivedFile {
  /** Its folder. */
  readonly part: ProjectPart;
  /** Its name after the number: `.json`, `.stored.json`. */
  readonly ending: string;
  /** Its content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One image, with all that belongs to it. */
export interface ArchivedImage {
  /** Its number in the archive. */
  readonly id: string;
  /** What it was called, besides its number. */
  readonly name: string | undefined;
  /** Its files. */
  readonly files: readonly ArchivedFile[];
}

/** A project as it was read from an archive. */
export interface ArchivedProject {
  /** Its images, by rising number. */
  readonly images: readonly ArchivedImage[];
  /** The text of its job file. */
  readonly jobs: string;
  /** Its presets. */
  readonly presets: readonly Preset[];
}

/** The files of a document's tracks. */
export interface RenderedFiles {
  /** Its tracks that are not hidden. */
  readonly count: number;
  /** The track file; empty where there are none. */
  readonly pth: Uint8Array<ArrayBuffer>;
  /** The file of its objects, where there are any. */
  readonly objects: string | undefined;
}

/** An image that became larger or smaller, px. */
export interface SizeChange {
  /** Its size before. */
  readonly from: ImageSize;
  /** Its size now. */
  readonly to: ImageSize;
}

/** Stored files that were scaled. */
export type ScaledFiles = Pick<RenderedFiles, "pth" | "objects">;

/** Reads job files and track files. What it takes and gives can be cloned. */
export interface ProjectFormats {
  /** The prompts of a job file, by the path of the track file. */
  readPrompts(jobs: string): Promise<ReadonlyMap<string, JobPrompt>>;
  /** A job file with an entry in it; `file` is what a message calls it. */
  upsertJob(
    jobs: string,
    entry: JobEntry & Pick<ParsedJob, "nextTexts">,
    file: string,
  ): Promise<string>;
  /**
   * The tracks of a file as free tracks, and their length where it is more than
   * five seconds; `name` is what a message calls it.
   */
  readTracks(
    bytes: Uint8Array<ArrayBuffer>,
    name: string,
  ): Promise<Pick<EditorDocument, "tracks" | "frames">>;
  /** What is stored of a document. */
  render(document: EditorDocument): Promise<RenderedFiles>;
  /** Stored files for an image of another size, see `scaleFiles`. */
  scale(
    files: ScaledFiles,
    change: SizeChange,
  ): Promise<ScaledFiles | undefined>;
  /** A project out of one file, see `readProjectArchive`. */
  readArchive(bytes: Uint8Array<ArrayBuffer>): Promise<ArchivedProject>;
}
