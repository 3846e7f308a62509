/**
 * Images that are stored on their side or mirrored, and how they are shown.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";

/**
 * A turn by quarters and flips, as the signs and places of a matrix: what is at
 * `(x, y)` from the center, y down, is shown at `(a x + c y, b x + d y)`.
 * Each is -1, 0 or 1.
 */
export interface Orientation {
  /** From x to x. */
  readonly a: number;
  /** From x to y. */
  readonly b: number;
  /** From y to x. */
  readonly c: number;
  /** From y to y. */
  readonly d: number;
}

/** Shown as it is stored. */
export const UPRIGHT: Orientation = { a: 1, b: 0, c: 0, d: 1 };

/** Whether width and height are exchanged. */
export function isTurned({ a }: Orientation): boolean {
  return a === 0;
}

/** An image as it is shown; the same one where nothing changes. */
export function orientImage(
  image: RgbImage,
  orientation: Orientation,
): RgbImage {
  const { a, b, c, d } = orientation;
  if (a === 1 && d === 1) return image;
  const { width, height, data } = image;
  const [shownWidth, shownHeight] = isTurned(orientation)
    ? [height, width]
    : [width, height];
  const shown = new Uint8Array(data.length);
  // Where the first stored pixel goes, and the way from one to the next.
  const startX = a < 0 || c < 0 ? shownWidth - 1 : 0;
  const startY = b < 0 || d < 0 ? shownHeight - 1 : 0;
  const stepX = 3 * (a + b * shownWidth), stepY = 3 * (c + d * shownWidth);
  for (let y = 0, from = 0; y < height; y++) {
    let to = 3 * (startY * shownWidth + startX) + y * stepY;
    for (let x = 0; x < width; x++, from += 3, to += stepX) {
      shown[to] = data[from]!;
      shown[to + 1] = data[from + 1]!;
      shown[to + 2] = data[from + 2]!;
    }
  }
  return { width: shownWidth, height: shownHeight, data: shown };
}
