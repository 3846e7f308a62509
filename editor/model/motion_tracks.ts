/**
 * Tracks out of a video as entries of a document that can be edited: strokes
 * with few points, each with its time.
 *
 * @module
 */

import type { PointTracks } from "../../core/tracking/point_tracker.ts";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import {
  type EditorDocument,
  type EditorTrack,
  lastFrameOf,
  type Point,
  type Shape,
} from "./document.ts";
import { addTracks, createTrack } from "./edits.ts";

/** How far a stroke may be from what was followed, px of a video. */
const TOLERANCE = 1;
/** A track that stays within this is an anchor, px of a video. */
const STILL = 0.5;
/** The long side of a video, px. */
const LONG_SIDE = 832;

/** Px of an image that are one px of the video made of it, at least 1. */
function pixelOf(image: { readonly width: number; readonly height: number }) {
  return Math.max(1, Math.max(image.width, image.height) / LONG_SIDE);
}

/**
 * Tracks, px of the document's image, as strokes that run as long as the
 * samples do, and no longer than the document. Their points are those samples
 * between which straight, even motion is nowhere further than 1 px of the video
 * from what was followed (Ramer 1972, Douglas and Peucker 1973, with time as an
 * axis). A track that stays is an anchor.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { emptyDocument } from "./document.ts";
 * import { motionTracks } from "./motion_tracks.ts";
 * const [track] = motionTracks(emptyDocument({ width: 80, height: 60 }), {
 *   count: 1,
 *   frames: 3,
 *   positions: Float32Array.of(5, 5, 10, 5, 15, 5),
 *   visible: Uint8Array.of(1, 1, 1),
 * });
 * assert.ok(track?.shape.kind === "freehand");
 * assert.equal(track.shape.points.length, 2);
 * ```
 */
export function motionTracks(
  document: EditorDocument,
  tracks: PointTracks,
): EditorTrack[] {
  const { count, frames, positions, visible } = tracks;
  const unit = pixelOf(document);
  const used = new Set(document.tracks.map(({ name }) => name));
  let next = document, number = 1;
  return Array.from({ length: count }, (_, n) => {
    while (used.has(`Motion ${number}`)) number++;
    const samples = Array.from({ length: frames }, (_, t): Point => ({
      x: positions[2 * (n * frames + t)]!,
      y: positions[2 * (n * frames + t) + 1]!,
    }));
    const track: EditorTrack = {
      ...createTrack(next, shapeOf(samples, unit), {
        name: `Motion ${number++}`,
      }),
      timing: {
        start: 0,
        end: Math.min(lastFrameOf(document), frames - 1),
        easing: [0, 0, 1, 1],
        outside: "hold",
      },
      visible: ranges(visible.subarray(n * frames, (n + 1) * frames)),
    };
    next = addTracks(next, [track]);
    return track;
  });
}

function shapeOf(samples: readonly Point[], unit: number): Shape {
  const first = samples[0]!;
  const stays = samples.every(({ x, y }) =>
    Math.hypot(x - first.x, y - first.y) <= STILL * unit
  );
  if (stays) return { kind: "static", ...rounded(first) };
  const keys = keySamples(samples, TOLERANCE * unit);
  return {
    kind: "freehand",
    points: keys.map((t) => rounded(samples[t]!)),
    speed: "drawn",
    times: keys.map((t) => 1000 * t / TRACK_FPS),
  };
}

/** Hundredths: a hundredth of what a stroke may be off. */
function rounded({ x, y }: Point): Point {
  return { x: Math.round(100 * x) / 100, y: Math.round(100 * y) / 100 };
}

/**
 * Indices of the samples that are needed so that a straight, even motion from
 * each to the next is within `tolerance` of all others; first and last always.
 */
export function keySamples(
  samples: readonly Point[],
  tolerance: number,
): number[] {
  const keys = [0];
  const visit = (from: number, to: number) => {
    const a = samples[from]!, b = samples[to]!;
    let worst = tolerance, at = -1;
    for (let t = from + 1; t < to; t++) {
      const share = (t - from) / (to - from);
      const far = Math.hypot(
        samples[t]!.x - a.x - share * (b.x - a.x),
        samples[t]!.y - a.y - share * (b.y - a.y),
      );
      if (far > worst) [worst, at] = [far, t];
    }
    if (at >= 0) {
      visit(from, at);
      visit(at, to);
    } else if (to > from) keys.push(to);
  };
  visit(0, samples.length - 1);
  return keys;
}

/** The ranges of frames in which a track can be seen. */
function ranges(visible: Uint8Array): EditorTrack["visible"] {
  const found: EditorTrack["visible"] = [];
  visible.forEach((seen, t) => {
    const last = found.at(-1);
    if (!seen) return;
    if (last?.[1] === t - 1) last[1] = t;
    else found.push([t, t]);
  });
  return found;
}
