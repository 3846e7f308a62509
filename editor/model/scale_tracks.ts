/**
 * Tracks that grow or shrink over time: their distances from the middle of
 * their starts, as a zoom of the camera layer that holds for them alone, where
 * its timing and easing are edited on.
 *
 * @module
 */

import { addMove, removeMove } from "./camera_edits.ts";
import { updateMove } from "./update_move.ts";
import {
  type CameraMove,
  type EditorDocument,
  FULL_TIMING,
} from "./document.ts";
import { newId, shapePositions } from "./edits.ts";

/** A zoom of some tracks. */
type Zoom = Extract<CameraMove, { kind: "zoom" }>;

/** The move that scales exactly these tracks; undefined where there is none. */
export function scalingMove(
  document: EditorDocument,
  ids: ReadonlySet<string>,
): Zoom | undefined {
  return document.camera.find((move): move is Zoom =>
    move.kind === "zoom" && move.applies !== "all" &&
    move.applies.length === ids.size && move.applies.every((id) => ids.has(id))
  );
}

/**
 * The document in which these tracks are `factor` as large at the end of the
 * motion as at its start; 1 takes the move away.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { addTracks, createTrack } from "./edits.ts";
 * import { renderTracks } from "./render_document.ts";
 * import { scaleTracks } from "./scale_tracks.ts";
 * let document = emptyDocument({ width: 80, height: 60 });
 * for (const x of [20, 40]) {
 *   const track = createTrack(document, { kind: "static", x, y: 30 });
 *   document = addTracks(document, [track]);
 * }
 * const ids = new Set(document.tracks.map((track) => track.id));
 * const [first] = renderTracks(scaleTracks(document, ids, 2));
 * assert.equal(first!.points[0]!.x, 20);
 * assert.equal(first!.points[120]!.x, 10);
 * ```
 */
export function scaleTracks(
  document: EditorDocument,
  ids: ReadonlySet<string>,
  factor: number,
): EditorDocument {
  const move = scalingMove(document, ids);
  if (move) {
    return factor === 1
      ? removeMove(document, move.id)
      : updateMove(document, move.id, (m) => ({ ...m as Zoom, factor }));
  }
  const tracks = document.tracks.filter((track) => ids.has(track.id));
  if (factor === 1 || tracks.length === 0) return document;
  const starts = tracks.map((track) => shapePositions(track.shape)[0]!);
  const middle = (axis: "x" | "y") =>
    starts.reduce((sum, at) => sum + at[axis], 0) / starts.length;
  const used = new Set(document.camera.map(({ name }) => name));
  let number = 1;
  while (used.has(`Size ${number}`)) number++;
  const { start, end } = tracks[0]!.timing;
  return addMove(document, {
    id: newId(),
    name: `Size ${number}`,
    enabled: true,
    applies: tracks.map((track) => track.id),
    timing: { ...FULL_TIMING, start, end },
    kind: "zoom",
    factor,
    x: middle("x"),
    y: middle("y"),
  });
}
