/**
 * What a person can do to the open image, whichever button, key or menu
 * asks for it.
 *
 * @module
 */

import {
  addTracks,
  anchorGrid,
  moveShape,
  removePoint,
  removeTracks,
  updateTracks,
} from "../model/edits.ts";
import type { Point } from "../model/document.ts";
import { gridColumns, gridRows } from "./stage/grid.ts";
import {
  edit,
  editorDocument,
  rendered,
  say,
  selectedPoint,
  selectedTracks,
  selection,
} from "./state.ts";

/** Selects every track that is neither hidden nor locked. */
export function selectAll(): void {
  selectedPoint.value = undefined;
  selection.value = new Set(
    editorDocument.value.tracks.filter((t) => !t.hidden && !t.locked)
      .map((t) => t.id),
  );
}

/** Selects nothing. */
export function selectNone(): void {
  selectedPoint.value = undefined;
  selection.value = new Set();
}

/** Selects the next track (or the one before) in the order of the list. */
export function selectNext(step: 1 | -1): void {
  const tracks = editorDocument.value.tracks.filter((t) => !t.hidden);
  if (tracks.length === 0) return;
  const at = tracks.findIndex((t) => selection.value.has(t.id));
  const next = at < 0
    ? (step > 0 ? 0 : tracks.length - 1)
    : (at + step + tracks.length) % tracks.length;
  selectedPoint.value = undefined;
  selection.value = new Set([tracks[next]!.id]);
}

/** Whether all that is selected is locked; then it says so. */
export function refuses(): boolean {
  const tracks = selectedTracks.value;
  if (!tracks.every((track) => track.locked) || tracks.length === 0) {
    return false;
  }
  say(
    tracks.length === 1
      ? "This track is locked: unlock it first"
      : "These tracks are locked: unlock them first",
  );
  return true;
}

/** Deletes the chosen point of a track, else the selected tracks. */
export function deleteSelected(): void {
  if (refuses()) return;
  const point = selectedPoint.value;
  if (point) {
    selectedPoint.value = undefined;
    edit((document) =>
      updateTracks(document, new Set([point.id]), (track) => ({
        ...track,
        shape: removePoint(track.shape, point.index),
      }))
    );
    return;
  }
  if (selection.value.size === 0) return;
  const before = editorDocument.value.tracks.length;
  edit((document) => removeTracks(document, selection.value));
  const left = new Set(editorDocument.value.tracks.map((t) => t.id));
  const gone = before - left.size;
  say(
    `Deleted ${gone} ${gone === 1 ? "track" : "tracks"}${
      selection.value.size > gone ? "; locked ones stay" : ""
    }`,
  );
  selection.value = new Set([...selection.value].filter((id) => left.has(id)));
}

/** Deletes the last track of the list. */
export function deleteLast(): void {
  const last = editorDocument.value.tracks.findLast((t) => !t.locked);
  if (last) edit((document) => removeTracks(document, new Set([last.id])));
}

/** Moves the selected tracks by some px; presses in a row undo as one. */
export function nudgeSelected(by: { dx: number; dy: number }): void {
  if (selection.value.size === 0 || refuses()) return;
  edit(
    (document) =>
      updateTracks(document, selection.value, (track) => ({
        ...track,
        shape: moveShape(track.shape, by),
      })),
    { gesture: `nudge ${[...selection.value].join()}` },
  );
}

/** Anchors tracks should stay this far from what moves, in halves of the short side. */
const CLEARANCE = 0.2;

/** Adds a grid of anchors that keeps away from what moves. */
export function addAnchorGrid(): void {
  const { width, height, tracks } = editorDocument.value;
  const moving = new Set(
    tracks.filter((t) => t.shape.kind !== "static").map((t) => t.id),
  );
  const avoid: Point[] = rendered.value.filter((t) => moving.has(t.id))
    .flatMap((t) => t.points.filter((_, frame) => frame % 4 === 0));
  const standing: Point[] = rendered.value.filter((t) => !moving.has(t.id))
    .map((t) => t.points[0]!);
  const clear = CLEARANCE * Math.min(width, height) / 2;
  const made = anchorGrid(editorDocument.value, {
    columns: gridColumns.value,
    rows: gridRows.value,
    avoid: [...avoid, ...standing],
    clear,
  });
  edit((document) => addTracks(document, made));
  selectedPoint.value = undefined;
  selection.value = new Set(made.map((t) => t.id));
  say(
    made.length > 0
      ? `Added ${made.length} ${made.length === 1 ? "anchor" : "anchors"}`
      : "There is no room for anchors away from what moves",
  );
}
