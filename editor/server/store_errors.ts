/**
 * What the store refuses, each with its own class: `app.ts` knows the
 * status that belongs to it.
 *
 * @module
 */

import type { StoredFiles } from "../model/stored_files.ts";
import type { TaggedDocument } from "./tagged_document.ts";

/** The document was changed since it was read. */
export class ConflictError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "ConflictError";
  /** What is there now. */
  readonly current: TaggedDocument;

  /** A conflict with the present content. */
  constructor(current: TaggedDocument) {
    super(
      "Cannot save: the image was changed in another window since it was opened",
    );
    this.current = current;
  }
}

/** The presets were changed since they were read. */
export class PresetConflictError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "PresetConflictError";
  /** The tag of what is there now. */
  readonly etag: string;

  /** A conflict with the present list. */
  constructor({ etag }: { readonly etag: string }) {
    super("Cannot save: the presets were changed in another window");
    this.etag = etag;
  }
}

/** The stored files were changed by another program; storing would lose that. */
export class ReplacedError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "ReplacedError";
  /** What is there now. */
  readonly stored: StoredFiles;

  /** A refusal to write over these files. */
  constructor(stored: StoredFiles) {
    super(
      `Cannot store the tracks: ${
        stored.foreign.join(" and ")
      } changed by another program`,
    );
    this.stored = stored;
  }
}

/** Nothing could be stored. */
export class NothingToStoreError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "NothingToStoreError";
}

/** No image has this id. */
export class UnknownImageError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "UnknownImageError";
}

/** A symbolic link leads out of the project folder. */
export class OutsideFolderError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "OutsideFolderError";
}

/** As many runs wait as may wait. */
export class TooManyRunsError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "TooManyRunsError";
}

/** More bytes or pixels than are accepted. */
export class TooLargeError extends RangeError {
  /** The class name, as printed in an error. */
  override readonly name = "TooLargeError";
}

/** There is no space left for what is to be written. */
export class StorageFullError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "StorageFullError";
}

/** A file of the project folder is not what it should be. */
export class DamagedFileError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "DamagedFileError";
}
