/**
 * The image in the sizes a warp samples from.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";

/** One size of the image, a pixel as R | G << 8 | B << 16. */
export interface TextureLevel {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint32Array;
}

/**
 * The image at twice the output's size, at the output's size, at half of it
 * and so on. The first is what is sampled where nothing is squeezed: between
 * four of its pixels lies the mean of all four, so that a still place shows
 * the image scaled to the output, and a move by a fraction of a pixel blurs
 * it hardly at all.
 */
export function buildTexture(
  image: RgbImage,
  size: { width: number; height: number },
): TextureLevel[] {
  const { width, height } = size;
  const levels = [
    image.width === width && image.height === height
      ? doubled(image)
      : resized(image, { width: 2 * width, height: 2 * height }),
  ];
  while (levels.length < 8) {
    const last = levels[levels.length - 1]!;
    if (last.width < 2 || last.height < 2) break;
    levels.push(halved(last));
  }
  return levels;
}

/**
 * Twice the size, so that every block of four has exactly its pixel's color
 * as the mean: the pixel, plus and minus a quarter of the slope across it.
 */
function doubled({ width, height, data }: RgbImage): TextureLevel {
  const pixels = new Uint32Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    const up = Math.max(0, y - 1), down = Math.min(height - 1, y + 1);
    for (let x = 0; x < width; x++) {
      const before = Math.max(0, x - 1), after = Math.min(width - 1, x + 1);
      let a = 0, b = 0, c = 0, d = 0;
      for (let channel = 0; channel < 3; channel++) {
        const at = (row: number, column: number) =>
          data[3 * (row * width + column) + channel]!;
        const value = at(y, x);
        let gx = Math.round((at(y, after) - at(y, before)) / 8);
        let gy = Math.round((at(down, x) - at(up, x)) / 8);
        // Where black or white would cut the slope it is flattened on both
        // sides, which keeps the mean.
        const room = Math.min(value, 255 - value);
        const needed = Math.abs(gx) + Math.abs(gy);
        if (needed > room) {
          gx = Math.trunc(gx * room / needed);
          gy = Math.trunc(gy * room / needed);
        }
        const shift = 8 * channel;
        a |= (value - gx - gy) << shift;
        b |= (value + gx - gy) << shift;
        c |= (value - gx + gy) << shift;
        d |= (value + gx + gy) << shift;
      }
      const corner = 4 * y * width + 2 * x;
      pixels[corner] = a;
      pixels[corner + 1] = b;
      pixels[corner + 2 * width] = c;
      pixels[corner + 2 * width + 1] = d;
    }
  }
  return { width: 2 * width, height: 2 * height, pixels };
}

/** Half the size, by means of four. */
function halved({ width, height, pixels }: TextureLevel): TextureLevel {
  const w = width >> 1, h = height >> 1;
  const half = new Uint32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = 2 * y * width + 2 * x;
      const a = pixels[at]!, b = pixels[at + 1]!;
      const c = pixels[at + width]!, d = pixels[at + width + 1]!;
      const redBlue = (a & 0xff00ff) + (b & 0xff00ff) + (c & 0xff00ff) +
        (d & 0xff00ff) + 0x020002;
      const green = (a & 0xff00) + (b & 0xff00) + (c & 0xff00) +
        (d & 0xff00) + 0x0200;
      half[y * w + x] = ((redBlue >>> 2) & 0xff00ff) |
        ((green >>> 2) & 0xff00);
    }
  }
  return { width: w, height: h, pixels: half };
}

/** The weights of a tent filter, at least one source pixel wide. */
function tent(from: number, to: number) {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * scale - 0.5;
    const first = Math.max(0, Math.ceil(center - reach));
    const last = Math.min(from - 1, Math.floor(center + reach));
    const weights: number[] = [];
    let sum = 0;
    for (let k = first; k <= last; k++) {
      const weight = Math.max(0, 1 - Math.abs(k - center) / reach);
      weights.push(weight);
      sum += weight;
    }
    return { first, weights: Float32Array.from(weights, (w) => w / sum) };
  });
}

/** Any size, with a tent filter: no aliases when smaller, linear when larger. */
function resized(
  image: RgbImage,
  size: { width: number; height: number },
): TextureLevel {
  const { width, height } = size;
  const across = tent(image.width, width), down = tent(image.height, height);
  const pixels = new Uint32Array(width * height);
  // Source rows scaled in width, made when first needed and then kept in a ring.
  const ring = new Map<number, Float32Array>();
  const rowOf = (y: number) => {
    let row = ring.get(y);
    if (row) return row;
    row = new Float32Array(3 * width);
    const start = 3 * y * image.width;
    for (let x = 0; x < width; x++) {
      const { first, weights } = across[x]!;
      let r = 0, g = 0, b = 0;
      for (let k = 0; k < weights.length; k++) {
        const at = start + 3 * (first + k);
        const weight = weights[k]!;
        r += weight * image.data[at]!;
        g += weight * image.data[at + 1]!;
        b += weight * image.data[at + 2]!;
      }
      row[3 * x] = r;
      row[3 * x + 1] = g;
      row[3 * x + 2] = b;
    }
    ring.set(y, row);
    return row;
  };
  const sum = new Float32Array(3 * width);
  for (let y = 0; y < height; y++) {
    const { first, weights } = down[y]!;
    for (const old of ring.keys()) if (old < first) ring.delete(old);
    sum.fill(0.5);
    for (let k = 0; k < weights.length; k++) {
      const row = rowOf(first + k);
      const weight = weights[k]!;
      for (let i = 0; i < row.length; i++) sum[i] = sum[i]! + weight * row[i]!;
    }
    for (let x = 0; x < width; x++) {
      pixels[y * width + x] = Math.min(255, sum[3 * x]!) |
        Math.min(255, sum[3 * x + 1]!) << 8 |
        Math.min(255, sum[3 * x + 2]!) << 16;
    }
  }
  return { width, height, pixels };
}
