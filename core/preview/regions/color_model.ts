/**
 * The colors of a region as a mixture of Gaussians: how well does a pixel fit?
 *
 * Source: Rother, Kolmogorov, Blake, "GrabCut" (SIGGRAPH 2004), section 3.1.
 *
 * @module
 */

/** Gaussians of a mixture. */
const PARTS = 5;
/** Rounds of k-means before the Gaussians are measured. */
const ROUNDS = 6;
/** Variance that every Gaussian has at least, in squared Lab units. */
const LEAST_VARIANCE = 4;
/** Of more pixels an even selection is enough. */
const MOST_SAMPLES = 4000;

/** How badly a color fits a mixture: the negative logarithm of its density. */
export type ColorModel = (l: number, a: number, b: number) => number;

/**
 * The mixture of the colors of some pixels.
 *
 * @param lab (pixels, 3), Lab colors.
 * @param members The indices of the pixels; at least one.
 */
export function colorModel(
  lab: Float32Array,
  members: readonly number[] | Int32Array,
): ColorModel {
  const stride = Math.max(1, members.length / MOST_SAMPLES);
  const samples: number[] = [];
  for (let k = 0; k < members.length; k += stride) {
    samples.push(3 * members[Math.floor(k)]!);
  }
  const groups = nearestMeans(lab, samples);
  const parts = groups.filter((group) => group.length > 0).map((group) =>
    gaussian(lab, group, group.length / samples.length)
  );
  return (l, a, b) => {
    let best = Infinity;
    for (const part of parts) best = Math.min(best, part(l, a, b));
    return best;
  };
}

/** The samples, each with the nearest of a few means. */
function nearestMeans(
  lab: Float32Array,
  samples: readonly number[],
): number[][] {
  const count = Math.min(PARTS, samples.length);
  // Far from each other to begin with: each is the farthest from the others.
  const means: number[][] = [];
  const gap = new Float64Array(samples.length).fill(Infinity);
  let next = Math.floor(samples.length / 2);
  while (means.length < count) {
    const at = samples[next]!;
    const mean = [lab[at]!, lab[at + 1]!, lab[at + 2]!];
    means.push(mean);
    next = 0;
    for (let k = 0; k < samples.length; k++) {
      gap[k] = Math.min(gap[k]!, squared(lab, samples[k]!, mean));
      if (gap[k]! > gap[next]!) next = k;
    }
  }
  let groups: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    groups = means.map(() => []);
    for (const at of samples) {
      let best = 0, least = Infinity;
      for (const [m, mean] of means.entries()) {
        const far = squared(lab, at, mean);
        if (far < least) [best, least] = [m, far];
      }
      groups[best]!.push(at);
    }
    for (const [m, group] of groups.entries()) {
      if (group.length === 0) continue;
      for (let axis = 0; axis < 3; axis++) {
        means[m]![axis] = group.reduce((sum, at) => sum + lab[at + axis]!, 0) /
          group.length;
      }
    }
  }
  return groups;
}

function squared(lab: Float32Array, at: number, mean: readonly number[]) {
  const l = lab[at]! - mean[0]!, a = lab[at + 1]! - mean[1]!;
  const b = lab[at + 2]! - mean[2]!;
  return l * l + a * a + b * b;
}

/** -log(share * density), without the constant that all have. */
function gaussian(
  lab: Float32Array,
  group: readonly number[],
  share: number,
): ColorModel {
  let ml = 0, ma = 0, mb = 0;
  for (const at of group) {
    ml += lab[at]!;
    ma += lab[at + 1]!;
    mb += lab[at + 2]!;
  }
  ml /= group.length;
  ma /= group.length;
  mb /= group.length;
  let ll = 0, aa = 0, bb = 0, la = 0, lb = 0, ab = 0;
  for (const at of group) {
    const l = lab[at]! - ml, a = lab[at + 1]! - ma, b = lab[at + 2]! - mb;
    ll += l * l;
    aa += a * a;
    bb += b * b;
    la += l * a;
    lb += l * b;
    ab += a * b;
  }
  const n = group.length;
  ll = ll / n + LEAST_VARIANCE;
  aa = aa / n + LEAST_VARIANCE;
  bb = bb / n + LEAST_VARIANCE;
  la /= n;
  lb /= n;
  ab /= n;
  // The inverse of the symmetric 3 x 3 covariance, by cofactors.
  const c00 = aa * bb - ab * ab, c01 = ab * lb - la * bb;
  const c02 = la * ab - aa * lb;
  const determinant = ll * c00 + la * c01 + lb * c02;
  const i00 = c00 / determinant, i01 = c01 / determinant;
  const i02 = c02 / determinant, i11 = (ll * bb - lb * lb) / determinant;
  const i12 = (la * lb - ll * ab) / determinant;
  const i22 = (ll * aa - la * la) / determinant;
  const base = 0.5 * Math.log(determinant) - Math.log(share);
  return (cl, ca, cb) => {
    const l = cl - ml, a = ca - ma, b = cb - mb;
    return base +
      0.5 * (i00 * l * l + i11 * a * a + i22 * b * b) +
      i01 * l * a + i02 * l * b + i12 * a * b;
  };
}
