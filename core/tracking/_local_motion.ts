/**
 * How the surroundings of a point move from one frame to the next.
 *
 * @module
 */

import { solveSymmetric } from "./_solve_symmetric.ts";

/** An affine motion around a point: p + d + L (q - p) for a point q near p. */
export interface LocalMotion {
  /** Displacement of the point itself, px. */
  dx: number;
  dy: number;
  /** The linear part, I + L. */
  a: number;
  b: number;
  c: number;
  d: number;
  /** Typical residual of the neighbors, px. */
  spread: number;
  /** Sum of the neighbors' weights; under 1 little is known. */
  support: number;
}

/** Neighbors of a point, as flat arrays of `count` entries. */
export interface Neighbors {
  count: number;
  /** Position before, relative to the point, px. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Displacement, px. */
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  /** Inverse covariance of the displacement, per square px. */
  readonly xx: Float64Array;
  readonly xy: Float64Array;
  readonly yy: Float64Array;
  /** How much each counts, 0 to 1. */
  readonly weight: Float64Array;
}

/** Room for the neighbors of a point. */
export function neighborRoom(capacity: number): Neighbors {
  return {
    count: 0,
    x: new Float64Array(capacity),
    y: new Float64Array(capacity),
    dx: new Float64Array(capacity),
    dy: new Float64Array(capacity),
    xx: new Float64Array(capacity),
    xy: new Float64Array(capacity),
    yy: new Float64Array(capacity),
    weight: new Float64Array(capacity),
  };
}

/** Change per px and frame that the linear part may easily have. */
const STIFFNESS = 0.02;
/** Px per frame that the displacement may easily have. */
const FREEDOM = 20;
/** Px by which neighbors differ even when they move together. */
const DIVERSITY = 0.25;
const ROUNDS = 4;

const M = new Float64Array(36),
  V = new Float64Array(6),
  S = new Float64Array(6);

/**
 * The affine motion that most neighbors agree on: least squares over what each
 * neighbor's image fixes (along an edge it fixes nothing), with Cauchy weights,
 * started at `start` or else at the weighted median displacement. `scale` is
 * the residual in px that still counts as agreement.
 */
export function localMotion(
  near: Neighbors,
  options: { scale: number; start?: { dx: number; dy: number } },
): LocalMotion {
  const { count, x, y, dx, dy, xx, xy, yy, weight } = near;
  let { scale } = options;
  const motion: LocalMotion = {
    dx: 0,
    dy: 0,
    a: 1,
    b: 0,
    c: 0,
    d: 1,
    spread: Infinity,
    support: 0,
  };
  let total = 0;
  for (let i = 0; i < count; i++) {
    // Information of a scalar kind, for the median.
    const det = xx[i]! * yy[i]! - xy[i]! * xy[i]!;
    const trace = xx[i]! + yy[i]!;
    trusted[i] = det <= 0
      ? 0
      : weight[i]! / (1 + 16 * trace / det * DIVERSITY ** 2);
    total += trusted[i]!;
  }
  if (total < 1e-9) return motion;
  if (options.start) {
    motion.dx = options.start.dx;
    motion.dy = options.start.dy;
    scale *= 2;
  } else {
    motion.dx = weightedMedian(dx, trusted, count, total);
    motion.dy = weightedMedian(dy, trusted, count, total);
    scale *= 4;
  }
  for (let round = 0; round < ROUNDS; round++) {
    // Unknowns: displacement x, y; linear part xx, xy, yx, yy.
    M.fill(0);
    V.fill(0);
    let n = 0, squares = 0, mass = 0;
    for (let i = 0; i < count; i++) {
      const px = x[i]!, py = y[i]!;
      const ex = dx[i]! - motion.dx - (motion.a - 1) * px - motion.b * py;
      const ey = dy[i]! - motion.dy - motion.c * px - (motion.d - 1) * py;
      // The covariance grows by the diversity: (C + s^2 I)^-1.
      const s2 = DIVERSITY * DIVERSITY;
      const p0 = xx[i]! + 1e-9, p1 = xy[i]!, p2 = yy[i]! + 1e-9;
      const det = p0 * p2 - p1 * p1;
      const c0 = p2 / det + s2, c1 = -p1 / det, c2 = p0 / det + s2;
      const det2 = c0 * c2 - c1 * c1;
      const i0 = c2 / det2, i1 = -c1 / det2, i2 = c0 / det2;
      const r2 = (i0 * ex * ex + 2 * i1 * ex * ey + i2 * ey * ey) * s2 /
        (scale * scale);
      const w = weight[i]! / (1 + r2) ** 2;
      n += w * Math.min(i0, i2) * s2;
      const share = w * (i0 + i2) / 2 * s2;
      mass += share;
      squares += share * r2 * scale * scale;
      const w0 = w * i0, w1 = w * i1, w2 = w * i2;
      const gx = w0 * dx[i]! + w1 * dy[i]!, gy = w1 * dx[i]! + w2 * dy[i]!;
      M[0]! += w0;
      M[1]! += w1;
      M[2]! += w0 * px;
      M[3]! += w0 * py;
      M[4]! += w1 * px;
      M[5]! += w1 * py;
      M[7]! += w2;
      M[10]! += w2 * px;
      M[11]! += w2 * py;
      M[14]! += w0 * px * px;
      M[15]! += w0 * px * py;
      M[16]! += w1 * px * px;
      M[17]! += w1 * px * py;
      M[21]! += w0 * py * py;
      M[23]! += w1 * py * py;
      M[28]! += w2 * px * px;
      M[29]! += w2 * px * py;
      M[35]! += w2 * py * py;
      V[0]! += gx;
      V[1]! += gy;
      V[2]! += gx * px;
      V[3]! += gx * py;
      V[4]! += gy * px;
      V[5]! += gy * py;
    }
    M[8] = M[4]!;
    M[9] = M[5]!;
    M[22] = M[17]!;
    const hold = 1 / STIFFNESS ** 2, free = 1 / FREEDOM ** 2;
    M[0]! += free;
    M[7]! += free;
    M[14]! += hold;
    M[21]! += hold;
    M[28]! += hold;
    M[35]! += hold;
    if (!solveSymmetric(M, V, S)) return motion;
    motion.dx = S[0]!;
    motion.dy = S[1]!;
    motion.a = 1 + S[2]!;
    motion.b = S[3]!;
    motion.c = S[4]!;
    motion.d = 1 + S[5]!;
    motion.spread = mass > 0 ? Math.sqrt(squares / mass / 2) : Infinity;
    motion.support = n;
    scale = Math.max(options.scale, scale / 2);
  }
  return motion;
}

const order: number[] = [];
const trusted = new Float64Array(4096);

function weightedMedian(
  values: Float64Array,
  weights: Float64Array,
  count: number,
  total: number,
): number {
  order.length = 0;
  for (let i = 0; i < count; i++) if (weights[i]! > 0) order.push(i);
  order.sort((p, q) => values[p]! - values[q]!);
  let sum = 0;
  for (const i of order) {
    sum += weights[i]!;
    if (sum >= total / 2) return values[i]!;
  }
  return 0;
}
