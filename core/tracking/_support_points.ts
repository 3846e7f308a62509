/**
 * Points that the tracker adds itself: well-textured ones all over the frame,
 * whose motion says how the surroundings of a tracked point move.
 *
 * @module
 */

import type { FramePyramid, Plane } from "./_frame_pyramid.ts";
import { followPoint, type Step } from "./_shift_patch.ts";
import { type Corner, strongestCorner } from "./_strongest_corner.ts";

/** One support point; its step led into the last frame. */
export interface SupportPoint extends Step {
  /** Different for every point that ever lived. */
  readonly id: number;
  /** Position in the last frame, px. */
  x: number;
  y: number;
}

const RADIUS = 7;
/** Support points aimed at. */
const COUNT = 160;

/** Keeps the support points of a video, frame after frame. */
export class SupportPoints {
  /** Those that were followed into the last frame. */
  alive: SupportPoint[] = [];
  #next = 0;
  #columns = 1;
  #rows = 1;

  /** Follows all points from one frame into the next. */
  follow(from: FramePyramid, to: FramePyramid): void {
    const finest = finestLevel(from);
    const { width, height } = from.levels[0]!;
    const kept: SupportPoint[] = [];
    for (const point of this.alive) {
      const found = followPoint(from, to, point, {
        guess: { x: point.x + point.dx, y: point.y + point.dy },
        radius: RADIUS,
        finest,
        iterations: 5,
      });
      if (found.likeness < 0.8 && found.difference > 4) continue;
      if (
        !(found.x >= 0 && found.y >= 0 && found.x <= width - 1 &&
          found.y <= height - 1)
      ) continue;
      point.fromX = point.x;
      point.fromY = point.y;
      point.dx = found.x - point.x;
      point.dy = found.y - point.y;
      point.x = found.x;
      point.y = found.y;
      point.xx = found.xx;
      point.xy = found.xy;
      point.yy = found.yy;
      kept.push(point);
    }
    this.alive = kept;
  }

  /** Puts a point into every cell that has none, where the texture is best. */
  refill(frame: FramePyramid): void {
    const { width, height } = frame.levels[0]!;
    this.#columns = Math.max(
      2,
      Math.round(Math.sqrt(COUNT * width / height)),
    );
    this.#rows = Math.max(2, Math.round(COUNT / this.#columns));
    const columns = this.#columns, rows = this.#rows;
    const taken = new Uint8Array(columns * rows);
    const kept: SupportPoint[] = [];
    for (const point of this.alive) {
      const column = Math.min(
        columns - 1,
        Math.floor(point.x / width * columns),
      );
      const row = Math.min(rows - 1, Math.floor(point.y / height * rows));
      const cell = row * columns + column;
      if (taken[cell]! >= 2) continue;
      taken[cell]!++;
      kept.push(point);
    }
    this.alive = kept;
    const level = frame.levels.length > 1 ? 1 : 0;
    const plane = frame.levels[level]!;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        if (taken[row * columns + column]) continue;
        const best = bestTexture(plane, {
          left: column * plane.width / columns,
          right: (column + 1) * plane.width / columns,
          top: row * plane.height / rows,
          bottom: (row + 1) * plane.height / rows,
        });
        if (!best) continue;
        const x = best.x * 2 ** level, y = best.y * 2 ** level;
        this.alive.push({
          id: this.#next++,
          fromX: x,
          fromY: y,
          x,
          y,
          dx: 0,
          dy: 0,
          xx: 0,
          xy: 0,
          yy: 0,
        });
      }
    }
  }
}

/** Full size where a frame is small, half size where it is large. */
function finestLevel({ levels }: FramePyramid): number {
  const { width, height } = levels[0]!;
  return width * height > 300_000 && levels.length > 1 ? 1 : 0;
}

/** The best point to follow in a rectangle, or none where all is flat. */
function bestTexture(
  plane: Plane,
  box: { left: number; right: number; top: number; bottom: number },
): Corner | undefined {
  const margin = 4;
  return strongestCorner(plane, {
    left: Math.max(margin, Math.ceil(box.left)),
    right: Math.min(plane.width - margin, Math.floor(box.right) + 1),
    top: Math.max(margin, Math.ceil(box.top)),
    bottom: Math.min(plane.height - margin, Math.floor(box.bottom) + 1),
    step: 2,
    above: 0.5,
  });
}
