/**
 * What a path says where the pointer is on it: the frame, and how fast.
 *
 * @module
 */

import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import type { Point } from "./document.ts";
import { nearestPiece } from "./pick.ts";
import type { RenderedTrack } from "./rendered_track.ts";

/** A position on a path. */
export interface PathPosition {
  /** The entry of the track list. */
  readonly id: string;
  /** The frame at which the track is there, the first if it stays. */
  readonly frame: number;
  /** How fast it is there, px per frame. */
  readonly speed: number;
}

/**
 * The position on the nearest path within reach; undefined where there is
 * none, and on what does not move.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { pathAt } from "./path_hint.ts";
 * const points = Array.from({ length: 121 }, (_, t) => ({
 *   x: 2 * t, y: 5, visible: true,
 * }));
 * const found = pathAt([{ id: "a", part: 0, points }], { x: 41, y: 6 }, 3);
 * assert.deepEqual(found, { id: "a", frame: 21, speed: 2 });
 * ```
 */
export function pathAt(
  tracks: readonly RenderedTrack[],
  at: Point,
  reach: number,
): PathPosition | undefined {
  let found: PathPosition | undefined, least = reach;
  for (const { id, points } of tracks) {
    const { index, distance } = nearestPiece(points, at);
    if (index < 0 || distance > least) continue;
    const a = points[index]!, b = points[index + 1] ?? a;
    const dx = b.x - a.x, dy = b.y - a.y;
    const speed = Math.hypot(dx, dy);
    if (speed === 0) continue;
    const along = ((at.x - a.x) * dx + (at.y - a.y) * dy) / (speed * speed);
    least = distance;
    found = {
      id,
      frame: index + Math.round(Math.min(1, Math.max(0, along))),
      speed,
    };
  }
  return found;
}

/** The same in words: the frame, the time, and the speed. */
export function describePathPosition(
  { frame, speed }: PathPosition,
): string {
  return `frame ${frame} · ${(frame / TRACK_FPS).toFixed(2)} s · ${
    speed.toFixed(speed < 10 ? 1 : 0)
  } px/frame`;
}
