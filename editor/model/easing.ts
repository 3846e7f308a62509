/**
 * Easing curves: how progress follows time.
 *
 * @module
 */

import type { Timing } from "./document.ts";

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
 * Progress (0 to 1, more where the curve overshoots) at time `t` (0 to 1).
 *
 * Source: CSS Easing Functions Level 1, `cubic-bezier()`; x(s) is inverted by
 * Newton steps with bisection as the fallback.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ease } from "./easing.ts";
 * assert.equal(ease([0, 0, 1, 1], 0.25), 0.25);
 * assert.ok(ease([0.42, 0, 1, 1], 0.5) < 0.5);
 * ```
 */
export function ease(easing: Easing, t: number): number {
  const [x1, y1, x2, y2] = easing;
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  if (x1 === y1 && x2 === y2) return t;
  const x = (s: number) => bezier(x1, x2, s);
  let low = 0, high = 1, s = t;
  for (let i = 0; i < 60; i++) {
    const error = x(s) - t;
    if (Math.abs(error) < 1e-9) break;
    if (error > 0) high = s;
    else low = s;
    const slope = 3 * (1 - s) * (1 - s) * x1 + 6 * (1 - s) * s * (x2 - x1) +
      3 * s * s * (1 - x2);
    const newton = s - error / slope;
    s = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return bezier(y1, y2, s);
}

function bezier(a: number, b: number, s: number): number {
  return 3 * (1 - s) * (1 - s) * s * a + 3 * (1 - s) * s * s * b + s * s * s;
}

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
  return ease(
    timing.easing,
    (frame - timing.start) / (timing.end - timing.start),
  );
}
