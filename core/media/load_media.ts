/**
 * Whether images and videos can be dealt with at all, asked before the work
 * begins rather than in the middle of it.
 *
 * @module
 */

import { loadLibav } from "./_libav.ts";
import { loadSharp } from "./_sharp.ts";

/** What a native library is needed for. */
export type MediaKind = "image" | "video";

/**
 * Loads the native libraries for images (sharp) and videos (node-av), both
 * unless told which. What reads and writes them loads them by itself, too: this
 * is for finding out early, before anything is written.
 *
 * @throws {Error} With a HINT when one of them does not load, for example
 * because a permission is missing.
 */
export async function loadMedia(
  kinds: readonly MediaKind[] = ["image", "video"],
): Promise<void> {
  // One after the other, so that a failure is always told of the same one.
  if (kinds.includes("video")) await loadLibav();
  if (kinds.includes("image")) await loadSharp();
}
