/**
 * The corner measure of Shi and Tomasi, "Good Features to Track" (1994): the
 * smaller eigenvalue of the gradient matrix around a pixel.
 *
 * @module
 */

import type { Plane } from "./_frame_pyramid.ts";

/** The pixel of a rectangle at which a patch is easiest to follow. */
export interface Corner {
  /** Its column, px. */
  readonly x: number;
  /** Its row, px. */
  readonly y: number;
  /** The smaller eigenvalue of its 5x5 gradient matrix. */
  readonly strength: number;
}

/** Where to look: px from the first to before the end. */
export interface CornerSearch {
  /** The first column. */
  readonly left: number;
  /** One past the last column; at least 3 px inside of the plane. */
  readonly right: number;
  /** The first row. */
  readonly top: number;
  /** One past the last row; at least 3 px inside of the plane. */
  readonly bottom: number;
  /** Every how many px to look. */
  readonly step: number;
  /** Corners up to this strength do not count. */
  readonly above: number;
}

/** The strongest corner, the first of equals; `undefined` where all is flat. */
export function strongestCorner(
  { width, data }: Plane,
  { left, right, top, bottom, step, above }: CornerSearch,
): Corner | undefined {
  let strength = above, bestX = -1, bestY = -1;
  for (let y = top; y < bottom; y += step) {
    for (let x = left; x < right; x += step) {
      let xx = 0, xy = 0, yy = 0;
      for (let j = -2; j <= 2; j++) {
        for (let i = -2; i <= 2; i++) {
          const at = (y + j) * width + x + i;
          const gx = data[at + 1]! - data[at - 1]!;
          const gy = data[at + width]! - data[at - width]!;
          xx += gx * gx;
          xy += gx * gy;
          yy += gy * gy;
        }
      }
      const least = (xx + yy - Math.hypot(xx - yy, 2 * xy)) / 2;
      if (least > strength) {
        strength = least;
        bestX = x;
        bestY = y;
      }
    }
  }
  return bestX < 0 ? undefined : { x: bestX, y: bestY, strength };
}
