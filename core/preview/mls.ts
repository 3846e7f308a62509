/**
 * Moving least squares with rigid transforms: how a few control points bend a
 * plane.
 *
 * Source: Schaefer, McPhail, Warren, "Image Deformation Using Moving Least
 * Squares" (SIGGRAPH 2006), section 2.3, with weights 1/d^4. One jump from
 * start to end folds the plane over itself as soon as a point moves further
 * than about a third of its distance to the next one, and a fold shows as a
 * second copy of what moved. Here the control points travel along straight
 * lines in several small steps and the plane flows with them, so that it is
 * stretched and squeezed but not folded.
 *
 * Pure and free of allocation in its loops; the browser's editor runs it too.
 *
 * @module
 */

/** Control points that bend a plane, in any unit of length. */
export interface ControlPoints {
  /** How many there are; the arrays may be longer. */
  readonly count: number;
  /** Where they start: x, y pairs. */
  readonly from: Float64Array;
  /** Where they end: x, y pairs. */
  readonly to: Float64Array;
  /** How strongly each pulls; 1 is usual, 0 is none. */
  readonly weight: Float64Array;
}

/** How {@linkcode deformPoints} works. */
export interface DeformOptions {
  /**
   * Steps along the way, default 8. One step is the textbook's single jump;
   * take more the further points travel against their distances.
   */
  readonly steps?: number;
  /**
   * Within this distance a control point's weight levels off, default 1e-3 (as
   * good as none). Neighbours that disagree within it are averaged.
   */
  readonly softness?: number;
}

/** Below this share of its terms a rotation is noise, and left out. */
const NO_ROTATION = 1e-9;

/**
 * Moves `points` (x, y pairs, changed in place) as the control points move
 * from `from` to `to`. Without control points nothing moves; a lone one moves
 * everything by the same translation.
 *
 * @example
 * ```ts
 * import { deformPoints } from "./mls.ts";
 * const points = new Float32Array([0, 0, 5, 5]);
 * deformPoints(points, {
 *   count: 1,
 *   from: new Float64Array([1, 1]),
 *   to: new Float64Array([3, 1]),
 *   weight: new Float64Array([1]),
 * });
 * console.assert(Math.abs(points[2]! - 7) < 1e-6);
 * ```
 */
export function deformPoints(
  points: Float32Array | Float64Array,
  controls: ControlPoints,
  options: DeformOptions = {},
): void {
  const { steps = 8, softness = 1e-3 } = options;
  const { count, from, to, weight } = controls;
  if (count === 0) return;
  const soft = softness * softness;
  // x, y, dx, dy, weight of every control point that pulls, in this step.
  const now = new Float64Array(5 * count);
  let used = 0;
  for (let i = 0; i < count; i++) {
    if (!(weight[i]! > 0)) continue;
    now[used] = from[2 * i]!;
    now[used + 1] = from[2 * i + 1]!;
    now[used + 2] = (to[2 * i]! - from[2 * i]!) / steps;
    now[used + 3] = (to[2 * i + 1]! - from[2 * i + 1]!) / steps;
    now[used + 4] = weight[i]!;
    used += 5;
  }
  for (let step = 0; step < steps; step++) {
    for (let k = 0; k < points.length; k += 2) {
      moveOne(points, k, now, used, soft);
    }
    for (let i = 0; i < used; i += 5) {
      now[i] = now[i]! + now[i + 2]!;
      now[i + 1] = now[i + 1]! + now[i + 3]!;
    }
  }
}

/**
 * One small step of one point. With the plane's numbers as complex ones, p the
 * control points as seen from the point, u their steps, and p*, u* the weighted
 * means: the rotation is that of sum w conj(p - p*) (p + u - p* - u*), and the
 * point goes to p* + u* - rotation p*.
 */
function moveOne(
  points: Float32Array | Float64Array,
  k: number,
  now: Float64Array,
  used: number,
  soft: number,
): void {
  const x = points[k]!, y = points[k + 1]!;
  let total = 0, px = 0, py = 0, ux = 0, uy = 0, real = 0, imaginary = 0;
  for (let i = 0; i < used; i += 5) {
    const dx = now[i]! - x, dy = now[i + 1]! - y;
    const u = now[i + 2]!, v = now[i + 3]!;
    const d2 = dx * dx + dy * dy;
    const softened = d2 + soft;
    const w = now[i + 4]! / (softened * softened);
    total += w;
    px += w * dx;
    py += w * dy;
    ux += w * u;
    uy += w * v;
    real += w * (d2 + dx * u + dy * v);
    imaginary += w * (dx * v - dy * u);
  }
  if (!(total > 0)) return;
  const scale = real;
  px /= total;
  py /= total;
  ux /= total;
  uy /= total;
  real -= total * (px * px + py * py + px * ux + py * uy);
  imaginary -= total * (px * uy - py * ux);
  const length = Math.sqrt(real * real + imaginary * imaginary);
  // Without a second point there is no rotation: 0/0, noise at best.
  let cos = 1, sin = 0;
  if (length > NO_ROTATION * Math.abs(scale)) {
    cos = real / length;
    sin = imaginary / length;
  }
  points[k] = x + px + ux - (cos * px - sin * py);
  points[k + 1] = y + py + uy - (sin * px + cos * py);
}
