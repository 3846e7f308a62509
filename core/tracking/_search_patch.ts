/**
 * Looks for a patch at every pixel of a neighborhood.
 *
 * @module
 */

import type { Plane } from "./_frame_pyramid.ts";
import type { Patch } from "./_patch.ts";
import type { Shape } from "./_warp.ts";

/** A place where a patch may be. */
export interface Candidate {
  /** Position in px of the plane. */
  readonly x: number;
  readonly y: number;
  /** Weighted correlation there, -1 to 1. */
  readonly likeness: number;
}

/**
 * The best places of `patch` in `plane`, best first, at most `count`, each at
 * least 3 px from the others. The patch is turned and scaled by `shape`
 * first; positions whose center is outside of the plane are not tried.
 */
export function searchPatch(
  patch: Patch,
  plane: Plane,
  around: { x: number; y: number; radius: number },
  options: { shape: Shape; count: number },
): Candidate[] {
  const { width, height, data } = plane;
  const { values, weight, radius } = reshape(patch, options.shape);
  const firstX = Math.max(0, Math.ceil(around.x - around.radius));
  const lastX = Math.min(width - 1, Math.floor(around.x + around.radius));
  const firstY = Math.max(0, Math.ceil(around.y - around.radius));
  const lastY = Math.min(height - 1, Math.floor(around.y + around.radius));
  const columns = lastX - firstX + 1, rows = lastY - firstY + 1;
  if (columns <= 0 || rows <= 0) return [];
  const map = new Float32Array(columns * rows);
  const side = 2 * radius + 1;
  for (let cy = firstY; cy <= lastY; cy++) {
    for (let cx = firstX; cx <= lastX; cx++) {
      let n = 0, st = 0, si = 0, stt = 0, sii = 0, sti = 0;
      const i0 = Math.max(0, radius - cx);
      const i1 = Math.min(side - 1, width - 1 - cx + radius);
      const j0 = Math.max(0, radius - cy);
      const j1 = Math.min(side - 1, height - 1 - cy + radius);
      for (let j = j0; j <= j1; j++) {
        let k = j * side + i0;
        let at = (cy + j - radius) * width + cx + i0 - radius;
        for (let i = i0; i <= i1; i++, k++, at++) {
          const w = weight[k]!, t = values[k]!, v = data[at]!;
          const wv = w * v, wt = w * t;
          n += w;
          st += wt;
          si += wv;
          stt += wt * t;
          sii += wv * v;
          sti += wt * v;
        }
      }
      let likeness = -1;
      if (n > 1) {
        const vt = stt / n - (st / n) ** 2, vi = sii / n - (si / n) ** 2;
        if (vt > 0.5 && vi > 0.5) {
          likeness = (sti / n - st / n * si / n) / Math.sqrt(vt * vi);
          if (vi > 6 * vt || vt > 6 * vi) likeness -= 0.2;
        }
      }
      map[(cy - firstY) * columns + cx - firstX] = likeness;
    }
  }
  const found: Candidate[] = [];
  while (found.length < options.count) {
    let best = -1, at = -1;
    for (let k = 0; k < map.length; k++) {
      if (map[k]! > best) {
        best = map[k]!;
        at = k;
      }
    }
    if (at < 0) break;
    const x = at % columns, y = Math.floor(at / columns);
    found.push({ x: x + firstX, y: y + firstY, likeness: best });
    for (let j = Math.max(0, y - 2); j <= Math.min(rows - 1, y + 2); j++) {
      for (let i = Math.max(0, x - 2); i <= Math.min(columns - 1, x + 2); i++) {
        map[j * columns + i] = -1;
      }
    }
  }
  return found;
}

/** The patch as it looks under `shape`, on the pixels of the plane. */
function reshape(
  patch: Patch,
  { a, b, c, d }: Shape,
): { radius: number; values: Float32Array; weight: Float32Array } {
  const { radius } = patch;
  const side = 2 * radius + 1;
  const values = new Float32Array(side * side);
  const weight = new Float32Array(side * side);
  const area = a * d - b * c;
  for (let j = -radius, k = 0; j <= radius; j++) {
    for (let i = -radius; i <= radius; i++, k++) {
      const u = (d * i - b * j) / area + radius;
      const v = (a * j - c * i) / area + radius;
      if (!(u >= 0 && v >= 0 && u <= side - 1 && v <= side - 1)) continue;
      const u0 = Math.min(Math.floor(u), side - 2);
      const v0 = Math.min(Math.floor(v), side - 2);
      const fu = u - u0, fv = v - v0, at = v0 * side + u0;
      values[k] = (patch.values[at]! * (1 - fu) + patch.values[at + 1]! * fu) *
          (1 - fv) +
        (patch.values[at + side]! * (1 - fu) +
            patch.values[at + side + 1]! * fu) * fv;
      weight[k] = patch.weight[Math.round(v) * side + Math.round(u)]!;
    }
  }
  return { radius, values, weight };
}
