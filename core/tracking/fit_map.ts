/**
 * Maps of the plane out of pairs of points: similarity, affine, homography.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { Point } from "../base/image.ts";
import { solveSymmetric } from "./_solve_symmetric.ts";

/**
 * A projective map, (3, 3) in row-major order: (x, y, 1) becomes
 * (u, v, w), the point (u / w, v / w).
 */
export type PlaneMap = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** The kinds of maps, the simplest first. */
export type PlaneMapKind = "similarity" | "affine" | "homography";

/** How many pairs a kind needs at least. */
export const PAIRS_NEEDED: Readonly<Record<PlaneMapKind, number>> = {
  similarity: 2,
  affine: 3,
  homography: 4,
};

/** The map that changes nothing. */
export const IDENTITY: PlaneMap = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Where a point goes. */
export function mapPoint(m: PlaneMap, { x, y }: Point): Point {
  const w = m[6] * x + m[7] * y + m[8];
  return {
    x: (m[0] * x + m[1] * y + m[2]) / w,
    y: (m[3] * x + m[4] * y + m[5]) / w,
  };
}

/**
 * Whether a point is on the side of the map's horizon where its points were:
 * beyond it the map turns it around.
 */
export function isBeforeHorizon(m: PlaneMap, { x, y }: Point): boolean {
  return m[6] * x + m[7] * y + m[8] > 1e-9;
}

/** The map that does `q` first and then `p`. */
export function composeMaps(p: PlaneMap, q: PlaneMap): PlaneMap {
  const m = Array.from({ length: 9 }, (_, i) => {
    const row = 3 * Math.floor(i / 3), column = i % 3;
    return p[row]! * q[column]! + p[row + 1]! * q[column + 3]! +
      p[row + 2]! * q[column + 6]!;
  });
  return m as unknown as PlaneMap;
}

/**
 * The map that undoes another.
 *
 * @throws {RangeError} When it flattens the plane.
 */
export function invertMap(m: PlaneMap): PlaneMap {
  const [a, b, c, d, e, f, g, h, i] = m;
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (!(Math.abs(det) > 1e-12)) {
    throw new RangeError(
      `Cannot invert the map ${quote(m.join(" "))}: it flattens the plane`,
    );
  }
  return [
    (e * i - f * h) / det,
    (c * h - b * i) / det,
    (b * f - c * e) / det,
    (f * g - d * i) / det,
    (a * i - c * g) / det,
    (c * d - a * f) / det,
    (d * h - e * g) / det,
    (b * g - a * h) / det,
    (a * e - b * d) / det,
  ];
}

/**
 * The map of a kind with the least squares between `from` and `to`, exact
 * where there are only as many pairs as it needs; `undefined` where the points
 * do not fix it, as when three of four are on a line.
 *
 * @throws {RangeError} When there are too few pairs, or not as many on both
 * sides.
 */
export function fitMap(
  from: readonly Point[],
  to: readonly Point[],
  options: { kind: PlaneMapKind },
): PlaneMap | undefined {
  const { kind } = options;
  if (from.length !== to.length || from.length < PAIRS_NEEDED[kind]) {
    throw new RangeError(
      `Cannot fit a map of kind ${
        quote(kind)
      } to ${from.length} and ${to.length} points, expected at least ${
        PAIRS_NEEDED[kind]
      } pairs`,
    );
  }
  const p = normalizer(from), q = normalizer(to);
  if (!p || !q) return undefined;
  const unknowns = kind === "similarity" ? 4 : kind === "affine" ? 6 : 8;
  const matrix = new Float64Array(unknowns * unknowns);
  const right = new Float64Array(unknowns);
  const solution = new Float64Array(unknowns);
  const row = new Float64Array(unknowns);
  const add = (value: number) => {
    for (let i = 0; i < unknowns; i++) {
      right[i]! += row[i]! * value;
      for (let j = i; j < unknowns; j++) {
        matrix[unknowns * i + j]! += row[i]! * row[j]!;
      }
    }
  };
  from.forEach((point, n) => {
    const { x, y } = mapPoint(p, point), { x: u, y: v } = mapPoint(q, to[n]!);
    if (kind === "similarity") {
      row.set([x, -y, 1, 0]);
      add(u);
      row.set([y, x, 0, 1]);
      add(v);
    } else if (kind === "affine") {
      row.set([x, y, 1, 0, 0, 0]);
      add(u);
      row.set([0, 0, 0, x, y, 1]);
      add(v);
    } else {
      row.set([x, y, 1, 0, 0, 0, -u * x, -u * y]);
      add(u);
      row.set([0, 0, 0, x, y, 1, -v * x, -v * y]);
      add(v);
    }
  });
  if (!solveSymmetric(matrix, right, solution)) return undefined;
  const s = [...solution] as number[];
  const inner: PlaneMap = kind === "similarity"
    ? [s[0]!, -s[1]!, s[2]!, s[1]!, s[0]!, s[3]!, 0, 0, 1]
    : kind === "affine"
    ? [s[0]!, s[1]!, s[2]!, s[3]!, s[4]!, s[5]!, 0, 0, 1]
    : [s[0]!, s[1]!, s[2]!, s[3]!, s[4]!, s[5]!, s[6]!, s[7]!, 1];
  return composeMaps(invertMap(q), composeMaps(inner, p));
}

/**
 * Moves points to a mean of 0 and a mean distance of 1, which keeps the least
 * squares well conditioned; none where all are one point.
 */
function normalizer(points: readonly Point[]): PlaneMap | undefined {
  let mx = 0, my = 0, spread = 0;
  for (const { x, y } of points) {
    mx += x / points.length;
    my += y / points.length;
  }
  for (const { x, y } of points) {
    spread += Math.hypot(x - mx, y - my) / points.length;
  }
  if (!(spread > 1e-9)) return undefined;
  const s = 1 / spread;
  return [s, 0, -s * mx, 0, s, -s * my, 0, 0, 1];
}
