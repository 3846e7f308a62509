/**
 * Similarity transforms of the plane: turn, scale and shift.
 *
 * @module
 */

/** x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** The transform that changes nothing. */
export const IDENTITY: Similarity = { a: 1, b: 0, tx: 0, ty: 0 };

/** The x of a transformed point. */
export function mapX(g: Similarity, x: number, y: number): number {
  return g.a * x - g.b * y + g.tx;
}

/** The y of a transformed point. */
export function mapY(g: Similarity, x: number, y: number): number {
  return g.b * x + g.a * y + g.ty;
}

/** The transform that undoes `g`. */
export function invert(g: Similarity): Similarity {
  const n = g.a * g.a + g.b * g.b;
  const a = g.a / n, b = -g.b / n;
  return {
    a,
    b,
    tx: -(a * g.tx - b * g.ty),
    ty: -(b * g.tx + a * g.ty),
  };
}

/**
 * A share of `g`, from none (0) to all (1): turn, logarithm of the scale and
 * shift of `center` are multiplied. `angle` is the turn of `g` in radians with
 * its full turns, which `a` and `b` alone do not tell.
 */
export function shareOf(
  g: Similarity,
  share: number,
  options: { angle: number; center: readonly [number, number] },
): Similarity {
  if (share === 1) return g;
  const { angle, center: [cx, cy] } = options;
  const scale = Math.hypot(g.a, g.b) ** share;
  const a = scale * Math.cos(share * angle);
  const b = scale * Math.sin(share * angle);
  const x = cx + share * (mapX(g, cx, cy) - cx);
  const y = cy + share * (mapY(g, cx, cy) - cy);
  return { a, b, tx: x - (a * cx - b * cy), ty: y - (b * cx + a * cy) };
}

/** Pairs of points and how much each counts. */
export interface PointPairs {
  readonly count: number;
  /** x, y pairs. */
  readonly from: Float64Array;
  /** x, y pairs. */
  readonly to: Float64Array;
  readonly weight: Float64Array;
}

/**
 * The similarity with the least weighted squares. `prior`'s turn and scale are
 * mixed in with the force of a spread of `inertia` px, so that the answer
 * stays put where the points say nothing; without any weight it is `prior`.
 */
export function fitSimilarity(
  pairs: PointPairs,
  prior: Similarity,
  inertia: number,
): Similarity {
  const { count, from, to, weight } = pairs;
  let total = 0, px = 0, py = 0, qx = 0, qy = 0;
  for (let i = 0; i < count; i++) {
    const w = weight[i]!;
    total += w;
    px += w * from[2 * i]!;
    py += w * from[2 * i + 1]!;
    qx += w * to[2 * i]!;
    qy += w * to[2 * i + 1]!;
  }
  if (!(total > 0)) return prior;
  px /= total;
  py /= total;
  qx /= total;
  qy /= total;
  const force = total * inertia * inertia;
  let spread = force, a = force * prior.a, b = force * prior.b;
  for (let i = 0; i < count; i++) {
    const w = weight[i]!;
    const x = from[2 * i]! - px, y = from[2 * i + 1]! - py;
    const u = to[2 * i]! - qx, v = to[2 * i + 1]! - qy;
    spread += w * (x * x + y * y);
    a += w * (x * u + y * v);
    b += w * (x * v - y * u);
  }
  if (!(spread > 0)) {
    a = prior.a;
    b = prior.b;
  } else {
    a /= spread;
    b /= spread;
  }
  return { a, b, tx: qx - (a * px - b * py), ty: qy - (b * px + a * py) };
}
