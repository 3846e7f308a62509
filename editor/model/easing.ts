/**
 * The timing of motions: their easing curves and their progress.
 *
 * @module
 */

import { ease } from "../../core/tracks/easing.ts";
import { type EditorTrack, ownLastFrame, type Timing } from "./document.ts";
import { easingParts } from "./easing_parts.ts";

/** The control values of a CSS `cubic-bezier(x1, y1, x2, y2)`. */
export type Easing = Timing["easing"];

/** Named easing curves for the inspector, in the order in which they are offered. */
export const EASINGS = {
  "Even": [0, 0, 1, 1],
  "Slow start": [0.42, 0, 1, 1],
  "Slow end": [0, 0, 0.58, 1],
  "Slow start and end": [0.42, 0, 0.58, 1],
  "Overshoot": [0.34, 1.56, 0.64, 1],
} as const satisfies Record<string, Easing>;

/**
 * A motion's progress at a frame: 0 up to `start`, 1 from `end` on.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { progressAt } from "./easing.ts";
 * import { FULL_TIMING } from "./document.ts";
 * assert.equal(progressAt(FULL_TIMING, 60), 0.5);
 * ```
 */
export function progressAt(timing: Timing, frame: number): number {
  if (frame <= timing.start) return frame === timing.end ? 1 : 0;
  if (frame >= timing.end) return 1;
  const time = (frame - timing.start) / (timing.end - timing.start);
  if (!timing.joints) return ease(timing.easing, time);
  const parts = easingParts(timing);
  const { from, to, easing } = parts.find((part) => time <= part.to.time) ??
    parts.at(-1)!;
  const share = (time - from.time) / (to.time - from.time);
  return from.progress + ease(easing, share) * (to.progress - from.progress);
}

/**
 * The frame of a track's own time that its timing shows at a frame, where a key
 * is set: within its keys, also where the easing swings beyond them.
 */
export function keyFrameAt(
  { shape, timing }: Pick<EditorTrack, "shape" | "timing">,
  frame: number,
): number {
  const last = ownLastFrame(shape);
  const own = Math.round(progressAt(timing, frame) * last);
  return Math.min(last, Math.max(0, own));
}
