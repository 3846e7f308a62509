/**
 * A video frame as the point tracker sees it: luma at several sizes, each half
 * the one before, and two color differences at half size.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";

/** One plane of numbers in row-major order; pixel centers are integers. */
export interface Plane {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** `(height, width)` numbers, luma in 0..255. */
  readonly data: Float32Array;
}

/** A frame, prepared for tracking. */
export interface FramePyramid {
  /** Luma, full size first, each level half the one before. */
  readonly levels: readonly Plane[];
  /** Blue minus luma and red minus luma, at half size. */
  readonly chroma: readonly [Plane, Plane];
}

/** Levels are added as long as their shorter side has this many px. */
const SMALLEST_SIDE = 30;
const MOST_LEVELS = 6;

/**
 * The pyramid of a frame. Each level is smoothed with the 5-tap binomial
 * kernel (1 4 6 4 1)/16 on both axes and every second pixel kept, so that
 * position x of level l is x / 2^l.
 *
 * @throws {RangeError} When the frame is smaller than 16 px or its data does
 * not fill it.
 */
export function framePyramid(frame: RgbImage): FramePyramid {
  const { width, height, data } = frame;
  if (!(width >= 16 && height >= 16)) {
    throw new RangeError(
      `Cannot track in a frame of ${quote(width)}x${
        quote(height)
      }: expected at least 16x16 px`,
    );
  }
  if (data.length !== 3 * width * height) {
    throw new RangeError(
      `Cannot track in a frame of ${width}x${height} with ${data.length} bytes, expected ${
        3 * width * height
      }`,
    );
  }
  const full: Plane = { width, height, data: luma(data) };
  const levels = [full];
  for (let last = full; levels.length < MOST_LEVELS;) {
    if (Math.min(last.width, last.height) < 2 * SMALLEST_SIDE) break;
    last = halve(last);
    levels.push(last);
  }
  return { levels, chroma: colorDifferences(frame) };
}

/** BT.601 luma of interleaved RGB. */
function luma(rgb: Uint8Array): Float32Array {
  const count = rgb.length / 3;
  const y = new Float32Array(count);
  for (let i = 0, j = 0; i < count; i++, j += 3) {
    y[i] = 0.299 * rgb[j]! + 0.587 * rgb[j + 1]! + 0.114 * rgb[j + 2]!;
  }
  return y;
}

/** B - Y and R - Y, averaged over 2x2 px. */
function colorDifferences({ width, height, data }: RgbImage): [Plane, Plane] {
  const w = width >> 1, h = height >> 1;
  const blue = new Float32Array(w * h), red = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const i = 3 * (2 * y * width + 2 * x), j = i + 3 * width;
      const r = data[i]! + data[i + 3]! + data[j]! + data[j + 3]!;
      const g = data[i + 1]! + data[i + 4]! + data[j + 1]! + data[j + 4]!;
      const b = data[i + 2]! + data[i + 5]! + data[j + 2]! + data[j + 5]!;
      const gray = 0.299 * r + 0.587 * g + 0.114 * b;
      blue[y * w + x] = (b - gray) / 4;
      red[y * w + x] = (r - gray) / 4;
    }
  }
  return [{ width: w, height: h, data: blue }, {
    width: w,
    height: h,
    data: red,
  }];
}

/** Half the size, smoothed; borders are mirrored. */
function halve({ width, height, data }: Plane): Plane {
  const w = (width + 1) >> 1, h = (height + 1) >> 1;
  const rows = new Float32Array(w * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    for (let x = 0; x < w; x++) {
      const c = 2 * x;
      const l2 = row + Math.abs(c - 2), l1 = row + Math.abs(c - 1);
      const r1 = row + mirrored(c + 1, width),
        r2 = row + mirrored(c + 2, width);
      rows[y * w + x] = (data[l2]! + data[r2]! + 4 * (data[l1]! + data[r1]!) +
        6 * data[row + c]!) / 16;
    }
  }
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    const c = 2 * y;
    const u2 = Math.abs(c - 2) * w, u1 = Math.abs(c - 1) * w;
    const d1 = mirrored(c + 1, height) * w, d2 = mirrored(c + 2, height) * w;
    const middle = c * w;
    for (let x = 0; x < w; x++) {
      out[y * w + x] = (rows[u2 + x]! + rows[d2 + x]! +
        4 * (rows[u1 + x]! + rows[d1 + x]!) + 6 * rows[middle + x]!) / 16;
    }
  }
  return { width: w, height: h, data: out };
}

function mirrored(i: number, length: number): number {
  return i < length ? i : 2 * length - 2 - i;
}
