/**
 * Tracks drawn in code: through places, at a pace.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { Point } from "../base/image.ts";
import { ease, type Easing, type EasingName } from "./easing.ts";
import { resolveEasing } from "./resolve_easing.ts";
import {
  bezierPolyline,
  cardinalHandles,
  measurePath,
  pointAt,
} from "./path.ts";
import { TRACK_FRAMES, type TrackPoint } from "./track_set.ts";

/** How a track goes along its way. */
export interface DrawTrackOptions {
  /**
   * How it starts and stops: a name that CSS has for it, or control values;
   * `"linear"`, at even speed, unless given. Choose `"ease-in-out"` for what
   * sets itself in motion and comes to rest.
   */
  readonly easing?: EasingName | Easing;
  /** The frame in which it sets out, 0 to 120; it rests before. Default 0. */
  readonly start?: number;
  /** The frame in which it arrives, 0 to 120; it rests after. Default 120. */
  readonly end?: number;
  /** Straight from place to place instead of a smooth curve through them. */
  readonly straight?: boolean;
}

/**
 * One track for `TrackSet.fromPoints`, 121 points that are always visible. It
 * goes through the places, in px of the source image, at a speed that does not
 * depend on how they are spread; a single place makes a track that stands
 * still. A function says where the track is at each progress from 0 to 1.
 *
 * @throws {RangeError} When there is no place, a coordinate is not finite, the
 * frames are not whole numbers from 0 to 120 in order, or the easing is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTrack, TrackSet } from "@ati/ati";
 * const tracks = TrackSet.fromPoints([
 *   drawTrack([{ x: 100, y: 300 }, { x: 400, y: 260 }, { x: 700, y: 300 }], {
 *     easing: "ease-in-out",
 *   }),
 *   drawTrack([{ x: 560, y: 80 }]), // the moon stays where it is
 *   drawTrack((turn) => ({
 *     x: 200 + 40 * Math.cos(2 * Math.PI * turn),
 *     y: 120 + 40 * Math.sin(2 * Math.PI * turn),
 *   })),
 * ]);
 * assert.equal(tracks.x(0, 120), 700);
 * assert.equal(tracks.x(1, 60), 560);
 * assert.equal(tracks.x(2, 60), 160);
 * ```
 */
export function drawTrack(
  path: readonly Point[] | ((progress: number) => Point),
  options: DrawTrackOptions = {},
): TrackPoint[] {
  const { easing = "linear", start = 0, end = TRACK_FRAMES - 1 } = options;
  const curve = resolveEasing(easing);
  if (!isFrame(start) || !isFrame(end) || start > end) {
    throw new RangeError(
      `Cannot draw a track from frame ${quote(start)} to ${
        quote(end)
      }, expected whole numbers from 0 to ${TRACK_FRAMES - 1} in order`,
    );
  }
  const placeAt = typeof path === "function"
    ? path
    : walk(path, options.straight ?? false);
  return Array.from({ length: TRACK_FRAMES }, (_, frame) => {
    const time = end === start
      ? Number(frame >= start)
      : (frame - start) / (end - start);
    const { x, y } = placeAt(ease(curve, time));
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      throw new RangeError(
        `Cannot draw a track through ${x}, ${y} at frame ${frame}, expected finite numbers of px`,
      );
    }
    return { x, y, visible: true };
  });
}

function isFrame(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < TRACK_FRAMES;
}

/** Where one is on the way through the places, by the share of its length. */
function walk(
  places: readonly Point[],
  straight: boolean,
): (progress: number) => Point {
  if (places.length === 0) {
    throw new RangeError("Cannot draw a track through no place, expected one");
  }
  const path = measurePath(
    straight ? places : bezierPolyline(places, cardinalHandles(places, 0)),
  );
  return (progress) => pointAt(path, progress);
}
