/**
 * How what is stored relates to what is drawn.
 *
 * @module
 */

/** The stored files of one image, as the server finds them. */
export interface StoredFiles {
  /**
   * The tag of the document that they were made from; absent when nothing is
   * stored, or when that is not known.
   */
  readonly document?: string;
  /** Files that would have to be there and are not, by their name. */
  readonly missing: readonly string[];
  /** Files that someone else has written since, by their name. */
  readonly foreign: readonly string[];
  /** Names the content that is there; needed to replace foreign files. */
  readonly tag: string;
  /** What foreign files hold, as far as it can be read. */
  readonly there?: ForeignContent;
}

/** What another program has put into the stored files. */
export interface ForeignContent {
  /** How many tracks; absent when the file cannot be read. */
  readonly tracks?: number;
  /** Why the track file cannot be read. */
  readonly fault?: string;
  /** The prompt of the job file. */
  readonly prompt: string;
}

/**
 * - `never`: nothing is stored.
 * - `current`: the files are what is drawn.
 * - `outdated`: Store Tracks would change or complete them.
 * - `replaced`: someone else has written them; storing would lose that.
 */
export type StoredState = "never" | "current" | "outdated" | "replaced";

/**
 * How the stored files relate to the document with this tag.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { storedState } from "./stored_files.ts";
 * const files = { document: '"a"', missing: [], foreign: [], tag: "" };
 * assert.equal(storedState(files, '"a"'), "current");
 * assert.equal(storedState(files, '"b"'), "outdated");
 * ```
 */
export function storedState(files: StoredFiles, etag: string): StoredState {
  if (files.foreign.length > 0) return "replaced";
  if (files.document === undefined) return "never";
  return files.document === etag && files.missing.length === 0
    ? "current"
    : "outdated";
}
