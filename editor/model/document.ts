/**
 * What a person edits: one document per picture, kept as JSON beside the
 * picture and turned into tracks by `render_document.ts`. Everything a person
 * did stays editable in it; nothing is baked in.
 *
 * Coordinates are px of the picture as it is seen (EXIF orientation applied),
 * x right, y down. Frames are 0..120 at 24 frames per second.
 *
 * @module
 */

import { TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import type { EditorDocument, EditorTrack, Timing } from "./parse_document.ts";

export type {
  CameraMove,
  EditorDocument,
  EditorTrack,
  Point,
  Shape,
  SplinePoint,
  Timing,
} from "./parse_document.ts";

/** The last frame of a track. */
export const LAST_FRAME = TRACK_FRAMES - 1;

/** The most tracks a document may hold; ATI was trained on 1 to 20. */
export const MAX_TRACKS = 2000;

/** The most points one shape may hold. */
export const MAX_POINTS = 20_000;

/** From first to last frame, at even speed, staying in place outside. */
export const FULL_TIMING: Timing = {
  start: 0,
  end: LAST_FRAME,
  easing: [0, 0, 1, 1],
  outside: "hold",
};

/** Visible in every frame. */
export const ALWAYS_VISIBLE: EditorTrack["visible"] = [[0, LAST_FRAME]];

/**
 * An empty document for a picture of this size.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * assert.equal(emptyDocument({ width: 8, height: 6 }).tracks.length, 0);
 * ```
 */
export function emptyDocument(
  size: { readonly width: number; readonly height: number },
): EditorDocument {
  return {
    version: 1,
    width: size.width,
    height: size.height,
    prompt: "",
    negative: "",
    tracks: [],
    camera: [],
  };
}
