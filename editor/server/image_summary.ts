/** What the gallery shows of one image. @module */

import type { StoredState } from "../model/stored_files.ts";

/** What the gallery shows of one image. */
export interface ImageSummary {
  /** The image's number as in its file names, for example `03`. */
  readonly id: string;
  /** File name in `images/`. */
  readonly file: string;
  /** What it is called: the name of the file that was added, or another. */
  readonly name?: string;
  /** Width in px, as it is seen. */
  readonly width: number;
  /** Height in px, as it is seen. */
  readonly height: number;
  /** Changes when the image is replaced; part of its URL. */
  readonly revision: string;
  /** How its stored files relate to its document. */
  readonly stored: StoredState;
  /** The prompt, shortened. */
  readonly prompt: string;
  /** Tracks in the document. */
  readonly tracks: number;
  /** Why it cannot be opened, where that is so. */
  readonly fault?: string;
  /** Its state, prompt and tracks are not known yet; a later list has them. */
  readonly pending?: boolean;
  /** Whether there is a small image of it for the gallery. */
  readonly thumbnail?: boolean;
}
