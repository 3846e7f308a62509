/**
 * What a file held, added to a document.
 *
 * @module
 */

import { type EditorDocument, lastFrameOf } from "./document.ts";
import { withLength } from "./document_length.ts";
import { addTracks } from "./edits.ts";
import type { ImportedTracks } from "./exchange.ts";

/**
 * The document with imported tracks and moves of the camera, as long as they
 * need. The scene is kept where there is one.
 */
export function addImported(
  document: EditorDocument,
  { tracks, camera = [], scene, frames = 0 }: ImportedTracks,
): EditorDocument {
  const longer = withLength(
    document,
    Math.max(frames, lastFrameOf(document) + 1),
  );
  return {
    ...addTracks(longer, tracks),
    camera: [...document.camera, ...camera],
    ...scene && { scene: document.scene ?? scene },
  };
}
