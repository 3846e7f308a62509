/**
 * The same document on an image of another size.
 *
 * @module
 */

import { mapShape } from "./edits.ts";
import type { EditorDocument, EditorTrack, Point, Shape } from "./document.ts";
import type { History } from "./history.ts";

/**
 * Scales every position by the ratio of the sizes, x and y apart; lengths
 * without a direction (a radius) by the geometric mean of both.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { rescaleDocument } from "./rescale_document.ts";
 * const small = rescaleDocument(emptyDocument({ width: 80, height: 60 }), {
 *   width: 40,
 *   height: 30,
 * });
 * assert.equal(small.width, 40);
 * ```
 */
export function rescaleDocument(
  document: EditorDocument,
  size: { readonly width: number; readonly height: number },
): EditorDocument {
  const sx = size.width / document.width;
  const sy = size.height / document.height;
  const length = Math.sqrt(sx * sy);
  const place = <P extends Point>(p: P): P => ({
    ...p,
    x: p.x * sx,
    y: p.y * sy,
  });
  const scaleShape = (shape: Shape): Shape => {
    const scaled = mapShape(shape, place);
    return scaled.kind !== "circle" ? scaled : {
      ...scaled,
      radii: scaled.radii.map((key) => ({
        ...key,
        radius: key.radius * length,
      })),
    };
  };
  return {
    ...document,
    width: size.width,
    height: size.height,
    tracks: document.tracks.map((track) => ({
      ...track,
      shape: scaleShape(track.shape),
    })),
    ...document.scene?.about &&
      { scene: { ...document.scene, about: place(document.scene.about) } },
    camera: document.camera.map((move) => {
      switch (move.kind) {
        case "pan":
          return { ...move, dx: move.dx * sx, dy: move.dy * sy };
        case "zoom":
        case "rotate":
          return place(move);
        case "orbit":
          return { ...place(move), shift: move.shift * sx };
        case "scene":
          return move;
      }
    }),
  };
}

/**
 * A history whose documents all have this size; the same one where they have.
 * A track that several documents share is still shared afterwards.
 */
export function rescaleHistory(
  history: History<EditorDocument>,
  size: { readonly width: number; readonly height: number },
): History<EditorDocument> {
  const fits = ({ width, height }: EditorDocument) =>
    width === size.width && height === size.height;
  const { past, present, future } = history;
  if ([...past, present, ...future].every(fits)) return history;
  const known = new Map<EditorTrack, EditorTrack>();
  const rescale = (document: EditorDocument): EditorDocument => {
    if (fits(document)) return document;
    const scaled = rescaleDocument(document, size);
    return {
      ...scaled,
      tracks: document.tracks.map((track, i) => {
        const same = known.get(track) ?? scaled.tracks[i]!;
        known.set(track, same);
        return same;
      }),
    };
  };
  return {
    ...history,
    past: past.map(rescale),
    present: rescale(present),
    future: future.map(rescale),
  };
}
