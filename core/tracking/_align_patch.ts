/**
 * Lucas-Kanade for an affine warp, against a patch that was remembered: the
 * template is never replaced by its own estimate, so errors do not add up.
 *
 * Source: the inverse compositional form of Baker and Matthews 2004, with
 * Huber weights, brightness gain and offset, and a Gaussian prior.
 *
 * @module
 */

import type { Plane } from "./_frame_pyramid.ts";
import type { Patch } from "./_patch.ts";
import { solveSymmetric } from "./_solve_symmetric.ts";
import type { Warp } from "./_warp.ts";

/** What is known of a warp before the image is looked at. */
export interface WarpPrior {
  /** The expected warp, in px of the full size. */
  readonly warp: Warp;
  /** Standard deviation of the position in px of the full size. */
  readonly position: number;
  /** Standard deviation of a, b, c, d. */
  readonly shape: number;
}

/** How a patch fits at a warp. */
export interface Fit {
  warp: Warp;
  /** Weighted correlation, -1 to 1. */
  likeness: number;
  /** Weighted root mean square difference in gray values, gain removed. */
  difference: number;
  /** Weighted root mean square contrast of the patch itself. */
  contrast: number;
  /** Standard deviation of the position that the patch allows, px of the level. */
  spread: number;
  /** Share of the patch's weight that is inside of the frame. */
  coverage: number;
  /** The patch is gain * image + offset. */
  gain: number;
  offset: number;
}

/** Neighboring pixels share their noise: so many count as one. */
const CORRELATED = 6;
/** Standard deviation of the gray values of a good fit. */
const NOISE = 2.5;

const ROOM = 31 * 31; // pixels of the largest patch
const sampled = new Float32Array(ROOM);
const inside = new Float32Array(ROOM);
const H = new Float64Array(36),
  G = new Float64Array(6),
  D = new Float64Array(6);

/**
 * Fits `patch` into `plane`, which is level `level` of a pyramid, starting at
 * `start` (px of the full size).
 */
export function alignPatch(
  patch: Patch,
  plane: Plane,
  start: Warp,
  options: { level: number; prior: WarpPrior; iterations: number },
): Fit {
  const { level, prior, iterations } = options;
  const scale = 2 ** level;
  const levelPrior: LevelPrior = {
    warp: onLevel(prior.warp, scale),
    holdPosition: (scale / prior.position) ** 2,
    holdShape: 1 / prior.shape ** 2,
  };
  let warp = onLevel(start, scale);
  let match = NO_MATCH, spread = Infinity, coverage = 0;
  for (let iteration = 0; iteration <= iterations; iteration++) {
    const sums = samplePatch(patch, plane, warp);
    coverage = sums.n / sums.all;
    if (sums.n < 4) break;
    match = matchOf(sums);
    if (iteration === iterations) break;
    spread = sumNormalEquations(patch, match);
    addPrior(warp, levelPrior);
    if (!solveSymmetric(H, G, D)) break;
    const next = stepWarp(warp, patch.radius);
    if (!next) break;
    warp = next.warp;
    if (next.settled) iteration = iterations - 1;
  }
  return {
    warp: { ...warp, x: warp.x * scale, y: warp.y * scale },
    likeness: match.likeness,
    difference: match.difference,
    contrast: match.contrast,
    spread: spread * scale,
    coverage,
    gain: match.gain,
    offset: match.offset,
  };
}

/** A prior in px of a level, as weights on the unknowns. */
interface LevelPrior {
  readonly warp: Warp;
  readonly holdPosition: number;
  readonly holdShape: number;
}

function onLevel({ x, y, a, b, c, d }: Warp, scale: number): Warp {
  return { x: x / scale, y: y / scale, a, b, c, d };
}

/** Weighted sums over the patch (t) and the image under it (i). */
interface PatchSums {
  /** The weight inside of the frame. */
  readonly n: number;
  /** The weight of the whole patch. */
  readonly all: number;
  readonly st: number;
  readonly si: number;
  readonly stt: number;
  readonly sii: number;
  readonly sti: number;
}

/** Samples the image under the patch into `sampled` and `inside`. */
function samplePatch(patch: Patch, plane: Plane, warp: Warp): PatchSums {
  const { radius, values, weight } = patch;
  const { width, height, data } = plane;
  const { x, y, a, b, c, d } = warp;
  let n = 0, all = 0, st = 0, si = 0, stt = 0, sii = 0, sti = 0;
  for (let j = -radius, k = 0; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++, k++) {
      const w = weight[k]!;
      all += w;
      const sx = x + a * i + b * j, sy = y + c * i + d * j;
      if (!(sx >= 0 && sy >= 0 && sx <= width - 1 && sy <= height - 1)) {
        inside[k] = 0;
        continue;
      }
      let ix = sx | 0, iy = sy | 0;
      if (ix > width - 2) ix = width - 2;
      if (iy > height - 2) iy = height - 2;
      const fx = sx - ix, fy = sy - iy;
      const at = iy * width + ix;
      const top = data[at]! + fx * (data[at + 1]! - data[at]!);
      const low = data[at + width]! +
        fx * (data[at + width + 1]! - data[at + width]!);
      const value = top + fy * (low - top);
      sampled[k] = value;
      inside[k] = w;
      const t = values[k]!;
      n += w;
      st += w * t;
      si += w * value;
      stt += w * t * t;
      sii += w * value * value;
      sti += w * t * value;
    }
  }
  return { n, all, st, si, stt, sii, sti };
}

/** How the sampled image compares with the patch. */
interface Match {
  /** Mean of the patch. */
  readonly mt: number;
  /** Mean of the image. */
  readonly mi: number;
  readonly likeness: number;
  readonly difference: number;
  readonly contrast: number;
  readonly gain: number;
  readonly offset: number;
}

const NO_MATCH: Match = {
  mt: 0,
  mi: 0,
  likeness: -1,
  difference: Infinity,
  contrast: 0,
  gain: 1,
  offset: 0,
};

function matchOf({ n, st, si, stt, sii, sti }: PatchSums): Match {
  const mt = st / n, mi = si / n;
  const vt = Math.max(stt / n - mt * mt, 1e-3);
  const vi = Math.max(sii / n - mi * mi, 1e-3);
  const cov = sti / n - mt * mi;
  const gain = Math.min(Math.max(Math.sqrt(vt / vi), 0.5), 2);
  return {
    mt,
    mi,
    likeness: cov / Math.sqrt(vt * vi),
    difference: Math.sqrt(Math.max(0, vt + gain * gain * vi - 2 * gain * cov)),
    contrast: Math.sqrt(vt),
    gain,
    offset: mt - gain * mi,
  };
}

/**
 * Sums the normal equations of what was sampled into `H` and `G`, Huber
 * weighted. The unknowns are x, y, a, b, c, d of the template's own shift.
 *
 * @returns the standard deviation of the position, px of the level
 */
function sumNormalEquations(
  { radius, values, gx, gy }: Patch,
  { mt, mi, gain, difference }: Match,
): number {
  const sigma = Math.max(NOISE, difference);
  const limit = 1.3 * sigma;
  H.fill(0);
  G.fill(0);
  for (let j = -radius, k = 0; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++, k++) {
      let w = inside[k]!;
      if (w === 0) continue;
      const e = (sampled[k]! - mi) * gain - (values[k]! - mt);
      const size = Math.abs(e);
      if (size > limit) w *= limit / size;
      const u = gx[k]!, v = gy[k]!;
      const wu = w * u, wv = w * v;
      const ui = u * i, uj = u * j, vi = v * i, vj = v * j;
      H[0]! += wu * u;
      H[1]! += wu * v;
      H[2]! += wu * ui;
      H[3]! += wu * uj;
      H[4]! += wu * vi;
      H[5]! += wu * vj;
      H[7]! += wv * v;
      H[10]! += wv * vi;
      H[11]! += wv * vj;
      H[14]! += w * ui * ui;
      H[15]! += w * ui * uj;
      H[16]! += w * ui * vi;
      H[17]! += w * ui * vj;
      H[21]! += w * uj * uj;
      H[23]! += w * uj * vj;
      H[28]! += w * vi * vi;
      H[29]! += w * vi * vj;
      H[35]! += w * vj * vj;
      const we = w * e;
      G[0]! += we * u;
      G[1]! += we * v;
      G[2]! += we * ui;
      G[3]! += we * uj;
      G[4]! += we * vi;
      G[5]! += we * vj;
    }
  }
  // Products that appear twice.
  H[8] = H[4]!;
  H[9] = H[5]!;
  H[22] = H[17]!;
  const trust = 1 / (CORRELATED * sigma * sigma);
  for (let r = 0; r < 6; r++) {
    G[r]! *= trust;
    for (let s = r; s < 6; s++) H[6 * r + s]! *= trust;
  }
  const det = H[0]! * H[7]! - H[1]! * H[1]!;
  return det > 1e-12 ? Math.sqrt((H[0]! + H[7]!) / det) : Infinity;
}

/** Adds what the prior says at `warp` to `H` and `G`. */
function addPrior(
  { x, y, a, b, c, d }: Warp,
  { warp: p, holdPosition, holdShape }: LevelPrior,
): void {
  // In the template's own frame: the new position is (x, y) - A (dx, dy).
  const ex = x - p.x, ey = y - p.y;
  H[0]! += holdPosition * (a * a + c * c);
  H[1]! += holdPosition * (a * b + c * d);
  H[7]! += holdPosition * (b * b + d * d);
  G[0]! += holdPosition * (a * ex + c * ey);
  G[1]! += holdPosition * (b * ex + d * ey);
  // A (I - M) should be A0, so M = I - A^-1 A0.
  const area = a * d - b * c;
  const m0 = 1 - (d * p.a - b * p.c) / area;
  const m1 = -(d * p.b - b * p.d) / area;
  const m2 = -(a * p.c - c * p.a) / area;
  const m3 = 1 - (a * p.d - c * p.b) / area;
  H[14]! += holdShape;
  H[21]! += holdShape;
  H[28]! += holdShape;
  H[35]! += holdShape;
  G[2]! += holdShape * m0;
  G[3]! += holdShape * m1;
  G[4]! += holdShape * m2;
  G[5]! += holdShape * m3;
}

/**
 * The warp after the shift in `D`: W o dW^-1, dW(u) = (I + M) u + (dx, dy).
 * Undefined where the shift would turn or flatten the patch too far.
 */
function stepWarp(
  { x, y, a, b, c, d }: Warp,
  radius: number,
): { warp: Warp; settled: boolean } | undefined {
  let dx = D[0]!, dy = D[1]!;
  const step = Math.hypot(dx, dy);
  if (step > radius / 2) {
    dx *= radius / 2 / step;
    dy *= radius / 2 / step;
  }
  const n0 = 1 + D[2]!, n1 = D[3]!, n2 = D[4]!, n3 = 1 + D[5]!;
  const det = n0 * n3 - n1 * n2;
  if (!(det > 0.3 && det < 3)) return undefined;
  const i0 = n3 / det, i1 = -n1 / det, i2 = -n2 / det, i3 = n0 / det;
  const na = a * i0 + b * i2, nb = a * i1 + b * i3;
  const nc = c * i0 + d * i2, nd = c * i1 + d * i3;
  const turn = Math.abs(D[2]!) + Math.abs(D[3]!) + Math.abs(D[4]!) +
    Math.abs(D[5]!);
  return {
    warp: {
      x: x - (na * dx + nb * dy),
      y: y - (nc * dx + nd * dy),
      a: na,
      b: nb,
      c: nc,
      d: nd,
    },
    settled: step < 0.01 && turn < 0.002,
  };
}
