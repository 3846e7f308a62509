/**
 * How a video's stored frames are shown: their pixels' shape and the display
 * matrix of its track.
 *
 * @module
 */

import { type Orientation, UPRIGHT } from "./orientation.ts";

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
