/**
 * Draws a thing that was cut out of an image over a frame.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { buildTexture, type TextureLevel } from "./_texture.ts";
import type { MotionMesh } from "./motion_plan.ts";

/** Draws one thing over a frame, which it changes. */
export type DrawLayer = (
  frame: RgbImage,
  mesh: MotionMesh,
  options?: {
    /** How much of the thing is seen, 0 to 1. */
    readonly opacity?: number;
    /** (height, width): where the thing's cover is written, 0 to 255, if it is more. */
    readonly cover?: Uint8Array;
  },
) => void;

/** An alpha of another size than the frames. */
export interface LayerAlpha {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** (height, width): 0 outside of the thing to 255 inside. */
  readonly alpha: Uint8Array;
}

/**
 * An image made ready to have things drawn out of it, in the size of the
 * frames.
 */
export function createLayers(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
): (layer: LayerAlpha) => DrawLayer {
  const colors = buildTexture(image, size);
  return ({ width, height, alpha }) => {
    const gray = new Uint8Array(3 * alpha.length);
    for (let i = 0; i < alpha.length; i++) {
      gray.fill(alpha[i]!, 3 * i, 3 * i + 3);
    }
    const covers = buildTexture({ width, height, data: gray }, size);
    const box = extent(alpha, { width, height });
    return (frame, mesh, options = {}) =>
      drawLayer(frame, mesh, { ...options, colors, covers, box });
  };
}

/** Where a thing is in its image, from 0, 0 to 1, 1, with a small margin. */
interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function extent(
  alpha: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
): Box {
  let left = width, right = -1, top = height, bottom = -1;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (alpha[i] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return {
    left: (left - 1) / width,
    right: (right + 2) / width,
    top: (top - 1) / height,
    bottom: (bottom + 2) / height,
  };
}

function drawLayer(
  { width, height, data }: RgbImage,
  { columns, rows, source }: MotionMesh,
  options: {
    readonly opacity?: number;
    readonly cover?: Uint8Array;
    readonly colors: readonly TextureLevel[];
    readonly covers: readonly TextureLevel[];
    readonly box: Box;
  },
): void {
  const { opacity = 1, cover, colors, covers, box } = options;
  if (opacity <= 0) return;
  const sample = new Float32Array(3), shade = new Float32Array(3);
  for (let j = 0; j < rows; j++) {
    const top = Math.max(0, Math.ceil(j * height / rows - 0.5));
    const end = Math.min(height, Math.ceil((j + 1) * height / rows - 0.5));
    for (let i = 0; i < columns; i++) {
      const a = 2 * (j * (columns + 1) + i), b = a + 2 * (columns + 1);
      const x0 = source[a]!, y0 = source[a + 1]!;
      const x1 = source[a + 2]!, y1 = source[a + 3]!;
      const x2 = source[b]!, y2 = source[b + 1]!;
      const x3 = source[b + 2]!, y3 = source[b + 3]!;
      if (
        Math.max(x0, x1, x2, x3) < box.left ||
        Math.min(x0, x1, x2, x3) > box.right ||
        Math.max(y0, y1, y2, y3) < box.top ||
        Math.min(y0, y1, y2, y3) > box.bottom
      ) continue;
      // Px of the image per px of the frame: where it shrinks, a smaller copy.
      const footprint = Math.max(
        Math.hypot((x1 - x0) * width, (y1 - y0) * height) * columns / width,
        Math.hypot((x2 - x0) * width, (y2 - y0) * height) * rows / height,
      );
      const level = Math.min(
        colors.length - 1,
        Math.max(0, Math.round(Math.log2(footprint) + 0.2)),
      );
      const color = colors[level]!, alpha = covers[level]!;
      const left = Math.max(0, Math.ceil(i * width / columns - 0.5));
      const stop = Math.min(width, Math.ceil((i + 1) * width / columns - 0.5));
      for (let y = top; y < end; y++) {
        const fy = (y + 0.5) * rows / height - j;
        const sx = x0 + fy * (x2 - x0), ex = x1 + fy * (x3 - x1);
        const sy = y0 + fy * (y2 - y0), ey = y1 + fy * (y3 - y1);
        for (let x = left; x < stop; x++) {
          const fx = (x + 0.5) * columns / width - i;
          const u = sx + fx * (ex - sx), v = sy + fx * (ey - sy);
          if (
            u < box.left || u > box.right || v < box.top || v > box.bottom ||
            u < 0 || v < 0 || u > 1 || v > 1
          ) continue;
          take(alpha, u, v, shade);
          const share = opacity * shade[0]! / 255;
          if (share < 0.004) continue;
          take(color, u, v, sample);
          const at = 3 * (y * width + x);
          for (let c = 0; c < 3; c++) {
            data[at + c] = data[at + c]! +
              share * (sample[c]! - data[at + c]!) + 0.5;
          }
          const k = y * width + x;
          if (cover) cover[k] = Math.max(cover[k]!, 255 * share);
        }
      }
    }
  }
}

/** The color at u, v (0 to 1), bilinearly. */
function take(
  { width, height, pixels }: TextureLevel,
  u: number,
  v: number,
  out: Float32Array,
): void {
  const x = Math.min(width - 1, Math.max(0, u * width - 0.5));
  const y = Math.min(height - 1, Math.max(0, v * height - 0.5));
  const left = Math.floor(x), top = Math.floor(y);
  const fx = x - left, fy = y - top;
  const right = left + 1 < width ? 1 : 0;
  const down = top + 1 < height ? width : 0;
  const at = top * width + left;
  const a = pixels[at]!, b = pixels[at + right]!;
  const c = pixels[at + down]!, d = pixels[at + down + right]!;
  const wd = fx * fy, wb = fx - wd, wc = fy - wd, wa = 1 - fx - wc;
  out[0] = wa * (a & 255) + wb * (b & 255) + wc * (c & 255) + wd * (d & 255);
  out[1] = wa * (a >>> 8 & 255) + wb * (b >>> 8 & 255) +
    wc * (c >>> 8 & 255) + wd * (d >>> 8 & 255);
  out[2] = wa * (a >>> 16 & 255) + wb * (b >>> 16 & 255) +
    wc * (c >>> 16 & 255) + wd * (d >>> 16 & 255);
}
