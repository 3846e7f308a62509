/**
 * What the store refuses, each with a class of its own: `app.ts` knows the
 * status that belongs to it.
 *
 * @module
 */

import type { StoredFiles } from "../model/stored_files.ts";
import type { TaggedDocument } from "./tagged_document.ts";

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

/** Somebody else has written the stored files; storing would lose that. */
export class ReplacedError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "ReplacedError";
  /** What is there now. */
  readonly stored: StoredFiles;

  /** A refusal to write over these files. */
  constructor(stored: StoredFiles) {
    super(
      `Cannot store the tracks: another program has written ${
        stored.foreign.join(" and ")
      } since`,
    );
    this.stored = stored;
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

/** A file of the project folder is not what it should be. */
export class DamagedFileError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "DamagedFileError";
}
