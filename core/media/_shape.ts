/**
 * Shapes with smooth edges, and how they are blended into an image.
 *
 * Coordinates are those of `draw.ts`.
 *
 * @module
 */

import type { Point, RgbImage } from "../base/image.ts";

/** Red, green and blue, 0 to 255. */
export type Color = readonly [red: number, green: number, blue: number];

/** Where something may leave ink, in px, both ends included. */
export interface Box {
  /** The first column. */
  readonly left: number;
  /** The first row. */
  readonly top: number;
  /** The last column. */
  readonly right: number;
  /** The last row. */
  readonly bottom: number;
}

/** Something to fill with a color. */
export interface Shape {
  /** Outside of it there is no ink. */
  readonly box: Box;
  /** How far a place is from the shape's edge in px, negative inside. */
  distance(x: number, y: number): number;
}

/**
 * A line with round ends: every point nearer than half of `width` to the
 * segment. Segments that share an end so join without a gap.
 */
export function lineShape(
  [a, b]: readonly [Point, Point],
  width: number,
): Shape {
  const radius = width / 2;
  const { x: ax, y: ay } = a;
  const dx = b.x - ax, dy = b.y - ay;
  const length = dx * dx + dy * dy;
  return {
    box: {
      left: Math.floor(Math.min(ax, b.x) - radius - 1),
      top: Math.floor(Math.min(ay, b.y) - radius - 1),
      right: Math.ceil(Math.max(ax, b.x) + radius + 1),
      bottom: Math.ceil(Math.max(ay, b.y) + radius + 1),
    },
    distance(x, y) {
      const px = x - ax, py = y - ay;
      const along = length === 0
        ? 0
        : Math.min(1, Math.max(0, (px * dx + py * dy) / length));
      const ex = px - along * dx, ey = py - along * dy;
      return Math.sqrt(ex * ex + ey * ey) - radius;
    },
  };
}

/** A disc. */
export function discShape(center: Point, radius: number): Shape {
  const { x: cx, y: cy } = center;
  return {
    box: around([center], radius),
    distance: (x, y) => Math.sqrt((x - cx) ** 2 + (y - cy) ** 2) - radius,
  };
}

/**
 * A convex outline, for example an arrow's head. Its corners may run either
 * way round; an outline without an area is no shape.
 */
export function convexShape(corners: readonly Point[]): Shape | undefined {
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
  if (area === 0) return undefined;
  const outward = Math.sign(area);
  return {
    box: around(corners, 0),
    distance(x, y) {
      let distance = -Infinity;
      for (const side of sides) {
        const d = outward * ((x - side.x) * side.nx + (y - side.y) * side.ny);
        if (d > distance) distance = d;
      }
      return distance;
    },
  };
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
 * Blends a color over an image, by how much of each pixel is inside a shape: a
 * pixel is full from half a px inside on and untouched from half a px outside.
 */
export function fillShape(
  image: RgbImage,
  { box, distance }: Shape,
  color: Color,
): void {
  const { width, height } = image;
  const left = Math.max(0, box.left), right = Math.min(width - 1, box.right);
  const top = Math.max(0, box.top), bottom = Math.min(height - 1, box.bottom);
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const cover = 0.5 - distance(x + 0.5, y + 0.5);
      if (cover > 0) blendPixel(image, y * width + x, color, cover);
    }
  }
}

/** Blends a color over a pixel; `cover` is how much of it, full from 1 on. */
export function blendPixel(
  { data }: RgbImage,
  pixel: number,
  [red, green, blue]: Color,
  cover: number,
): void {
  const at = 3 * pixel, share = cover >= 1 ? 1 : cover;
  data[at] = blend(data[at]!, red, share);
  data[at + 1] = blend(data[at + 1]!, green, share);
  data[at + 2] = blend(data[at + 2]!, blue, share);
}

function blend(below: number, above: number, share: number): number {
  return Math.round(below + (above - below) * share);
}
