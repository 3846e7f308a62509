/**
 * What can be done to the camera layer, as pure functions from document to
 * document. A move is set, never added up: the same click twice changes
 * nothing.
 *
 * @module
 */

import {
  type CameraMove,
  type EditorDocument,
  FULL_TIMING,
} from "./document.ts";
import { newId } from "./edits.ts";

/** The kinds of moves, in the order in which they are offered. */
export const MOVE_KINDS = ["pan", "zoom", "rotate", "orbit"] as const;
/** One of them. */
export type MoveKind = typeof MOVE_KINDS[number];

/** What the kinds are called. */
export const MOVE_NAMES: Readonly<Record<MoveKind, string>> = {
  pan: "Pan",
  zoom: "Zoom",
  rotate: "Rotate",
  orbit: "Orbit",
};

/**
 * A new move of a kind: gentle, about the center of the image, over all
 * frames, for all tracks.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createMove } from "./camera_edits.ts";
 * import { emptyDocument } from "./document.ts";
 * const move = createMove(emptyDocument({ width: 80, height: 60 }), "zoom");
 * assert.equal(move.name, "Zoom 1");
 * assert.equal(move.kind, "zoom");
 * ```
 */
export function createMove(
  document: EditorDocument,
  kind: MoveKind,
): CameraMove {
  const used = new Set(document.camera.map((move) => move.name));
  let number = 1;
  while (used.has(`${MOVE_NAMES[kind]} ${number}`)) number++;
  const base = {
    id: newId(),
    name: `${MOVE_NAMES[kind]} ${number}`,
    enabled: true,
    applies: "all" as const,
    timing: FULL_TIMING,
  };
  const middle = { x: document.width / 2, y: document.height / 2 };
  switch (kind) {
    case "pan":
      return { ...base, kind, dx: 1, dy: 0 };
    case "zoom":
      return { ...base, kind, factor: 1.3, ...middle };
    case "rotate":
      return { ...base, kind, degrees: 15, ...middle };
    case "orbit":
      return {
        ...base,
        kind,
        shift: Math.round(document.width / 10),
        ...middle,
      };
  }
}

/** The document with one more move, above the others. */
export function addMove(
  document: EditorDocument,
  move: CameraMove,
): EditorDocument {
  return { ...document, camera: [...document.camera, move] };
}

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

/** The document without one move. */
export function removeMove(
  document: EditorDocument,
  id: string,
): EditorDocument {
  return {
    ...document,
    camera: document.camera.filter((move) => move.id !== id),
  };
}
