/**
 * Discs on the pixel grid, without smoothing.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Color } from "./draw.ts";

/**
 * How far a disc of a whole radius reaches to both sides of its center, row by
 * row: element i belongs to the rows i px above and below the center. These
 * are the rows of OpenCV's filled midpoint circle (`cv2.circle` with
 * `thickness=-1` and `lineType=8`).
 *
 * @throws {RangeError} When the radius is no whole number from 0 to 10,000.
 */
export function discReach(radius: number): Int32Array {
  if (!Number.isInteger(radius) || radius < 0 || radius > 10_000) {
    throw new RangeError(
      `Cannot make a disc of radius ${radius}, expected a whole number from 0 to 10000`,
    );
  }
  const reach = new Int32Array(radius + 1);
  // Walks an eighth of the circle, from the side to the diagonal, and steps
  // inwards where the error against x² + y² = r² has become positive.
  for (let y = 0, x = radius, error = 0; x >= y; y++) {
    reach[y] = Math.max(reach[y]!, x);
    reach[x] = Math.max(reach[x]!, y);
    error += 2 * y + 1;
    if (error > 0) {
      error -= 2 * x - 1;
      x--;
    }
  }
  return reach;
}

/**
 * Draws a disc into an image, in place; what is outside is cut off.
 *
 * @param at The pixel at its center; `reach` comes from {@linkcode discReach}.
 */
export function drawPixelDisc(
  image: RgbImage,
  at: { readonly x: number; readonly y: number; readonly reach: Int32Array },
  [red, green, blue]: Color,
): void {
  const { width, height, data } = image;
  const { x, y, reach } = at;
  const top = Math.max(0, y - reach.length + 1);
  const bottom = Math.min(height - 1, y + reach.length - 1);
  for (let row = top; row <= bottom; row++) {
    const half = reach[Math.abs(row - y)]!;
    const left = Math.max(0, x - half), right = Math.min(width - 1, x + half);
    const end = 3 * (row * width + right);
    for (let p = 3 * (row * width + left); p <= end; p += 3) {
      data[p] = red;
      data[p + 1] = green;
      data[p + 2] = blue;
    }
  }
}
