/**
 * An image made small and smooth, in Lab colors, for looking for regions.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import { createWarp } from "../warp.ts";

/** An image in Lab colors. */
export interface LabImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** (height, width, 3): L from 0 to 100, a, b. */
  readonly lab: Float32Array;
}

/** The image in another size, without aliases. */
export function resizeImage(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  return createWarp(image, size)({
    columns: 1,
    rows: 1,
    source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
  });
}

/** The size with a longest side, never larger than it is. */
export function fitSize(
  { width, height }: { readonly width: number; readonly height: number },
  longest: number,
): { width: number; height: number } {
  const scale = Math.min(1, longest / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(scale * width)),
    height: Math.max(1, Math.round(scale * height)),
  };
}

/** The image in Lab colors (D65), a pixel for a pixel. */
export function toLab({ width, height, data }: RgbImage): LabImage {
  const linear = Float32Array.from({ length: 256 }, (_, value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const curve = (t: number) =>
    t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  const lab = new Float32Array(3 * width * height);
  for (let i = 0; i < lab.length; i += 3) {
    const r = linear[data[i]!]!, g = linear[data[i + 1]!]!;
    const b = linear[data[i + 2]!]!;
    const x = curve((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
    const y = curve(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = curve((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
    lab[i] = 116 * y - 16;
    lab[i + 1] = 500 * (x - y);
    lab[i + 2] = 200 * (y - z);
  }
  return { width, height, lab };
}

/** Colors farther apart than this, in Lab units, are not mixed. */
const ALIKE = 9;
/** Pixels to each side that are mixed. */
const REACH = 2;

/**
 * The same with texture smoothed and edges kept: each pixel the mean of those
 * around it that are of about its color (a bilateral filter), a few times.
 */
export function smoothed(
  { width, height, lab }: LabImage,
  rounds = 2,
): LabImage {
  let from = lab;
  for (let round = 0; round < rounds; round++) {
    const to = new Float32Array(from.length);
    for (let y = 0; y < height; y++) {
      const top = Math.max(0, y - REACH), end = Math.min(height - 1, y + REACH);
      for (let x = 0; x < width; x++) {
        const at = 3 * (y * width + x);
        const l = from[at]!, a = from[at + 1]!, b = from[at + 2]!;
        const left = Math.max(0, x - REACH);
        const right = Math.min(width - 1, x + REACH);
        let sum = 0, sl = 0, sa = 0, sb = 0;
        for (let v = top; v <= end; v++) {
          for (let u = left, k = 3 * (v * width + u); u <= right; u++, k += 3) {
            const dl = from[k]! - l, da = from[k + 1]! - a;
            const db = from[k + 2]! - b;
            const far = (dl * dl + da * da + db * db) / (ALIKE * ALIKE);
            const weight = 1 / (1 + far * far);
            sum += weight;
            sl += weight * from[k]!;
            sa += weight * from[k + 1]!;
            sb += weight * from[k + 2]!;
          }
        }
        to[at] = sl / sum;
        to[at + 1] = sa / sum;
        to[at + 2] = sb / sum;
      }
    }
    from = to;
  }
  return { width, height, lab: from };
}
