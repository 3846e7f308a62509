/**
 * How long a document is: its frames at 24 per second, 121 (five seconds)
 * unless it says otherwise. A longer one is stored as tracks of as many
 * samples, of which a run makes segments of five seconds.
 *
 * @module
 */

import {
  MAX_LONG_FRAMES,
  TRACK_FPS,
  TRACK_FRAMES,
} from "../../core/tracks/track_set.ts";
import { type EditorDocument, lastFrameOf } from "./document.ts";

/** The longest document, in seconds. */
export const MAX_SECONDS = (MAX_LONG_FRAMES - 1) / TRACK_FPS;
/** The shortest, in seconds. */
export const MIN_SECONDS = (TRACK_FRAMES - 1) / TRACK_FPS;

/** How long a document is, in seconds. */
export function secondsOf(document: Pick<EditorDocument, "frames">): number {
  return lastFrameOf(document) / TRACK_FPS;
}

/** How long a document is, for people: `7.25 s`. */
export function lengthText(document: Pick<EditorDocument, "frames">): string {
  return `${Math.round(100 * secondsOf(document)) / 100} s`;
}

/**
 * The frames of a document of so many seconds, within what a run takes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { framesFor } from "./document_length.ts";
 * assert.equal(framesFor(10), 241);
 * ```
 */
export function framesFor(seconds: number): number {
  const within = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, seconds));
  return Math.round(within * TRACK_FPS) + 1;
}

/** Of how many segments a run makes the video, one after the other. */
export function segmentsOf(document: Pick<EditorDocument, "frames">): number {
  return Math.ceil(lastFrameOf(document) / (TRACK_FRAMES - 1));
}

/** The segment that shows a frame; its last frame is its own. */
export function segmentAt(frame: number): number {
  return Math.max(0, Math.ceil(frame / (TRACK_FRAMES - 1)) - 1);
}

/**
 * The document with another length. Every motion keeps its times. Tracks that
 * can be seen to the end are seen to the new one; when it grows, they stay
 * where they were at the old end. When it shrinks, what comes after the new end
 * is kept, and neither shown nor stored. A track that is seen to exactly the
 * new end is from then on one that is seen to the end.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument, lastFrameOf } from "./document.ts";
 * import { withLength } from "./document_length.ts";
 * const long = withLength(emptyDocument({ width: 8, height: 6 }), 241);
 * assert.equal(lastFrameOf(long), 240);
 * ```
 */
export function withLength(
  document: EditorDocument,
  frames: number,
): EditorDocument {
  const was = lastFrameOf(document), last = frames - 1;
  if (last === was) return document;
  const { version, width, height, frames: _, ...rest } = document;
  // In the order in which a document is parsed, which its tag names too.
  const next: EditorDocument = {
    ...{ version, width, height },
    ...frames === TRACK_FRAMES ? {} : { frames },
    ...rest,
  };
  return {
    ...next,
    tracks: document.tracks.map((track) => {
      const { visible } = track;
      const [from, to] = visible.at(-1) ?? [0, -1];
      return to !== was || from > last ? track : {
        ...track,
        visible: [...visible.slice(0, -1), [from, last]],
      };
    }),
  };
}

/** How many tracks and moves of the camera go on after a last frame. */
export function goesOnAfter(
  { tracks, camera }: Pick<EditorDocument, "tracks" | "camera">,
  last: number,
): number {
  return tracks.filter(({ shape, timing }) =>
    shape.kind !== "static" && timing.end > last
  ).length + camera.filter(({ timing }) => timing.end > last).length;
}
