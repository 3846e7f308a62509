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

import type { Point, RgbImage } from "../base/image.ts";
import {
  type Box,
  type Color,
  convexShape,
  discShape,
  fillShape,
  lineShape,
} from "./_shape.ts";

export type { Color } from "./_shape.ts";

/**
 * Draws a line with round ends: every point nearer than half of `width` to the
 * segment. Segments that share an end so join without a gap.
 */
export function drawLine(
  image: RgbImage,
  ends: readonly [Point, Point],
  options: { readonly width: number; readonly color: Color },
): void {
  fillShape(image, lineShape(ends, options.width), options.color);
}

/** Draws a disc. */
export function drawDisc(
  image: RgbImage,
  center: Point,
  options: { readonly radius: number; readonly color: Color },
): void {
  fillShape(image, discShape(center, options.radius), options.color);
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
  const shape = convexShape(corners);
  if (shape) fillShape(image, shape, options.color);
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
