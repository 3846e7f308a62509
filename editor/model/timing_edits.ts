/**
 * When a motion runs, as a person changes it: bars that are dragged, numbers
 * that are typed, a speed that is asked for.
 *
 * @module
 */

import { measurePath } from "../../core/tracks/path.ts";
import { splinePolyline } from "./curve.ts";
import type { Shape, Timing } from "./document.ts";
import { shapePositions } from "./edits.ts";

/** How far time goes. */
interface Time {
  /** The document's last frame. */
  readonly last: number;
}

/** A whole frame, the nearest to `frame`. */
export function clampFrame(frame: number, last: number): number {
  return Math.min(last, Math.max(0, Math.round(frame)));
}

/**
 * A timing with another start or end. The end that is not moved stays where
 * it is, and is never passed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { setTimingEnd } from "./timing_edits.ts";
 * import { FULL_TIMING } from "./document.ts";
 * const timing = setTimingEnd(FULL_TIMING, { start: 500 }, { last: 120 });
 * assert.equal(timing.start, 120);
 * assert.equal(timing.end, 120);
 * ```
 */
export function setTimingEnd(
  timing: Timing,
  change: { readonly start: number } | { readonly end: number },
  { last }: Time,
): Timing {
  return "start" in change
    ? {
      ...timing,
      start: Math.min(clampFrame(change.start, last), timing.end),
    }
    : { ...timing, end: Math.max(clampFrame(change.end, last), timing.start) };
}

/**
 * A timing moved as a whole by some frames, from frame 0 on; one that ends by
 * the last frame still does.
 */
export function moveTiming(
  timing: Timing,
  by: number,
  { last }: Time,
): Timing {
  const step = Math.min(
    Math.max(0, last - timing.end),
    Math.max(-timing.start, Math.round(by)),
  );
  return step === 0
    ? timing
    : { ...timing, start: timing.start + step, end: timing.end + step };
}

/**
 * How far a shape takes its point, in px. A circle's path is that of its
 * radius.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { shapeLength } from "./timing_edits.ts";
 * const length = shapeLength({
 *   kind: "spline", curve: "linear", tension: 0,
 *   points: [{ x: 0, y: 0 }, { x: 3, y: 4 }],
 * });
 * assert.equal(length, 5);
 * ```
 */
export function shapeLength(shape: Shape): number {
  switch (shape.kind) {
    case "static":
      return 0;
    case "circle":
      return shape.radii.reduce(
        (sum, key, i) =>
          i === 0 ? 0 : sum + Math.abs(key.radius - shape.radii[i - 1]!.radius),
        0,
      );
    case "spline":
      return measurePath(splinePolyline(shape)).lengths.at(-1) ?? 0;
    default:
      return measurePath(shapePositions(shape)).lengths.at(-1) ?? 0;
  }
}

/** The mean speed of a motion in px per frame; 0 for what does not move. */
export function meanSpeed(shape: Shape, timing: Timing): number {
  const frames = timing.end - timing.start;
  return frames === 0 ? 0 : shapeLength(shape) / frames;
}

/**
 * The timing at which a shape is walked at a mean speed: the start stays, the
 * end moves, at most to the last frame.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { withSpeed } from "./timing_edits.ts";
 * import { FULL_TIMING } from "./document.ts";
 * const shape = {
 *   kind: "spline" as const, curve: "linear" as const, tension: 0,
 *   points: [{ x: 0, y: 0 }, { x: 100, y: 0 }],
 * };
 * const timing = withSpeed({ shape, timing: FULL_TIMING }, 2, { last: 120 });
 * assert.equal(timing.end, 50);
 * ```
 */
export function withSpeed(
  { shape, timing }: { readonly shape: Shape; readonly timing: Timing },
  speed: number,
  { last }: Time,
): Timing {
  const length = shapeLength(shape);
  if (!(speed > 0) || length === 0) return timing;
  const frames = Math.max(1, Math.round(length / speed));
  return {
    ...timing,
    end: Math.max(timing.start, Math.min(last, timing.start + frames)),
  };
}

/**
 * Why a motion cannot have a mean speed, and which it can have; undefined
 * where it can, within half a frame.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { speedProblem } from "./timing_edits.ts";
 * import { FULL_TIMING } from "./document.ts";
 * const shape = {
 *   kind: "spline" as const, curve: "linear" as const, tension: 0,
 *   points: [{ x: 0, y: 0 }, { x: 120, y: 0 }],
 * };
 * const motion = { shape, timing: FULL_TIMING };
 * assert.equal(speedProblem(motion, 2, { last: 120 }), undefined);
 * assert.match(speedProblem(motion, 0.5, { last: 120 })!, /slowest is 1 px\/frame/);
 * ```
 */
export function speedProblem(
  { shape, timing }: { readonly shape: Shape; readonly timing: Timing },
  speed: number,
  { last }: Time,
): string | undefined {
  const length = shapeLength(shape);
  const frames = length / speed;
  const left = last - timing.start;
  const said = (value: number) => `${Math.round(100 * value) / 100} px/frame`;
  const px = `${Math.round(10 * length) / 10} px`;
  if (length === 0) return "It does not move: there is no path to walk";
  if (left <= 0) {
    return `It starts at the last frame, ${last}: start it earlier`;
  }
  if (frames > left + 0.5) {
    return `The slowest is ${
      said(length / left)
    }: ${px} in ${left} frames. Start it earlier or make the path longer`;
  }
  if (frames < 0.5) {
    return `The fastest is ${said(length)}: ${px} in one frame`;
  }
  return undefined;
}
