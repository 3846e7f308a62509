/**
 * A square of image around a point, with its gradients: what a tracker
 * remembers of the point.
 *
 * @module
 */

import type { Plane } from "./_frame_pyramid.ts";

/** A square patch of side `2 radius + 1`, in row-major order. */
export interface Patch {
  /** Px from the center to the middle of an outer pixel. */
  readonly radius: number;
  /** Luma at the center plus (i, j), i and j from -radius to radius. */
  readonly values: Float32Array;
  /** Change of the values per px to the right. */
  readonly gx: Float32Array;
  /** Change of the values per px down. */
  readonly gy: Float32Array;
  /** How much each pixel counts: 0 outside of the frame, 1 at the center. */
  readonly weight: Float32Array;
}

const windows = new Map<number, Float32Array>();

/** A Gaussian over the patch, 1 at its center, sigma 0.7 radii. */
function gaussianWindow(radius: number): Float32Array {
  let window = windows.get(radius);
  if (!window) {
    const side = 2 * radius + 1;
    window = new Float32Array(side * side);
    const scale = 1 / (2 * (0.7 * radius) ** 2);
    for (let j = -radius, k = 0; j <= radius; j++) {
      for (let i = -radius; i <= radius; i++, k++) {
        window[k] = Math.exp(-(i * i + j * j) * scale);
      }
    }
    windows.set(radius, window);
  }
  return window;
}

/** The patch around (x, y) of a plane, in px of that plane. */
export function takePatch(
  plane: Plane,
  x: number,
  y: number,
  radius: number,
): Patch {
  const { width, height, data } = plane;
  const side = 2 * radius + 1, big = side + 2;
  const wide = new Float32Array(big * big);
  const x0 = Math.floor(x), y0 = Math.floor(y);
  const fx = x - x0, fy = y - y0;
  const w00 = (1 - fx) * (1 - fy), w01 = fx * (1 - fy);
  const w10 = (1 - fx) * fy, w11 = fx * fy;
  for (let j = -radius - 1, k = 0; j <= radius + 1; j++) {
    const top = Math.min(Math.max(y0 + j, 0), height - 1) * width;
    const low = Math.min(Math.max(y0 + j + 1, 0), height - 1) * width;
    for (let i = -radius - 1; i <= radius + 1; i++, k++) {
      const left = Math.min(Math.max(x0 + i, 0), width - 1);
      const right = Math.min(Math.max(x0 + i + 1, 0), width - 1);
      wide[k] = w00 * data[top + left]! + w01 * data[top + right]! +
        w10 * data[low + left]! + w11 * data[low + right]!;
    }
  }
  const values = new Float32Array(side * side);
  const gx = new Float32Array(side * side), gy = new Float32Array(side * side);
  const weight = gaussianWindow(radius).slice();
  for (let j = 0, k = 0; j < side; j++) {
    const inRows = y + j - radius >= 0 && y + j - radius <= height - 1;
    for (let i = 0; i < side; i++, k++) {
      const at = (j + 1) * big + i + 1;
      values[k] = wide[at]!;
      gx[k] = (wide[at + 1]! - wide[at - 1]!) / 2;
      gy[k] = (wide[at + big]! - wide[at - big]!) / 2;
      const px = x + i - radius;
      if (!inRows || px < 0 || px > width - 1) weight[k] = 0;
    }
  }
  return { radius, values, gx, gy, weight };
}
