/**
 * Regions as outlines: from polygons to pixels and back.
 *
 * @module
 */

import type { Point } from "../../base/image.ts";

/** Sub-rows per row of pixels. */
const ROWS = 4;

/**
 * How much of each pixel is inside of some closed outlines (even-odd), 0 to
 * 255, row by row.
 *
 * @param outline Closed lines, px of `drawnOn`.
 */
export function fillOutline(
  outline: readonly (readonly Point[])[],
  options: {
    readonly width: number;
    readonly height: number;
    /** The size of the image that the outline was drawn on; the same unless given. */
    readonly drawnOn?: { readonly width: number; readonly height: number };
  },
): Uint8Array {
  const { width, height, drawnOn = options } = options;
  const sx = width / drawnOn.width, sy = height / drawnOn.height;
  const edges: (readonly [x0: number, y0: number, x1: number, y1: number])[] =
    [];
  for (const ring of outline) {
    for (const [k, a] of ring.entries()) {
      const b = ring[(k + 1) % ring.length]!;
      if (a.y !== b.y) edges.push([a.x * sx, a.y * sy, b.x * sx, b.y * sy]);
    }
  }
  const cover = new Float32Array(width * height);
  const crossings: number[] = [];
  for (let sub = 0; sub < ROWS * height; sub++) {
    const y = (sub + 0.5) / ROWS;
    crossings.length = 0;
    for (const [x0, y0, x1, y1] of edges) {
      if ((y0 <= y) === (y1 <= y)) continue;
      crossings.push(x0 + (y - y0) / (y1 - y0) * (x1 - x0));
    }
    crossings.sort((a, b) => a - b);
    const row = Math.floor(sub / ROWS) * width;
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      const from = Math.max(0, crossings[k]!);
      const to = Math.min(width, crossings[k + 1]!);
      for (let x = Math.floor(from); x < to; x++) {
        cover[row + x]! += Math.min(to, x + 1) - Math.max(from, x);
      }
    }
  }
  return Uint8Array.from(cover, (sum) => Math.round(255 * sum / ROWS));
}

/** Rings that enclose less than this many px are dropped. */
const LEAST_AREA = 12;

/**
 * The outlines of what is inside (128 and above), as closed lines around it,
 * px; holes are rings of their own. Points that say less than `detail` px are
 * left out.
 */
export function traceOutline(
  mask: Uint8Array,
  options: {
    readonly width: number;
    readonly height: number;
    readonly detail?: number;
  },
): Point[][] {
  const { width, height, detail = 0.7 } = options;
  const inside = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x]! >= 128;
  // Directed edges between pixels, with the inside on the right.
  const next = new Map<number, number[]>();
  const stride = width + 1;
  const add = (from: number, to: number) => {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      const at = y * stride + x;
      if (!inside(x, y - 1)) add(at, at + 1);
      if (!inside(x + 1, y)) add(at + 1, at + 1 + stride);
      if (!inside(x, y + 1)) add(at + 1 + stride, at + stride);
      if (!inside(x - 1, y)) add(at + stride, at);
    }
  }
  const rings: Point[][] = [];
  for (const start of next.keys()) {
    while ((next.get(start)?.length ?? 0) > 0) {
      const corners: number[] = [];
      let at = start;
      do {
        corners.push(at);
        at = next.get(at)!.pop()!;
      } while (at !== start);
      // Through the middle of each edge: half a pixel smoother than stairs.
      const ring = corners.map((corner, k) => {
        const other = corners[(k + 1) % corners.length]!;
        return {
          x: (corner % stride + other % stride) / 2,
          y: (Math.floor(corner / stride) + Math.floor(other / stride)) / 2,
        };
      });
      if (Math.abs(ringArea(ring)) < LEAST_AREA) continue;
      rings.push(simplify(ring, detail));
    }
  }
  return rings;
}

/** The area of a closed line, px; negative when it runs counterclockwise. */
export function ringArea(ring: readonly Point[]): number {
  let sum = 0;
  for (const [k, a] of ring.entries()) {
    const b = ring[(k + 1) % ring.length]!;
    sum += a.x * b.y - b.x * a.y;
  }
  return sum / 2;
}

/**
 * A closed line without the points that are within `detail` px of the line
 * between those that stay (Douglas, Peucker 1973).
 */
export function simplify(ring: readonly Point[], detail: number): Point[] {
  if (ring.length < 4) return [...ring];
  let far = 0, most = 0;
  for (const [k, { x, y }] of ring.entries()) {
    const away = Math.hypot(x - ring[0]!.x, y - ring[0]!.y);
    if (away > most) [far, most] = [k, away];
  }
  const keep = new Uint8Array(ring.length + 1);
  keep[0] = keep[far] = keep[ring.length] = 1;
  const at = (k: number) => ring[k % ring.length]!;
  const open: [number, number][] = [[0, far], [far, ring.length]];
  while (open.length > 0) {
    const [from, to] = open.pop()!;
    const a = at(from), b = at(to);
    const dx = b.x - a.x, dy = b.y - a.y;
    const length = Math.hypot(dx, dy);
    let split = -1, worst = detail;
    for (let k = from + 1; k < to; k++) {
      const p = at(k);
      const off = length < 1e-9
        ? Math.hypot(p.x - a.x, p.y - a.y)
        : Math.abs((p.x - a.x) * dy - (p.y - a.y) * dx) / length;
      if (off > worst) [split, worst] = [k, off];
    }
    if (split < 0) continue;
    keep[split] = 1;
    open.push([from, split], [split, to]);
  }
  return ring.filter((_, k) => keep[k] === 1);
}
