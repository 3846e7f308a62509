/**
 * How far every pixel is from some pixels, where crossing edges is far.
 *
 * @module
 */

import type { LabImage } from "./work_image.ts";
import { NEIGHBORS } from "./min_cut.ts";

/** What a step costs besides its change of color, in Lab units per px. */
const STEP = 0.6;
/** Distances are sorted into classes of this width. */
const CLASS = 0.5;

/**
 * (height, width): the cost of the cheapest path to the nearest start, a path
 * costing its length and the changes of color along it; Infinity without any.
 */
export function geodesicDistance(
  { width, height, lab }: LabImage,
  starts: Iterable<number>,
): Float32Array {
  const distance = new Float32Array(width * height).fill(Infinity);
  // Pixels by class of distance; a pixel may be in several, the first counts.
  const classes: number[][] = [[]];
  for (const at of starts) {
    if (distance[at] === 0) continue;
    distance[at] = 0;
    classes[0]!.push(at);
  }
  for (let k = 0; k < classes.length; k++) {
    const members = classes[k];
    if (!members) continue;
    for (let m = 0; m < members.length; m++) {
      const at = members[m]!;
      const here = distance[at]!;
      if (Math.floor(here / CLASS) < k) continue;
      const x = at % width, y = (at - x) / width;
      for (const [dx, dy] of NEIGHBORS) {
        const u = x + dx, v = y + dy;
        if (u < 0 || v < 0 || u >= width || v >= height) continue;
        const other = v * width + u;
        const l = lab[3 * other]! - lab[3 * at]!;
        const a = lab[3 * other + 1]! - lab[3 * at + 1]!;
        const b = lab[3 * other + 2]! - lab[3 * at + 2]!;
        const length = dx !== 0 && dy !== 0 ? Math.SQRT2 : 1;
        // As it is stored: what is rounded up would never be reached.
        const far = Math.fround(
          here + STEP * length + Math.sqrt(l * l + a * a + b * b),
        );
        if (far >= distance[other]!) continue;
        distance[other] = far;
        (classes[Math.floor(far / CLASS)] ??= []).push(other);
      }
    }
  }
  return distance;
}
