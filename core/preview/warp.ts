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
  const span = newSpan(), line = newSpan();
  return (mesh) => {
    checkMesh(mesh);
    const cells = measureCells(mesh, { levels, width, height });
    const data = new Uint8Array(3 * width * height);
    for (let y = 0; y < height; y++) {
      drawRow({
        mesh,
        cells,
        levels,
        width,
        height,
        y,
        row,
        coarse,
        span,
        line,
      });
      writeRow(row, data, 3 * y * width);
    }
    return { width, height, data };
  };
}

/** The colors of a row as bytes, from `at` on. */
function writeRow(row: Uint32Array, data: Uint8Array, at: number): void {
  for (let x = 0; x < row.length; x++, at += 3) {
    const pixel = row[x]!;
    data[at] = pixel;
    data[at + 1] = pixel >>> 8;
    data[at + 2] = pixel >>> 16;
  }
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

/** What is the same for all rows of a cell: all cells, row by row. */
interface Cells {
  /** The level of the texture that is sampled, between two of them. */
  readonly level: Float64Array;
  /** Whether a corner is beyond the image. */
  readonly beyond: Uint8Array;
}

/** Finds what is the same for all rows of each cell. */
function measureCells(
  { columns, rows, source }: MotionMesh,
  { levels, width, height }: Pick<Row, "levels" | "width" | "height">,
): Cells {
  const level = new Float64Array(columns * rows);
  const beyond = new Uint8Array(columns * rows);
  const full = levels[0]!;
  const cellWidth = width / columns, cellHeight = height / rows;
  const isOutside = (k: number) => outside(source[k]!, source[k + 1]!) > 0;
  for (let j = 0, cell = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++, cell++) {
      const a = 2 * (j * (columns + 1) + i), b = a + 2 * (columns + 1);
      const x00 = source[a]! * full.width, y00 = source[a + 1]! * full.height;
      const x10 = source[a + 2]! * full.width;
      const y10 = source[a + 3]! * full.height;
      const x01 = source[b]! * full.width, y01 = source[b + 1]! * full.height;
      const x11 = source[b + 2]! * full.width;
      const y11 = source[b + 3]! * full.height;
      // How many pixels of the largest copy are in one of the output; 2 at rest.
      const footprint = Math.max(
        Math.hypot(x10 - x00, y10 - y00) / cellWidth,
        Math.hypot(x11 - x01, y11 - y01) / cellWidth,
        Math.hypot(x01 - x00, y01 - y00) / cellHeight,
        Math.hypot(x11 - x10, y11 - y10) / cellHeight,
      );
      level[cell] = Math.min(
        levels.length - 1,
        Math.max(0, Math.log2(footprint / 2) - 0.15),
      );
      beyond[cell] = Number(
        isOutside(a) || isOutside(a + 2) || isOutside(b) || isOutside(b + 2),
      );
    }
  }
  return { level, beyond };
}

interface Row {
  readonly mesh: MotionMesh;
  readonly cells: Cells;
  readonly levels: readonly TextureLevel[];
  readonly width: number;
  readonly height: number;
  readonly y: number;
  readonly row: Uint32Array;
  readonly coarse: Uint32Array;
  /** Used again for every cell: there are millions in a video. */
  readonly span: Span;
  readonly line: Span;
}

/** One row of the output, cell by cell. */
function drawRow(options: Row): void {
  const { mesh, cells, levels, width, height, y } = options;
  const { row, coarse, span, line } = options;
  const { columns, rows, source } = mesh;
  const v = (y + 0.5) / height * rows;
  const j = Math.min(rows - 1, Math.floor(v));
  const fy = v - j;
  const above = 2 * j * (columns + 1), below = above + 2 * (columns + 1);
  const cellWidth = width / columns;
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
    span.start = start;
    span.end = end;
    span.x = left + into * stepX;
    span.y = leftY + into * stepY;
    span.stepX = stepX;
    span.stepY = stepY;
    const level = cells.level[j * columns + i]!;
    if (cells.beyond[j * columns + i]!) {
      drawBlurred(levels, span, level, row);
      continue;
    }
    const fine = Math.floor(level);
    scaleSpan(span, 2 ** -fine, line);
    drawSpan(levels[fine]!, line, row);
    const share = Math.round(256 * (level - fine));
    if (share === 0) continue;
    scaleSpan(span, 0.5 ** (fine + 1), line);
    drawSpan(levels[fine + 1]!, line, coarse);
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
  span: Span,
  sharpest: number,
  row: Uint32Array,
): void {
  const { width, height } = levels[0]!;
  for (let i = span.start; i < span.end; i++) {
    const k = i - span.start;
    const place = span.x + k * span.stepX, line = span.y + k * span.stepY;
    const blur = BLUR * Math.max(0, outside(place / width, line / height));
    const level = Math.min(
      levels.length - 1,
      sharpest + Math.min(MOST_BLUR, blur),
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

/** A piece of a row, and where in a level of the texture it is. */
interface Span {
  start: number;
  end: number;
  x: number;
  y: number;
  stepX: number;
  stepY: number;
}

function newSpan(): Span {
  return { start: 0, end: 0, x: 0.5, y: 0.5, stepX: 0.5, stepY: 0.5 };
}

/** A span of the largest level in 16ths of the pixels of a smaller one. */
function scaleSpan(span: Span, scale: number, line: Span): void {
  const unit = 16 * scale;
  line.start = span.start;
  line.end = span.end;
  line.x = span.x * unit;
  line.y = span.y * unit;
  line.stepX = span.stepX * unit;
  line.stepY = span.stepY * unit;
}

/** Pixels `start` to `end` of a row. */
function drawSpan(texture: TextureLevel, line: Span, row: Uint32Array): void {
  if (isInside(texture, line)) drawInside(texture, line, row);
  else drawMirrored(texture, line, row);
}

/**
 * Whether all neighbors of all places are in the texture. The places are added
 * up step by step: a 16th of a pixel is more than what rounding makes of it.
 */
function isInside({ width, height }: TextureLevel, line: Span): boolean {
  const { start, end, x, y, stepX, stepY } = line;
  const lastX = x + (end - start) * stepX, lastY = y + (end - start) * stepY;
  const least = 8.5;
  return Math.min(x, lastX) > least && Math.min(y, lastY) > least &&
    Math.max(x, lastX) < 16 * width - least &&
    Math.max(y, lastY) < 16 * height - least;
}

/** {@linkcode sample} for places whose neighbors are all there. */
function drawInside(
  { width, pixels }: TextureLevel,
  line: Span,
  row: Uint32Array,
): void {
  const { start, end, stepX, stepY } = line;
  let { x, y } = line;
  for (let i = start; i < end; i++) {
    const px = (x - 7.5) | 0, py = (y - 7.5) | 0;
    const fx = px & 15, fy = py & 15;
    const at = (Math.imul(py >> 4, width) + (px >> 4)) | 0;
    row[i] = blend(
      pixels[at]!,
      pixels[at + 1]!,
      pixels[at + width]!,
      pixels[at + width + 1]!,
      fx,
      fy,
    );
    x += stepX;
    y += stepY;
  }
}

/** The same near the border. */
function drawMirrored(
  texture: TextureLevel,
  line: Span,
  row: Uint32Array,
): void {
  const { start, end, stepX, stepY } = line;
  let { x, y } = line;
  for (let i = start; i < end; i++) {
    row[i] = sample(texture, x, y);
    x += stepX;
    y += stepY;
  }
}

/** The color at a place, in 16ths of a pixel from the corner, bilinearly. */
function sample(texture: TextureLevel, x: number, y: number): number {
  const { width, height, pixels } = texture;
  // From the corner to pixel centers, and half a sixteenth to round.
  const px = Math.floor(x - 7.5), py = Math.floor(y - 7.5);
  let x0 = px >> 4, y0 = py >> 4, x1 = x0 + 1, y1 = y0 + 1;
  if (x0 < 0 || x1 >= width) {
    x0 = mirrored(x0, width);
    x1 = mirrored(x1, width);
  }
  if (y0 < 0 || y1 >= height) {
    y0 = mirrored(y0, height);
    y1 = mirrored(y1, height);
  }
  return blend(
    pixels[y0 * width + x0]!,
    pixels[y0 * width + x1]!,
    pixels[y1 * width + x0]!,
    pixels[y1 * width + x1]!,
    px & 15,
    py & 15,
  );
}

/**
 * A color between four, in integers: the 16 by 16 weights add up to 256, and
 * red and blue are summed in one number, whose sums wrap at 32 bits.
 */
function blend(
  a: number,
  b: number,
  c: number,
  d: number,
  fx: number,
  fy: number,
): number {
  const wd = Math.imul(fx, fy);
  const wb = ((fx << 4) - wd) | 0, wc = ((fy << 4) - wd) | 0;
  const wa = (256 - (fx << 4) - wc) | 0;
  const left = (Math.imul(a & 0xff00ff, wa) + Math.imul(c & 0xff00ff, wc)) | 0;
  const right = (Math.imul(b & 0xff00ff, wb) + Math.imul(d & 0xff00ff, wd)) | 0;
  const redBlue = (((left + right) | 0) + 0x800080) | 0;
  const upper = (Math.imul(a & 0xff00, wa) + Math.imul(b & 0xff00, wb)) | 0;
  const lower = (Math.imul(c & 0xff00, wc) + Math.imul(d & 0xff00, wd)) | 0;
  const green = (((upper + lower) | 0) + 0x8000) | 0;
  return ((redBlue >>> 8) & 0xff00ff) | ((green >>> 8) & 0xff00);
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
  const rest = (256 - share) | 0;
  const redBlue = (Math.imul(first & 0xff00ff, rest) +
    Math.imul(second & 0xff00ff, share)) | 0;
  const green = (Math.imul(first & 0xff00, rest) +
    Math.imul(second & 0xff00, share)) | 0;
  return ((((redBlue + 0x800080) | 0) >>> 8) & 0xff00ff) |
    ((((green + 0x8000) | 0) >>> 8) & 0xff00);
}
