/**
 * A document's rendered tracks as what reads tracks of any length takes them,
 * without a copy.
 *
 * @module
 */

import type {
  TrackPoint,
  TrackPositions,
} from "../../core/tracks/track_set.ts";
import { type EditorDocument, lastFrameOf } from "./document.ts";

/** Tracks of a document, and their numbers. */
export interface DocumentPositions extends TrackPositions {
  /** A copy of the numbers, `(N, frames, 3)`: x, y, visible. */
  toArray(): Float32Array<ArrayBuffer>;
}

/**
 * The tracks of a document that have these points, frame by frame, in the
 * float32 in which they are stored.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { positionsOf } from "./track_positions.ts";
 * assert.equal(positionsOf([], { frames: 241 }).frames, 241);
 * ```
 */
export function positionsOf(
  tracks: readonly (readonly TrackPoint[])[],
  document: Pick<EditorDocument, "frames">,
): DocumentPositions {
  const frames = lastFrameOf(document) + 1;
  const { fround } = Math;
  const stored = ({ x, y, visible }: TrackPoint): TrackPoint => ({
    x: fround(x),
    y: fround(y),
    visible,
  });
  return {
    count: tracks.length,
    frames,
    x: (track, frame) => fround(tracks[track]![frame]!.x),
    y: (track, frame) => fround(tracks[track]![frame]!.y),
    visible: (track, frame) => tracks[track]![frame]!.visible,
    track: (track) => tracks[track]!.map(stored),
    *[Symbol.iterator]() {
      for (const points of tracks) yield points.map(stored);
    },
    toArray() {
      const data = new Float32Array(3 * frames * tracks.length);
      let at = 0;
      for (const points of tracks) {
        for (const { x, y, visible } of points) {
          data[at++] = x;
          data[at++] = y;
          data[at++] = Number(visible);
        }
      }
      return data;
    },
  };
}
