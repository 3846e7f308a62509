/**
 * Draws an image through a mesh.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { buildTexture, type TextureLevel } from "./_texture.ts";
import type { MotionMesh } from "./motion_plan.ts";

/**
 * An image made ready to be drawn through many meshes.
 *
 * Every output pixel looks up its place in the mesh and takes the image
 * there, bilinearly from a copy of twice the output's size; where the mesh
 * squeezes, smaller copies are mixed in against aliases. Beyond its border the
 * image is mirrored and soon out of focus, so that a pan shows neither a seam
 * nor a streak, nor a second sun. The mesh has no edges inside the output:
 * there is nothing to tear.
 *
 * @throws {RangeError} When a size is not a positive whole number, or the
 * image's bytes do not fit its size.
 */
export function createWarp(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
): (mesh: MotionMesh) => RgbImage {
  const { width, height } = size;
  for (const side of [width, height, image.width, image.height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new RangeError(
        `Cannot warp an image of ${image.width}x${image.height} to ${width}x${height}: ${
          quote(side)
        } is no positive whole number of px`,
      );
    }
  }
  if (image.data.length !== 3 * image.width * image.height) {
    throw new RangeError(
      `Cannot warp an image of ${image.width}x${image.height}: it has ${image.data.length} bytes, expected ${
        3 * image.width * image.height
      }`,
    );
  }
  const levels = buildTexture(image, size);
  const row = new Uint32Array(width), coarse = new Uint32Array(width);
  return (mesh) => {
    checkMesh(mesh);
    const data = new Uint8Array(3 * width * height);
    for (let y = 0; y < height; y++) {
      drawRow({ mesh, levels, width, height, y, row, coarse });
      for (let x = 0, at = 3 * y * width; x < width; x++, at += 3) {
        const pixel = row[x]!;
        data[at] = pixel;
        data[at + 1] = pixel >>> 8;
        data[at + 2] = pixel >>> 16;
      }
    }
    return { width, height, data };
  };
}

/** Levels of blur per width or height of the image beyond its border. */
const BLUR = 40;
/** Levels of blur at most: a level is half the size. */
const MOST_BLUR = 5;

function checkMesh({ columns, rows, source }: MotionMesh): void {
  const expected = 2 * (columns + 1) * (rows + 1);
  if (source.length !== expected) {
    throw new RangeError(
      `Cannot warp with a mesh of ${columns} by ${rows} cells: it has ${source.length} numbers, expected ${expected}`,
    );
  }
}

interface Row {
  readonly mesh: MotionMesh;
  readonly levels: readonly TextureLevel[];
  readonly width: number;
  readonly height: number;
  readonly y: number;
  readonly row: Uint32Array;
  readonly coarse: Uint32Array;
}

/** One row of the output, cell by cell. */
function drawRow(options: Row): void {
  const { mesh, levels, width, height, y, row, coarse } = options;
  const { columns, rows, source } = mesh;
  const v = (y + 0.5) / height * rows;
  const j = Math.min(rows - 1, Math.floor(v));
  const fy = v - j;
  const above = 2 * j * (columns + 1), below = above + 2 * (columns + 1);
  const cellWidth = width / columns, cellHeight = height / rows;
  const full = levels[0]!;
  for (let i = 0; i < columns; i++) {
    const start = Math.max(0, Math.ceil(i * cellWidth - 0.5));
    const end = Math.min(width, Math.ceil((i + 1) * cellWidth - 0.5));
    if (start >= end) continue;
    const a = above + 2 * i, b = below + 2 * i;
    // In pixels of the largest copy.
    const x00 = source[a]! * full.width, y00 = source[a + 1]! * full.height;
    const x10 = source[a + 2]! * full.width, y10 = source[a + 3]! * full.height;
    const x01 = source[b]! * full.width, y01 = source[b + 1]! * full.height;
    const x11 = source[b + 2]! * full.width, y11 = source[b + 3]! * full.height;
    const left = x00 + fy * (x01 - x00), leftY = y00 + fy * (y01 - y00);
    const stepX = (x10 + fy * (x11 - x10) - left) / cellWidth;
    const stepY = (y10 + fy * (y11 - y10) - leftY) / cellWidth;
    const into = start + 0.5 - i * cellWidth;
    const span = {
      start,
      end,
      x: left + into * stepX,
      y: leftY + into * stepY,
      stepX,
      stepY,
    };
    // How many pixels of the largest copy lie in one of the output; 2 at rest.
    const footprint = Math.max(
      Math.hypot(x10 - x00, y10 - y00) / cellWidth,
      Math.hypot(x11 - x01, y11 - y01) / cellWidth,
      Math.hypot(x01 - x00, y01 - y00) / cellHeight,
      Math.hypot(x11 - x10, y11 - y10) / cellHeight,
    );
    const level = Math.min(
      levels.length - 1,
      Math.max(0, Math.log2(footprint / 2) - 0.15),
    );
    const beyond = [a, a + 2, b, b + 2].some((k) =>
      outside(source[k]!, source[k + 1]!) > 0
    );
    if (beyond) {
      drawBlurred(levels, { span, level, row });
      continue;
    }
    const fine = Math.floor(level);
    drawSpan(levels[fine]!, { span, scale: 2 ** -fine, row });
    const share = Math.round(256 * (level - fine));
    if (share === 0) continue;
    drawSpan(levels[fine + 1]!, {
      span,
      scale: 0.5 ** (fine + 1),
      row: coarse,
    });
    for (let x = start; x < end; x++) {
      row[x] = mix(row[x]!, coarse[x]!, share);
    }
  }
}

/** How far a place is beyond 0..1; negative inside. */
function outside(x: number, y: number): number {
  return Math.max(-x, x - 1, -y, y - 1);
}

/** A span that leaves the image: the further out, the more blurred. */
function drawBlurred(
  levels: readonly TextureLevel[],
  options: { span: Span; level: number; row: Uint32Array },
): void {
  const { span, row } = options;
  const { width, height } = levels[0]!;
  for (let i = span.start; i < span.end; i++) {
    const k = i - span.start;
    const place = span.x + k * span.stepX, line = span.y + k * span.stepY;
    const blur = BLUR * Math.max(0, outside(place / width, line / height));
    const level = Math.min(
      levels.length - 1,
      options.level + Math.min(MOST_BLUR, blur),
    );
    const fine = Math.floor(level);
    const x = 16 * place, y = 16 * line;
    const sharp = sample(levels[fine]!, x * 0.5 ** fine, y * 0.5 ** fine);
    const share = Math.round(256 * (level - fine));
    row[i] = share === 0 ? sharp : mix(
      sharp,
      sample(levels[fine + 1]!, x * 0.5 ** (fine + 1), y * 0.5 ** (fine + 1)),
      share,
    );
  }
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

/** Pixels `start` to `end` of a row. */
function drawSpan(
  texture: TextureLevel,
  options: { span: Span; scale: number; row: Uint32Array },
): void {
  const { span: { start, end }, scale, row } = options;
  const unit = 16 * scale;
  let x = options.span.x * unit, y = options.span.y * unit;
  const stepX = options.span.stepX * unit, stepY = options.span.stepY * unit;
  for (let i = start; i < end; i++) {
    row[i] = sample(texture, x, y);
    x += stepX;
    y += stepY;
  }
}

/**
 * The color at a place, in 16ths of a pixel from the corner, bilinearly: the
 * 16 by 16 weights of the four neighbors add up to 256, and red and blue are
 * summed in one number.
 */
function sample(texture: TextureLevel, x: number, y: number): number {
  const { width, height, pixels } = texture;
  // From the corner to pixel centers, and half a sixteenth to round.
  const px = Math.floor(x - 7.5), py = Math.floor(y - 7.5);
  const fx = px & 15, fy = py & 15;
  let x0 = px >> 4, y0 = py >> 4, x1 = x0 + 1, y1 = y0 + 1;
  if (x0 < 0 || x1 >= width) {
    x0 = mirrored(x0, width);
    x1 = mirrored(x1, width);
  }
  if (y0 < 0 || y1 >= height) {
    y0 = mirrored(y0, height);
    y1 = mirrored(y1, height);
  }
  const a = pixels[y0 * width + x0]!, b = pixels[y0 * width + x1]!;
  const c = pixels[y1 * width + x0]!, d = pixels[y1 * width + x1]!;
  const wd = fx * fy, wb = 16 * fx - wd, wc = 16 * fy - wd;
  const wa = 256 - 16 * fx - wc;
  const redBlue = Math.imul(a & 0xff00ff, wa) + Math.imul(b & 0xff00ff, wb) +
    Math.imul(c & 0xff00ff, wc) + Math.imul(d & 0xff00ff, wd) + 0x800080;
  const green = ((a >>> 8) & 0xff) * wa + ((b >>> 8) & 0xff) * wb +
    ((c >>> 8) & 0xff) * wc + ((d >>> 8) & 0xff) * wd + 0x80;
  return ((redBlue >>> 8) & 0xff00ff) | (green & 0xff00);
}

/** The index of a pixel in an image that is repeated mirrored. */
function mirrored(index: number, length: number): number {
  if (index >= 0 && index < length) return index;
  const period = 2 * length;
  const phase = ((index % period) + period) % period;
  return phase < length ? phase : period - 1 - phase;
}

/** `share` 256ths of the second color with the first. */
function mix(first: number, second: number, share: number): number {
  const rest = 256 - share;
  const redBlue = Math.imul(first & 0xff00ff, rest) +
    Math.imul(second & 0xff00ff, share) + 0x800080;
  const green = ((first >>> 8) & 0xff) * rest +
    ((second >>> 8) & 0xff) * share + 0x80;
  return ((redBlue >>> 8) & 0xff00ff) | (green & 0xff00);
}
