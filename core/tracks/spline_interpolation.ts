/**
 * The curves of KJNodes' SplineEditor: its control points and its kinds of
 * interpolation as Bezier curves, exactly.
 *
 * Source: `web/js/editors/interpolation.js` of ComfyUI-KJNodes, which draws as
 * protovis and d3 3 did: a cardinal spline's handles are whole tangents,
 * `(1 - tension) / 2` of the chord of the neighbors, and its first and last
 * piece are quadratic.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import { cardinalHandles } from "./path.ts";
import type { CurveHandles, TrackCurve } from "./track_curve.ts";

/** A control point, in a `bezier` curve with its handles in px of the image. */
export interface SplinePoint extends Point {
  /** The handle towards the previous point. */
  readonly h1x?: number;
  /** The same, downwards. */
  readonly h1y?: number;
  /** The handle towards the next point. */
  readonly h2x?: number;
  /** The same, downwards. */
  readonly h2y?: number;
}

/** The curve of a SplineEditor's control points. */
export function interpolateSpline(
  points: readonly SplinePoint[],
  options: { readonly interpolation: string; readonly tension: number },
): Pick<TrackCurve, "points" | "handles" | "tension"> {
  const { interpolation, tension } = options;
  const plain = points.map(({ x, y }) => ({ x, y }));
  const straight = { points: plain, tension: 1 };
  const alongTangents = (tangents: readonly Point[]) =>
    tangents.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y))
      ? {
        points: plain,
        tension: 0,
        handles: tangents.map((out) => ({ in: scaled(out, -1), out })),
      }
      : straight;
  switch (interpolation) {
    case "bezier":
      return { points: plain, tension: 0, handles: bezierHandles(points) };
    case "cardinal":
      return points.length < 3
        ? straight
        : { points: plain, tension: 0, handles: cardinal(plain, tension) };
    case "monotone":
      return points.length < 3
        ? straight
        : alongTangents(monotoneTangents(plain));
    case "basis":
      return points.length < 3 ? straight : basis(plain);
    case "step-before":
      return steps(plain, (a, b) => ({ x: a.x, y: b.y }));
    case "step-after":
      return steps(plain, (a, b) => ({ x: b.x, y: a.y }));
    default:
      return straight;
  }
}

/** A curve as control points of a `bezier` SplineEditor. */
export function bezierPoints(
  { points, handles, tension }: Pick<
    TrackCurve,
    "points" | "handles" | "tension"
  >,
): SplinePoint[] {
  const all = handles ?? cardinalHandles(points, tension);
  return points.map((point, i) => {
    const h1 = sum(point, all[i]!.in), h2 = sum(point, all[i]!.out);
    const { x, y } = point;
    return { x, y, h1x: h1.x, h1y: h1.y, h2x: h2.x, h2y: h2.y };
  });
}

function sum(a: Point, b: Point): Point {
  return { x: a.x + b.x, y: a.y + b.y };
}

function minus(a: Point, b: Point): Point {
  return { x: a.x - b.x, y: a.y - b.y };
}

function scaled({ x, y }: Point, by: number): Point {
  return { x: by * x, y: by * y };
}

const NONE: Point = { x: 0, y: 0 };

/** The stored handles; those that are missing are a quarter of the chord. */
function bezierHandles(points: readonly SplinePoint[]): CurveHandles[] {
  return points.map((point, i) => {
    const { h1x, h1y, h2x, h2y } = point;
    if (h1x === undefined || h1y === undefined) {
      const before = points[Math.max(0, i - 1)]!;
      const after = points[Math.min(points.length - 1, i + 1)]!;
      const out = scaled(minus(after, before), 0.25);
      return { in: scaled(out, -1), out };
    }
    return {
      in: minus({ x: h1x, y: h1y }, point),
      out: minus({ x: h2x ?? point.x, y: h2y ?? point.y }, point),
    };
  });
}

/** Cubic inside; of the quadratic ends, the cubics that are equal to them. */
function cardinal(points: readonly Point[], tension: number): CurveHandles[] {
  const last = points.length - 1;
  const tangent = (i: number) =>
    scaled(minus(points[i + 1]!, points[i - 1]!), (1 - tension) / 2);
  // The control point of a quadratic piece: two thirds of the tangent away.
  const first = minus(points[1]!, scaled(tangent(1), 2 / 3));
  const end = sum(points[last - 1]!, scaled(tangent(last - 1), 2 / 3));
  return points.map((point, i) => {
    if (i === 0) return { in: NONE, out: scaled(minus(first, point), 2 / 3) };
    if (i === last) return { in: scaled(minus(end, point), 2 / 3), out: NONE };
    const t = tangent(i);
    return {
      in: scaled(t, i === 1 ? -4 / 9 : -1),
      out: scaled(t, i === last - 1 ? 4 / 9 : 1),
    };
  });
}

/** A third of a Hermite tangent that keeps y from overshooting along x. */
function monotoneTangents(points: readonly Point[]): Point[] {
  const last = points.length - 1;
  const slopes = points.slice(1).map((p, i) =>
    (p.y - points[i]!.y) / (p.x - points[i]!.x)
  );
  const m = points.map((_, i) =>
    i === 0
      ? slopes[0]!
      : i === last
      ? slopes[last - 1]!
      : (slopes[i - 1]! + slopes[i]!) / 2
  );
  slopes.forEach((slope, i) => {
    if (Math.abs(slope) < 1e-7) m[i] = m[i + 1] = 0;
  });
  slopes.forEach((slope, i) => {
    if (Math.abs(m[i]!) < 1e-5 || Math.abs(m[i + 1]!) < 1e-5) return;
    const a = m[i]! / slope, b = m[i + 1]! / slope;
    const size = a * a + b * b;
    if (size <= 9) return;
    const k = 3 / Math.sqrt(size);
    m[i] = k * a * slope;
    m[i + 1] = k * b * slope;
  });
  return points.map((_, i) => {
    const before = points[Math.max(0, i - 1)]!;
    const after = points[Math.min(last, i + 1)]!;
    const share = i === 0 || i === last ? 1 : 0.5;
    const x = share * (after.x - before.x) / 3 / (1 + m[i]! * m[i]!);
    return { x, y: m[i]! * x };
  });
}

/** A uniform cubic B-spline from the first control point to the last. */
function basis(
  points: readonly Point[],
): Pick<TrackCurve, "points" | "handles" | "tension"> {
  const first = points[0]!, last = points.at(-1)!;
  const line = [first, first, ...points, last, last];
  const mix = (a: Point, b: Point, share: number) =>
    sum(scaled(a, 1 - share), scaled(b, share));
  // The knots: where two of its pieces meet.
  const knots: Point[] = [], handles: CurveHandles[] = [];
  for (let i = 1; i + 1 < line.length; i++) {
    const before = mix(line[i]!, line[i - 1]!, 1 / 3);
    const after = mix(line[i]!, line[i + 1]!, 1 / 3);
    const knot = mix(before, after, 0.5);
    knots.push(knot);
    handles.push({ in: minus(before, knot), out: minus(after, knot) });
  }
  return { points: knots, handles, tension: 0 };
}

/** Straight pieces with a corner between every two points. */
function steps(
  points: readonly Point[],
  corner: (a: Point, b: Point) => Point,
): Pick<TrackCurve, "points" | "handles" | "tension"> {
  const line = points.flatMap((point, i) =>
    i === 0 ? [point] : [corner(points[i - 1]!, point), point]
  );
  return { points: line, tension: 1 };
}
