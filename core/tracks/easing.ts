/**
 * Easing curves: how progress follows time.
 *
 * @module
 */

/** The control values of a CSS `cubic-bezier(x1, y1, x2, y2)`; x from 0 to 1. */
export type Easing = readonly [x1: number, y1: number, x2: number, y2: number];

/** Easing curves by the names that CSS gives them. */
export const EASINGS = {
  "linear": [0, 0, 1, 1],
  "ease-in": [0.42, 0, 1, 1],
  "ease-out": [0, 0, 0.58, 1],
  "ease-in-out": [0.42, 0, 0.58, 1],
} as const satisfies Record<string, Easing>;

/** The name of an easing curve: slow at neither, one, or both of its ends. */
export type EasingName = keyof typeof EASINGS;

/**
 * Progress (0 to 1, more where the curve overshoots) at time `t` (0 to 1).
 *
 * Source: CSS Easing Functions Level 1, `cubic-bezier()`; x(s) is inverted by
 * Newton steps with bisection as the fallback.
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
