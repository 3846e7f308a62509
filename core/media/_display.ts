/**
 * How a video's stored frames are shown: their pixels' shape and the display
 * matrix of its track.
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

/**
 * The orientation that is nearest to a display matrix of ISO 14496-12: nine
 * 32-bit numbers in the machine's byte order, row by row `a b u, c d v, x y w`.
 * Without one, or where it maps everything onto a line, {@linkcode UPRIGHT}.
 */
export function orientationOf(matrix: Uint8Array | null): Orientation {
  if (matrix === null || matrix.length < 36) return UPRIGHT;
  const numbers = new Int32Array(matrix.slice(0, 36).buffer);
  const [a = 0, b = 0, , c = 0, d = 0] = numbers;
  const direct = Math.abs(a * d), crossed = Math.abs(b * c);
  if (direct === 0 && crossed === 0) return UPRIGHT;
  return direct >= crossed
    ? { a: Math.sign(a), b: 0, c: 0, d: Math.sign(d) }
    : { a: 0, b: Math.sign(b), c: Math.sign(c), d: 0 };
}

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

/**
 * The size at which frames are shown before they are turned: the width times
 * the width of a pixel over its height, to the nearest even number.
 */
export function squareSize(
  { width, height }: { readonly width: number; readonly height: number },
  pixel: { readonly num: number; readonly den: number },
): { width: number; height: number } {
  const { num, den } = pixel;
  if (!(num > 0 && den > 0) || num === den) return { width, height };
  return { width: Math.max(2, 2 * Math.round(width * num / den / 2)), height };
}
