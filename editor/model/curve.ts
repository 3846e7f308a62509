/**
 * The curves of splines, and new points on them.
 *
 * @module
 */

import { bezierPolyline, cardinalHandles } from "../../core/tracks/path.ts";
import type { Point, SplinePoint, SplineShape } from "./document.ts";

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
  return bezierPolyline(points, handles);
}

const ORIGIN: Point = { x: 0, y: 0 };

function add(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y };
}

/**
 * Inserts a control point in the middle of the segment after point `index`
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
