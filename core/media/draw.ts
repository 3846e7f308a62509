/**
 * Lines with round ends, discs and filled outlines with smooth edges, and
 * small numbers, drawn into an image.
 *
 * Coordinates are px from the top left corner; pixel (i, j) covers
 * `[i, i + 1) x [j, j + 1)`, its center is (i + 0.5, j + 0.5). What is
 * outside the image is cut off. The images are changed in place.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Point } from "../base/image.ts";

/** Red, green and blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/**
 * Draws a line with round ends: every point nearer than half of `width` to the
 * segment. Segments that share an end so join without a gap.
 */
export function drawLine(
  image: RgbImage,
  [a, b]: readonly [Point, Point],
  options: { readonly width: number; readonly color: Color },
): void {
  const radius = options.width / 2;
  const dx = b.x - a.x, dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  fill(image, around([a, b], radius), options.color, (x, y) => {
    const px = x - a.x, py = y - a.y;
    const along = length === 0
      ? 0
      : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
    const ex = px - along * dx, ey = py - along * dy;
    return Math.sqrt(ex * ex + ey * ey) - radius;
  });
}

/** Draws a disc. */
export function drawDisc(
  image: RgbImage,
  center: Point,
  options: { readonly radius: number; readonly color: Color },
): void {
  const { radius, color } = options;
  fill(
    image,
    around([center], radius),
    color,
    (x, y) => Math.sqrt((x - center.x) ** 2 + (y - center.y) ** 2) - radius,
  );
}

/**
 * Fills a convex outline, for example an arrow's head. Its corners may run
 * either way round; an outline without an area draws nothing.
 */
export function fillConvex(
  image: RgbImage,
  corners: readonly Point[],
  options: { readonly color: Color },
): void {
  const sides = corners.map((a, i) => {
    const b = corners[(i + 1) % corners.length]!;
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    return {
      x: a.x,
      y: a.y,
      nx: (b.y - a.y) / length,
      ny: (a.x - b.x) / length,
    };
  }).filter(({ nx }) => Number.isFinite(nx));
  const area = corners.reduce((sum, a, i) => {
    const b = corners[(i + 1) % corners.length]!;
    return sum + a.x * b.y - b.x * a.y;
  }, 0);
  if (area === 0) return;
  const outward = Math.sign(area);
  fill(image, around(corners, 0), options.color, (x, y) => {
    let distance = -Infinity;
    for (const side of sides) {
      const d = outward * ((x - side.x) * side.nx + (y - side.y) * side.ny);
      if (d > distance) distance = d;
    }
    return distance;
  });
}

/** Where something may leave ink, in px, both ends included. */
interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

function around(points: readonly Point[], margin: number): Box {
  const xs = points.map(({ x }) => x), ys = points.map(({ y }) => y);
  return {
    left: Math.floor(Math.min(...xs) - margin - 1),
    top: Math.floor(Math.min(...ys) - margin - 1),
    right: Math.ceil(Math.max(...xs) + margin + 1),
    bottom: Math.ceil(Math.max(...ys) + margin + 1),
  };
}

/**
 * Blends a color over the pixels of a box, by how much of each is inside a
 * shape. The shape is given by the distance from its edge, negative inside; a
 * pixel is full from half a px inside on and untouched from half a px outside.
 */
function fill(
  image: RgbImage,
  box: Box,
  color: Color,
  distance: (x: number, y: number) => number,
): void {
  const { width, height, data } = image;
  const [red, green, blue] = color;
  const left = Math.max(0, box.left), right = Math.min(width - 1, box.right);
  const top = Math.max(0, box.top), bottom = Math.min(height - 1, box.bottom);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const cover = 0.5 - distance(x + 0.5, y + 0.5);
      if (cover <= 0) continue;
      const at = 3 * (y * width + x);
      const share = cover >= 1 ? 1 : cover;
      data[at] = blend(data[at]!, red, share);
      data[at + 1] = blend(data[at + 1]!, green, share);
      data[at + 2] = blend(data[at + 2]!, blue, share);
    }
  }
}

function blend(below: number, above: number, share: number): number {
  return Math.round(below + (above - below) * share);
}

/** The digits 0 to 9, five by seven dots each, a row per number, left bit first. */
const DIGITS: readonly (readonly number[])[] = [
  [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
  [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
  [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
  [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
  [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
  [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
  [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
  [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
  [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
  [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
];

/** How a number is drawn. */
export interface NumberOptions {
  /** The width and height of a dot in px; a digit is 5 by 7 of them. */
  readonly scale: number;
  /** The color of the digits. */
  readonly color: Color;
  /** The color of a rim of one dot around them. */
  readonly rim: Color;
}

/** The size in px of a number as {@linkcode drawNumber} draws it, its rim included. */
export function numberSize(
  value: number,
  scale: number,
): { width: number; height: number } {
  const digits = String(value).length;
  return { width: (6 * digits + 1) * scale, height: 9 * scale };
}

/**
 * Draws a whole number from zero up with a rim around its digits, so that it
 * can be read on any ground.
 */
export function drawNumber(
  image: RgbImage,
  corner: Point,
  options: NumberOptions & { readonly value: number },
): void {
  const { value, scale, color, rim } = options;
  const dots = [...String(value)].flatMap((digit, place) =>
    DIGITS[Number(digit)]!.flatMap((row, y) =>
      [0, 1, 2, 3, 4]
        .filter((x) => row & (16 >> x))
        .map((x) => ({ x: 6 * place + x + 1, y: y + 1 }))
    )
  );
  const left = Math.round(corner.x), top = Math.round(corner.y);
  const block = ({ x, y }: Point, grow: number, color: Color) =>
    fillBlock(image, {
      left: left + (x - grow) * scale,
      top: top + (y - grow) * scale,
      right: left + (x + 1 + grow) * scale - 1,
      bottom: top + (y + 1 + grow) * scale - 1,
    }, color);
  for (const dot of dots) block(dot, 1, rim);
  for (const dot of dots) block(dot, 0, color);
}

function fillBlock(image: RgbImage, box: Box, color: Color): void {
  const { width, height, data } = image;
  for (
    let y = Math.max(0, box.top);
    y <= Math.min(height - 1, box.bottom);
    y++
  ) {
    for (
      let x = Math.max(0, box.left);
      x <= Math.min(width - 1, box.right);
      x++
    ) data.set(color, 3 * (y * width + x));
  }
}
