/**
 * How the surroundings of a point move from one frame to the next.
 *
 * @module
 */

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
    weight: new Float64Array(capacity),
  };
}

/** Change per px and frame that the linear part may easily have. */
const STIFFNESS = 0.02;
const ROUNDS = 4;

/**
 * The affine motion that most neighbors agree on: least squares with Cauchy
 * weights, started at the weighted median displacement. `scale` is the
 * residual in px that still counts as agreement.
 */
export function localMotion(
  near: Neighbors,
  options: { scale: number },
): LocalMotion {
  const { count, x, y, dx, dy, weight } = near;
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
  for (let i = 0; i < count; i++) total += weight[i]!;
  if (total < 1e-6) return motion;
  motion.dx = weightedMedian(dx, weight, count, total);
  motion.dy = weightedMedian(dy, weight, count, total);
  scale *= 4;
  for (let round = 0; round < ROUNDS; round++) {
    // Unknowns per axis: displacement, change along x, change along y.
    let n = 0, sx = 0, sy = 0, xx = 0, xy = 0, yy = 0;
    let u = 0, ux = 0, uy = 0, v = 0, vx = 0, vy = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const px = x[i]!, py = y[i]!;
      const ex = dx[i]! - motion.dx - (motion.a - 1) * px - motion.b * py;
      const ey = dy[i]! - motion.dy - motion.c * px - (motion.d - 1) * py;
      const r2 = (ex * ex + ey * ey) / (scale * scale);
      const w = weight[i]! / (1 + r2) ** 2;
      n += w;
      sx += w * px;
      sy += w * py;
      xx += w * px * px;
      xy += w * px * py;
      yy += w * py * py;
      u += w * dx[i]!;
      ux += w * dx[i]! * px;
      uy += w * dx[i]! * py;
      v += w * dy[i]!;
      vx += w * dy[i]! * px;
      vy += w * dy[i]! * py;
      squares += w * (ex * ex + ey * ey);
    }
    if (n < 1e-6) return motion;
    // The prior of the linear part: residual 0.3 px against STIFFNESS.
    const hold = (0.3 / STIFFNESS) ** 2;
    xx += hold;
    yy += hold;
    const cxx = xx - sx * sx / n, cxy = xy - sx * sy / n, cyy = yy - sy * sy / n;
    const det = cxx * cyy - cxy * cxy;
    const bx = ux - u * sx / n, by = uy - u * sy / n;
    const dx1 = (cyy * bx - cxy * by) / det, dy1 = (cxx * by - cxy * bx) / det;
    const ex = vx - v * sx / n, ey = vy - v * sy / n;
    const dx2 = (cyy * ex - cxy * ey) / det, dy2 = (cxx * ey - cxy * ex) / det;
    motion.a = 1 + dx1;
    motion.b = dy1;
    motion.c = dx2;
    motion.d = 1 + dy2;
    motion.dx = (u - dx1 * sx - dy1 * sy) / n;
    motion.dy = (v - dx2 * sx - dy2 * sy) / n;
    motion.spread = Math.sqrt(squares / n / 2);
    motion.support = n;
    scale = Math.max(options.scale, scale / 2);
  }
  return motion;
}

const order: number[] = [];

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
