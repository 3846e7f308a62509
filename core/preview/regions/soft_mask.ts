/**
 * A soft edge for a region: from pixels that are in or out to how much of
 * each is inside, following the edges of the image.
 *
 * Source: He, Sun, Tang, "Guided Image Filtering" (PAMI 2013), with a gray
 * guide.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";

/** A region of another size than the image. */
export interface Mask {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** (height, width): 0 outside to 1 inside. */
  readonly mask: Uint8Array | Float32Array;
}

/** Changes of brightness (0 to 1) below the root of this are no edges. */
const TEXTURE = 4e-4;

/**
 * (height, width) of the image: 0 outside of the region to 255 inside.
 *
 * @param reach How far from the region's outline its edge may be, px of the
 * image; also about how soft an edge without any edge in the image is.
 */
export function softMask(
  image: RgbImage,
  region: Mask,
  reach: number,
): Uint8Array {
  const { width, height } = image;
  const rough = enlarged(region, image);
  const gray = new Float32Array(width * height);
  for (let i = 0, k = 0; i < gray.length; i++, k += 3) {
    gray[i] = (0.3 * image.data[k]! + 0.59 * image.data[k + 1]! +
      0.11 * image.data[k + 2]!) / 255;
  }
  const radius = Math.max(1, Math.round(reach));
  const mean = (values: Float32Array) =>
    boxMean(values, { width, height, radius });
  const times = (a: Float32Array, b: Float32Array) =>
    a.map((value, i) => value * b[i]!);
  const meanGray = mean(gray), meanMask = mean(rough);
  const square = mean(times(gray, gray)), both = mean(times(gray, rough));
  const slope = new Float32Array(gray.length);
  const offset = new Float32Array(gray.length);
  for (let i = 0; i < gray.length; i++) {
    const variance = square[i]! - meanGray[i]! ** 2;
    slope[i] = (both[i]! - meanGray[i]! * meanMask[i]!) / (variance + TEXTURE);
    offset[i] = meanMask[i]! - slope[i]! * meanGray[i]!;
  }
  const meanSlope = mean(slope), meanOffset = mean(offset);
  const alpha = new Uint8Array(gray.length);
  for (let i = 0; i < alpha.length; i++) {
    // Only the band around the outline is soft.
    if (meanMask[i]! <= 0.001 || meanMask[i]! >= 0.999) {
      alpha[i] = rough[i]! >= 0.5 ? 255 : 0;
      continue;
    }
    const value = meanSlope[i]! * gray[i]! + meanOffset[i]!;
    // Steeper, and a little inside: the background's color is not taken along.
    const steep = (value - 0.55) / 0.5 + 0.5;
    alpha[i] = Math.round(255 * Math.min(1, Math.max(0, steep)));
  }
  return alpha;
}

/** A mask in the size of the image, bilinearly. */
function enlarged(
  { width, height, mask }: Mask,
  size: { readonly width: number; readonly height: number },
): Float32Array {
  const large = new Float32Array(size.width * size.height);
  for (let y = 0, i = 0; y < size.height; y++) {
    const v = Math.min(
      height - 1,
      Math.max(0, (y + 0.5) / size.height * height - 0.5),
    );
    const top = Math.floor(v), bottom = Math.min(height - 1, top + 1);
    const fy = v - top;
    for (let x = 0; x < size.width; x++, i++) {
      const u = Math.min(
        width - 1,
        Math.max(0, (x + 0.5) / size.width * width - 0.5),
      );
      const left = Math.floor(u), right = Math.min(width - 1, left + 1);
      const fx = u - left;
      const above = mask[top * width + left]! * (1 - fx) +
        mask[top * width + right]! * fx;
      const below = mask[bottom * width + left]! * (1 - fx) +
        mask[bottom * width + right]! * fx;
      large[i] = above * (1 - fy) + below * fy;
    }
  }
  return large;
}

/** The mean of a square around each pixel, cut off at the borders. */
export function boxMean(
  values: Float32Array,
  options: {
    readonly width: number;
    readonly height: number;
    readonly radius: number;
  },
): Float32Array {
  const { width, height, radius } = options;
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let sum = 0;
    for (let x = 0; x < Math.min(radius, width); x++) sum += values[start + x]!;
    for (let x = 0; x < width; x++) {
      if (x + radius < width) sum += values[start + x + radius]!;
      if (x - radius > 0) sum -= values[start + x - radius - 1]!;
      const count = Math.min(width - 1, x + radius) - Math.max(0, x - radius) +
        1;
      rows[start + x] = sum / count;
    }
  }
  const mean = new Float32Array(values.length);
  const sums = new Float64Array(width);
  for (let y = 0; y < Math.min(radius, height); y++) {
    for (let x = 0; x < width; x++) sums[x] = sums[x]! + rows[y * width + x]!;
  }
  for (let y = 0; y < height; y++) {
    const next = y + radius < height ? (y + radius) * width : -1;
    const gone = y - radius > 0 ? (y - radius - 1) * width : -1;
    const count = Math.min(height - 1, y + radius) - Math.max(0, y - radius) +
      1;
    for (let x = 0; x < width; x++) {
      let sum = sums[x]!;
      if (next >= 0) sum += rows[next + x]!;
      if (gone >= 0) sum -= rows[gone + x]!;
      sums[x] = sum;
      mean[y * width + x] = sum / count;
    }
  }
  return mean;
}
