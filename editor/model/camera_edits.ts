/**
 * What can be done to the camera layer, as pure functions from document to
 * document. A move is set, never added up: the same click twice changes
 * nothing.
 *
 * @module
 */

import {
  type BaseMove,
  type CameraMove,
  type EditorDocument,
  fullTiming,
  type ImageMove,
  lastFrameOf,
} from "./document.ts";
import { newId } from "./edits.ts";

/** How far a new pan moves the image, as a share of its width. */
const PAN = 0.144;

/**
 * The kinds of moves of the flat image, in the order in which they are offered.
 * What the camera itself does is in `scene_edits.ts`.
 */
export const MOVE_KINDS = ["pan", "zoom", "rotate", "orbit"] as const;
/** One of them. */
export type MoveKind = typeof MOVE_KINDS[number];

/** What the kinds are called. */
export const MOVE_NAMES: Readonly<Record<MoveKind, string>> = {
  pan: "Shift image",
  zoom: "Scale image",
  rotate: "Turn image",
  orbit: "Shear image",
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
 * assert.equal(move.name, "Scale image 1");
 * assert.equal(move.kind, "zoom");
 * ```
 */
export function createMove(
  document: EditorDocument,
  kind: MoveKind,
): ImageMove {
  const base = baseMove(document, MOVE_NAMES[kind]);
  const middle = { x: document.width / 2, y: document.height / 2 };
  switch (kind) {
    case "pan":
      return {
        ...base,
        kind,
        dx: Math.round(100 * PAN * document.width / lastFrameOf(document)) /
          100,
        dy: 0,
      };
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

/** What a new move of any kind has: the next name, all frames, all tracks. */
export function baseMove(document: EditorDocument, name: string): BaseMove {
  const used = new Set(document.camera.map((move) => move.name));
  let number = 1;
  while (used.has(`${name} ${number}`)) number++;
  return {
    id: newId(),
    name: `${name} ${number}`,
    enabled: true,
    applies: "all",
    timing: fullTiming(document),
  };
}

/** The document with one more move, above the others. */
export function addMove(
  document: EditorDocument,
  move: CameraMove,
): EditorDocument {
  return { ...document, camera: [...document.camera, move] };
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

/**
 * What a pan does, in words: how far the image moves over the whole move, and
 * which way the camera turns for it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createMove, describePan } from "./camera_edits.ts";
 * import { emptyDocument } from "./document.ts";
 * const size = { width: 832, height: 480 };
 * const move = createMove(emptyDocument(size), "pan");
 * assert.ok(move.kind === "pan");
 * assert.equal(
 *   describePan(move, size),
 *   "The image moves 14 % of its width to the right, as if the camera panned left.",
 * );
 * ```
 */
export function describePan(
  move: Extract<CameraMove, { kind: "pan" }>,
  image: { readonly width: number; readonly height: number },
): string {
  const frames = move.timing.end - move.timing.start;
  const right = Math.round(100 * move.dx * frames / image.width);
  const down = Math.round(100 * move.dy * frames / image.height);
  const ways: string[] = [], turns: string[] = [];
  if (right !== 0) {
    ways.push(
      `${Math.abs(right)} % of its width to the ${
        right > 0 ? "right" : "left"
      }`,
    );
    turns.push(`panned ${right > 0 ? "left" : "right"}`);
  }
  if (down !== 0) {
    ways.push(`${Math.abs(down)} % of its height ${down > 0 ? "down" : "up"}`);
    turns.push(`tilted ${down > 0 ? "up" : "down"}`);
  }
  if (ways.length === 0) return "The image stays.";
  return `The image moves ${ways.join(" and ")}, as if the camera ${
    turns.join(" and ")
  }.`;
}
