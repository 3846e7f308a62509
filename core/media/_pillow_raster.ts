/**
 * Pillow's integer rasteriser, as far as the reference uses it: wide lines,
 * filled ellipses and filled polygons, without smoothing, pixel for pixel as
 * Pillow 9.4 fills them (`src/libImaging/Draw.c`).
 *
 * Its corners are what a straight scan line fill would not give: it stretches
 * some spans towards the next row, at the wrong place of its list now and then.
 * That is reproduced, because the golden images hold it.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Color } from "./draw.ts";

/** A corner on the pixel grid. */
export type Cell = readonly [x: number, y: number];

const f32 = Math.fround;

/** Halves away from zero. */
function roundUp(value: number): number {
  return Math.sign(value) * Math.floor(f32(Math.abs(value) + 0.5));
}

/** Halves towards zero. */
function roundDown(value: number): number {
  return Math.sign(value) * Math.ceil(f32(Math.abs(value) - 0.5));
}

/** Fills the pixels `[from, to]` of a row, both ends included. */
function fillRow(
  { width, height, data }: RgbImage,
  [from, to, y]: readonly [from: number, to: number, y: number],
  [red, green, blue]: Color,
): void {
  if (y < 0 || y >= height) return;
  const end = 3 * (y * width + Math.min(width - 1, to));
  for (let at = 3 * (y * width + Math.max(0, from)); at <= end; at += 3) {
    data[at] = red;
    data[at + 1] = green;
    data[at + 2] = blue;
  }
}

interface Edge {
  readonly x0: number;
  readonly y0: number;
  readonly xmin: number;
  readonly xmax: number;
  readonly ymin: number;
  readonly ymax: number;
  /** Px to the right per row, float32; 0 for a level edge. */
  readonly dx: number;
}

function edge([x0, y0]: Cell, [x1, y1]: Cell): Edge {
  return {
    x0,
    y0,
    xmin: Math.min(x0, x1),
    xmax: Math.max(x0, x1),
    ymin: Math.min(y0, y1),
    ymax: Math.max(y0, y1),
    dx: y0 === y1 ? 0 : f32((x1 - x0) / (y1 - y0)),
  };
}

/** The x where an edge (or its extension) crosses a row, float32. */
function crossing({ x0, y0, dx }: Edge, y: number): number {
  return f32(f32((y - y0) * dx) + x0);
}

/** Fills the polygon with these corners, which may cross itself (even-odd). */
export function fillPolygon(
  image: RgbImage,
  corners: readonly Cell[],
  color: Color,
): void {
  fillEdges(
    image,
    corners.map((corner, i) => edge(corner, corners[(i + 1) % corners.length]!))
      .filter((_, i) =>
        // A last corner equal to the first closes the polygon by itself.
        i < corners.length - 1 || String(corners[i]) !== String(corners[0])
      ),
    color,
  );
}

function fillEdges(
  image: RgbImage,
  edges: readonly Edge[],
  color: Color,
): void {
  const bottom = Math.min(
    image.height,
    Math.max(0, ...edges.map(({ ymax }) => ymax)),
  );
  const top = Math.max(
    0,
    Math.min(image.height - 1, ...edges.map(({ ymin }) => ymin)),
  );
  const sloped: Edge[] = [];
  for (const candidate of edges) {
    const { ymin, ymax, xmin, xmax } = candidate;
    if (ymin === ymax) fillRow(image, [xmin, xmax, ymin], color);
    else sloped.push(candidate);
  }
  const xs = new Float32Array(2 * sloped.length);
  for (let y = top; y <= bottom; y++) {
    const count = rowCrossings(sloped, xs, { y, bottom });
    xs.subarray(0, count).sort();
    for (let i = 1; i < count; i += 2) {
      fillRow(image, [roundUp(xs[i - 1]!), roundDown(xs[i]!), y], color);
    }
  }
}

/** Writes where the edges cross a row into `xs`; returns how many there are. */
function rowCrossings(
  edges: readonly Edge[],
  xs: Float32Array,
  { y, bottom }: { y: number; bottom: number },
): number {
  let count = 0;
  edges.forEach((current, i) => {
    if (y < current.ymin || y > current.ymax) return;
    const x = crossing(current, y);
    xs[count++] = x;
    if (y === current.ymax && y < bottom) {
      xs[count++] = x;
      return;
    }
    if (current.dx === 0 || !Number.isInteger(x)) return;
    const right = current.dx > 0;
    const k = edges.findIndex((other, k) =>
      k < i && (right ? other.dx > 0 : other.dx < 0) &&
      ((y === current.ymin && y === other.ymin) ||
        (y === current.ymax && y === other.ymax)) &&
      x === crossing(other, y)
    );
    if (k < 0) return;
    const row = y + (y === bottom ? -1 : 1);
    const ends = [crossing(current, row), crossing(edges[k]!, row)];
    xs[k] = y === current.ymax
      ? (right ? Math.max(...ends) + 1 : Math.min(...ends) - 1)
      : (right ? Math.min(...ends) : Math.max(...ends) + 1);
  });
  return count;
}

/** Draws a line of `width` px, 2 or more, with square ends and no joints. */
export function drawWideLine(
  image: RgbImage,
  [[x0, y0], [x1, y1]]: readonly [Cell, Cell],
  { width, color }: { readonly width: number; readonly color: Color },
): void {
  const dx = x1 - x0, dy = y1 - y0;
  if (dx === 0 && dy === 0) {
    if (x0 >= 0 && x0 < image.width) fillRow(image, [x0, x0, y0], color);
    return;
  }
  const length = Math.sqrt(dx * dx + dy * dy);
  const half = (width - 1) / 2;
  const most = roundUp(half) / length, least = roundDown(half) / length;
  const [left, up] = [halfDown(least * dy), halfDown(least * dx)];
  const [right, down] = [halfDown(most * dy), halfDown(most * dx)];
  const corners: Cell[] = [
    [x0 - left, y0 + down],
    [x1 - left, y1 + down],
    [x1 + right, y1 - up],
    [x0 + right, y0 - up],
  ];
  fillEdges(
    image,
    corners.map((corner, i) => edge(corner, corners[(i + 1) % 4]!)),
    color,
  );
}

/** Halves towards zero, of a float64. */
function halfDown(value: number): number {
  return Math.sign(value) * Math.ceil(Math.abs(value) - 0.5);
}

/** Fills the ellipse that touches the box from `[x0, y0]` to `[x1, y1]` inside. */
export function fillEllipse(
  image: RgbImage,
  [[x0, y0], [x1, y1]]: readonly [Cell, Cell],
  color: Color,
): void {
  // Twice the half axes, so that centers between pixels stay whole numbers.
  const a = x1 - x0, b = y1 - y0;
  if (a < 0 || b < 0) return;
  const row = (x: number, y: number) =>
    fillRow(
      image,
      [x0 + (a - x) / 2, x0 + (a + x) / 2, y0 + (b + y) / 2],
      color,
    );
  const off = (x: number, y: number) =>
    Math.abs(a * a * y * y + b * b * x * x - a * a * b * b);
  let x = a, y = b % 2, last = -1;
  while (true) {
    if (y > last) {
      row(x, y);
      row(x, -y);
      last = y;
    }
    if (x === a % 2 && y === b) return;
    // The next of the three neighbors that is closest to the curve.
    const steps: Cell[] = [[x, y + 2]];
    if (x > 1) steps.push([x - 2, y + 2], [x - 2, y]);
    [x, y] = steps.reduce((best, step) =>
      off(...step) < off(...best) ? step : best
    );
  }
}
