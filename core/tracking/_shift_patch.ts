/**
 * Lucas-Kanade for a pure shift: where a patch of one frame is in the next.
 *
 * Source: Lucas and Kanade 1981; pyramids after Bouguet 2000. Pixels outside
 * of either frame do not count, so a point can be followed up to the border.
 *
 * @module
 */

import type { FramePyramid, Plane } from "./_frame_pyramid.ts";
import { type Patch, takePatch } from "./_patch.ts";

/** Neighboring pixels share their noise: so many count as one. */
const CORRELATED = 6;
/** Standard deviation of gray values that is always expected. */
const NOISE = 1.5;

/** Mean square of gradients, per px, that means nothing in any video. */
const GRAIN = 0.1;
/** That of noise, as a share of the noise's own mean square. */
const NOISE_GRADIENT = 0.3;

/** Where a patch was found. */
export interface Shifted {
  x: number;
  y: number;
  /** Weighted correlation with the patch, -1 to 1, means and gain removed. */
  likeness: number;
  /** Weighted root mean square difference in gray values. */
  difference: number;
  /**
   * How well the image fixes the position: the inverse covariance (xx, xy, yy)
   * per square px of the full size.
   */
  xx: number;
  xy: number;
  yy: number;
}

/** A displacement from one frame to the next, px of the full size. */
export interface Step {
  fromX: number;
  fromY: number;
  dx: number;
  dy: number;
  /** Inverse covariance, per square px. */
  xx: number;
  xy: number;
  yy: number;
}

/** Moves (x, y) of `plane` to where it looks like `patch`. */
export function shiftPatch(
  patch: Patch,
  plane: Plane,
  at: { x: number; y: number },
  options: { iterations: number },
): Shifted {
  const { radius, values, gx, gy, weight } = patch;
  const { width, height, data } = plane;
  let { x, y } = at;
  let likeness = -1, difference = Infinity;
  let ixx = 0, ixy = 0, iyy = 0;
  for (let iteration = 0; iteration <= options.iterations; iteration++) {
    const x0 = Math.floor(x), y0 = Math.floor(y);
    const fx = x - x0, fy = y - y0;
    const w00 = (1 - fx) * (1 - fy), w01 = fx * (1 - fy);
    const w10 = (1 - fx) * fy, w11 = fx * fy;
    // Sums over the pixels in both frames, for the least squares with an
    // offset of brightness.
    let n = 0, st = 0, si = 0, stt = 0, sii = 0, sti = 0;
    let sx = 0, sy = 0, sxx = 0, sxy = 0, syy = 0, sxd = 0, syd = 0;
    const side = 2 * radius + 1;
    const firstI = Math.max(0, radius - x0);
    const lastI = Math.min(side - 1, width - 2 - x0 + radius);
    const firstJ = Math.max(0, radius - y0);
    const lastJ = Math.min(side - 1, height - 2 - y0 + radius);
    for (let j = firstJ; j <= lastJ; j++) {
      let from = (y0 + j - radius) * width + x0 + firstI - radius;
      let k = j * side + firstI;
      for (let i = firstI; i <= lastI; i++, k++, from++) {
        const w = weight[k]!;
        const value = w00 * data[from]! + w01 * data[from + 1]! +
          w10 * data[from + width]! + w11 * data[from + width + 1]!;
        const t = values[k]!, dx = gx[k]!, dy = gy[k]!;
        const d = t - value;
        const wx = w * dx, wy = w * dy;
        n += w;
        st += w * t;
        si += w * value;
        stt += w * t * t;
        sii += w * value * value;
        sti += w * t * value;
        sx += wx;
        sy += wy;
        sxx += wx * dx;
        sxy += wx * dy;
        syy += wy * dy;
        sxd += wx * d;
        syd += wy * d;
      }
    }
    if (n < 4) return lost(x, y);
    const mt = st / n, mi = si / n;
    const vt = Math.max(stt / n - mt * mt, 1e-6);
    const vi = Math.max(sii / n - mi * mi, 1e-6);
    const cov = sti / n - mt * mi;
    likeness = cov / Math.sqrt(vt * vi);
    difference = Math.sqrt(Math.max(0, vt + vi - 2 * cov));
    const a = sxx - sx * sx / n, b = sxy - sx * sy / n, c = syy - sy * sy / n;
    const noise = CORRELATED * Math.max(NOISE, difference) ** 2;
    // Grain has gradients too, and they fix nothing.
    const grain = (GRAIN + NOISE_GRADIENT * difference * difference) * n;
    const share = Math.max(0, 1 - 2 * grain / (a + c + 1e-9));
    ixx = Math.max(0, a - grain) / noise;
    iyy = Math.max(0, c - grain) / noise;
    ixy = b * share / noise;
    if (ixy * ixy > ixx * iyy) {
      ixy = Math.sign(ixy) * Math.sqrt(ixx * iyy) * 0.999;
    }
    if (iteration === options.iterations) break;
    const md = (st - si) / n;
    const p = sxd - sx * md, q = syd - sy * md;
    // A little damping keeps flat patches in place.
    const damping = 0.01 * n;
    const det = (a + damping) * (c + damping) - b * b;
    let ux = ((c + damping) * p - b * q) / det;
    let uy = ((a + damping) * q - b * p) / det;
    const step = Math.hypot(ux, uy);
    if (step > radius) {
      ux *= radius / step;
      uy *= radius / step;
    }
    x += ux;
    y += uy;
    if (!(step < 1e3)) return lost(at.x, at.y);
    if (step < 0.01) break;
  }
  return { x, y, likeness, difference, xx: ixx, xy: ixy, yy: iyy };
}

function lost(x: number, y: number): Shifted {
  return { x, y, likeness: -1, difference: Infinity, xx: 0, xy: 0, yy: 0 };
}

/**
 * Follows the point (x, y) of frame `from` into frame `to`, coarse to fine, in
 * px of the full size. `guess` is where it is expected.
 */
export function followPoint(
  from: FramePyramid,
  to: FramePyramid,
  point: { x: number; y: number },
  options: {
    guess: { x: number; y: number };
    radius: number;
    /** The finest level that is used; 0 is the full size. */
    finest?: number;
    /** The coarsest level that is used. */
    coarsest?: number;
    iterations?: number;
  },
): Shifted {
  const { guess, radius, finest = 0, iterations = 8 } = options;
  const coarsest = Math.min(
    options.coarsest ?? from.levels.length - 1,
    from.levels.length - 1,
  );
  let x = guess.x, y = guess.y;
  let found = lost(x, y);
  for (let l = coarsest; l >= finest; l--) {
    const scale = 2 ** l;
    const patch = takePatch(
      from.levels[l]!,
      point.x / scale,
      point.y / scale,
      radius,
    );
    found = shiftPatch(patch, to.levels[l]!, { x: x / scale, y: y / scale }, {
      iterations,
    });
    if (found.likeness > -1) {
      x = found.x * scale;
      y = found.y * scale;
    }
  }
  const area = 4 ** finest;
  return {
    ...found,
    x,
    y,
    xx: found.xx / area,
    xy: found.xy / area,
    yy: found.yy / area,
  };
}
