/**
 * Curves through points: sampled densely, then walked at even speed.
 *
 * @module
 */

import type { Point, Shape, SplinePoint } from "./document.ts";

/** Samples on each piece of a curve between two control points. */
const STEPS = 48;

type SplineShape = Extract<Shape, { kind: "spline" }>;

/**
 * The curve of a spline as a dense polyline, in px, its control points among
 * the samples.
 *
 * `cardinal` runs through all points with tangents `(1 - tension) *
 * (next - previous) / 2`, the ends doubled; `bezier` uses each point's own
 * handles; `linear` joins the points.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { splinePolyline } from "./curve.ts";
 * const line = splinePolyline({
 *   kind: "spline", curve: "linear", tension: 0,
 *   points: [{ x: 0, y: 0 }, { x: 3, y: 4 }],
 * });
 * assert.equal(line.length, 2);
 * ```
 */
export function splinePolyline(spline: SplineShape): Point[] {
  const { points, curve } = spline;
  if (points.length < 2 || curve === "linear") {
    return points.map(({ x, y }) => ({ x, y }));
  }
  const handles = curve === "bezier"
    ? points.map((p) => ({ in: p.in ?? ORIGIN, out: p.out ?? ORIGIN }))
    : cardinalHandles(points, spline.tension);
  const line: Point[] = [{ x: points[0]!.x, y: points[0]!.y }];
  for (let i = 0; i + 1 < points.length; i++) {
    const a = points[i]!, b = points[i + 1]!;
    const c1 = add(a, handles[i]!.out), c2 = add(b, handles[i + 1]!.in);
    for (let k = 1; k <= STEPS; k++) {
      line.push(cubicPoint([a, c1, c2, b], k / STEPS));
    }
  }
  return line;
}

const ORIGIN: Point = { x: 0, y: 0 };

function add(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y };
}

/**
 * The Bezier handles of a cardinal spline, relative to each point: what
 * "convert to bezier" gives.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { cardinalHandles } from "./curve.ts";
 * const [first] = cardinalHandles([{ x: 0, y: 0 }, { x: 6, y: 0 }], 0);
 * assert.equal(first!.out.x, 1);
 * ```
 */
export function cardinalHandles(
  points: readonly Point[],
  tension: number,
): { in: Point; out: Point }[] {
  return points.map((_, i) => {
    const before = points[Math.max(0, i - 1)]!;
    const after = points[Math.min(points.length - 1, i + 1)]!;
    // A cubic's handle is a third of its tangent; the tangent is half the
    // chord of the neighbours.
    const scale = (1 - tension) / 6;
    const out = {
      x: scale * (after.x - before.x),
      y: scale * (after.y - before.y),
    };
    return { in: { x: -out.x, y: -out.y }, out };
  });
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

/**
 * Inserts a control point in the middle of the piece after point `index`
 * without changing the shape of a linear or bezier spline.
 *
 * @throws {RangeError} When there is no such piece.
 */
export function subdivideSpline(
  spline: SplineShape,
  index: number,
): SplineShape {
  const a = spline.points[index], b = spline.points[index + 1];
  if (!a || !b) {
    throw new RangeError(
      `Cannot subdivide piece ${index}: the spline has ${
        spline.points.length - 1
      }`,
    );
  }
  const points = [...spline.points];
  if (spline.curve === "linear") {
    points.splice(index + 1, 0, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
    return { ...spline, points };
  }
  const handles = spline.curve === "bezier"
    ? { out: a.out ?? ORIGIN, in: b.in ?? ORIGIN }
    : (() => {
      const all = cardinalHandles(spline.points, spline.tension);
      return { out: all[index]!.out, in: all[index + 1]!.in };
    })();
  // De Casteljau at one half.
  const half = (p: Point, q: Point) => ({
    x: (p.x + q.x) / 2,
    y: (p.y + q.y) / 2,
  });
  const c1 = add(a, handles.out), c2 = add(b, handles.in);
  const left = half(a, c1), top = half(c1, c2), right = half(c2, b);
  const inner = half(left, top), outer = half(top, right);
  const middle = half(inner, outer);
  const from = (p: Point, origin: Point) => ({
    x: p.x - origin.x,
    y: p.y - origin.y,
  });
  const inserted: SplinePoint = spline.curve === "bezier"
    ? { ...middle, in: from(inner, middle), out: from(outer, middle) }
    : middle;
  if (spline.curve === "bezier") {
    points[index] = { ...a, out: from(left, a) };
    points[index + 1] = { ...b, in: from(right, b) };
  }
  points.splice(index + 1, 0, inserted);
  return { ...spline, points };
}

/** A polyline with its running length, ready to be walked. */
export interface Path {
  /** The points, px. */
  readonly points: readonly Point[];
  /** At each point, the length from the start in px. */
  readonly lengths: Float64Array;
}

/**
 * Measures a polyline.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { measurePath, pointAt } from "./curve.ts";
 * const path = measurePath([{ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 10, y: 30 }]);
 * const middle = pointAt(path, 0.5);
 * assert.equal(middle.x, 10);
 * assert.equal(middle.y, 10);
 * ```
 */
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
