/**
 * Curves through places: sampled densely, then walked at even speed.
 *
 * @module
 */

import type { Point } from "../base/image.ts";

/**
 * The Bezier handles of a cardinal spline, relative to each point: tangents
 * are `(1 - tension) * (next - previous) / 2`, the ends doubled.
 */
export function cardinalHandles(
  points: readonly Point[],
  tension: number,
): { in: Point; out: Point }[] {
  return points.map((_, i) => {
    const before = points[Math.max(0, i - 1)]!;
    const after = points[Math.min(points.length - 1, i + 1)]!;
    // A cubic's handle is a third of its tangent; the tangent is half the
    // chord of the neighbors.
    const scale = (1 - tension) / 6;
    const out = {
      x: scale * (after.x - before.x),
      y: scale * (after.y - before.y),
    };
    return { in: { x: -out.x, y: -out.y }, out };
  });
}

/** Samples on each piece of a curve between two points. */
const STEPS = 48;

/**
 * The Bezier curve through points with handles (relative to each point) as a
 * dense polyline, the points themselves among the samples.
 */
export function bezierPolyline(
  points: readonly Point[],
  handles: readonly { readonly in: Point; readonly out: Point }[],
): Point[] {
  const line = points.slice(0, 1).map(({ x, y }) => ({ x, y }));
  for (let i = 0; i + 1 < points.length; i++) {
    const a = points[i]!, b = points[i + 1]!;
    const c1 = add(a, handles[i]!.out), c2 = add(b, handles[i + 1]!.in);
    for (let k = 1; k <= STEPS; k++) {
      line.push(cubicPoint([a, c1, c2, b], k / STEPS));
    }
  }
  return line;
}

function add(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y };
}

function cubicPoint(
  [p0, p1, p2, p3]: readonly [Point, Point, Point, Point],
  s: number,
): Point {
  const r = 1 - s;
  const a = r * r * r, b = 3 * r * r * s, c = 3 * r * s * s, d = s * s * s;
  return {
    x: a * p0.x + b * p1.x + c * p2.x + d * p3.x,
    y: a * p0.y + b * p1.y + c * p2.y + d * p3.y,
  };
}

/** A polyline with its running length, ready to be walked. */
export interface Path {
  /** The points, px. */
  readonly points: readonly Point[];
  /** At each point, the length from the start in px. */
  readonly lengths: Float64Array;
}

/** Measures a polyline. */
export function measurePath(points: readonly Point[]): Path {
  const lengths = new Float64Array(points.length);
  for (let i = 1; i < points.length; i++) {
    lengths[i] = lengths[i - 1]! + Math.hypot(
      points[i]!.x - points[i - 1]!.x,
      points[i]!.y - points[i - 1]!.y,
    );
  }
  return { points, lengths };
}

/**
 * The point at a fraction of the path's length. Fractions below 0 and above 1
 * (an easing that overshoots) continue straight on along the end pieces.
 */
export function pointAt(path: Path, fraction: number): Point {
  const total = path.lengths.at(-1) ?? 0;
  return pointAtKey(path.points, path.lengths, fraction * total);
}

/**
 * The point where `keys` (rising, one per point: lengths, or times) reach
 * `value`, by linear interpolation.
 */
export function pointAtKey(
  points: readonly Point[],
  keys: ArrayLike<number>,
  value: number,
): Point {
  const last = points.length - 1;
  if (last <= 0) return points[0]!;
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (keys[middle]! <= value) low = middle;
    else high = middle;
  }
  // A piece without length gives no direction: step over it.
  while (high < last && keys[high] === keys[low]) high++;
  while (low > 0 && keys[high] === keys[low]) low--;
  const a = points[low]!, b = points[high]!;
  const span = keys[high]! - keys[low]!;
  const t = span > 0 ? (value - keys[low]!) / span : 0;
  return { x: a.x + t * (b.x - a.x), y: a.y + t * (b.y - a.y) };
}
