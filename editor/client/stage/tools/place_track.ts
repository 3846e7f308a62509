/** A new track from a shape that was just drawn. @module */

import type { Shape } from "../../../model/document.ts";
import { addTracks, createTrack } from "../../../model/edits.ts";
import { edit, editorDocument, selectedPoint, selection } from "../../state.ts";

/** Adds the track and selects it; answers with its id. */
export function placeTrack(
  shape: Shape,
  options: { readonly gesture?: string } = {},
): string {
  const track = createTrack(editorDocument.value, shape);
  edit((document) => addTracks(document, [track]), options);
  selectedPoint.value = undefined;
  selection.value = new Set([track.id]);
  return track.id;
}
