/**
 * The one edit of the camera layer that dragging needs.
 *
 * @module
 */

import type { CameraMove, EditorDocument } from "./document.ts";

/** The document with one function applied to one move. */
export function updateMove(
  document: EditorDocument,
  id: string,
  change: (move: CameraMove) => CameraMove,
): EditorDocument {
  return {
    ...document,
    camera: document.camera.map((move) => move.id === id ? change(move) : move),
  };
}
