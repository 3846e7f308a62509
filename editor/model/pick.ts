/**
 * What is under the pointer: tracks, points, pieces of curves. All in px of
 * the image; `reach` is how far from a target still counts as on it.
 *
 * @module
 */

import { splinePolyline } from "./curve.ts";
import { type EditorTrack, type Point, type SplineShape } from "./document.ts";
import { shapePositions } from "./edits.ts";
import type { RenderedTrack } from "./render_document.ts";

/** The nearest of some positions. */
export interface Nearest {
  /** Its index; -1 when there are no positions. */
  readonly index: number;
  /** How far it is, px. */
  readonly distance: number;
}

/**
 * The nearest of some points.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearestPoint } from "./pick.ts";
 * const points = [{ x: 0, y: 0 }, { x: 10, y: 0 }];
 * assert.equal(nearestPoint(points, { x: 8, y: 0 }).index, 1);
 * ```
 */
export function nearestPoint(points: readonly Point[], at: Point): Nearest {
  let index = -1, least = Infinity;
  for (let i = 0; i < points.length; i++) {
    const dx = points[i]!.x - at.x, dy = points[i]!.y - at.y;
    const square = dx * dx + dy * dy;
    if (square < least) {
      least = square;
      index = i;
    }
  }
  return { index, distance: Math.sqrt(least) };
}

/** The nearest piece of a polyline; a single point is one piece. */
export function nearestPiece(points: readonly Point[], at: Point): Nearest {
  if (points.length < 2) return nearestPoint(points, at);
  let index = -1, least = Infinity;
  for (let i = 0; i + 1 < points.length; i++) {
    const a = points[i]!, b = points[i + 1]!;
    const vx = b.x - a.x, vy = b.y - a.y;
    const wx = at.x - a.x, wy = at.y - a.y;
    const length = vx * vx + vy * vy;
    const t = length > 0
      ? Math.min(1, Math.max(0, (wx * vx + wy * vy) / length))
      : 0;
    const dx = wx - t * vx, dy = wy - t * vy;
    const square = dx * dx + dy * dy;
    if (square < least) {
      least = square;
      index = i;
    }
  }
  return { index, distance: Math.sqrt(least) };
}

/**
 * The id of the track under the pointer: the nearest one within reach, the
 * later of two that are equally near, for it is drawn above.
 */
export function trackAt(
  tracks: readonly RenderedTrack[],
  at: Point,
  reach: number,
): string | undefined {
  let found: string | undefined, least = reach;
  for (const { id, points } of tracks) {
    const { distance } = nearestPiece(points, at);
    if (distance <= least) {
      least = distance;
      found = id;
    }
  }
  return found;
}

/** A rectangle by two opposite corners. */
export interface Corners {
  /** Where the drag began. */
  readonly from: Point;
  /** Where it is. */
  readonly to: Point;
}

/** The ids of the tracks that have a position inside a rectangle. */
export function tracksInside(
  tracks: readonly RenderedTrack[],
  { from, to }: Corners,
): Set<string> {
  const left = Math.min(from.x, to.x), right = Math.max(from.x, to.x);
  const top = Math.min(from.y, to.y), bottom = Math.max(from.y, to.y);
  return new Set(
    tracks.filter(({ points }) =>
      points.some(({ x, y }) =>
        x >= left && x <= right && y >= top && y <= bottom
      )
    ).map(({ id }) => id),
  );
}

/**
 * The piece of a spline under the pointer: the index of the control point
 * before it.
 */
export function splinePieceAt(
  spline: SplineShape,
  at: Point,
  reach: number,
): number | undefined {
  const pieces = spline.points.length - 1;
  if (pieces < 1) return undefined;
  const line = splinePolyline(spline);
  const { index, distance } = nearestPiece(line, at);
  if (distance > reach) return undefined;
  return Math.min(pieces - 1, Math.floor(index * pieces / (line.length - 1)));
}

/**
 * Which points of a track are offered as handles: all of a spline; of strokes
 * and tracks from files so many that they are `spacing` px apart; first and
 * last always.
 */
export function handlePoints(
  track: EditorTrack,
  spacing: number,
): { index: number; at: Point }[] {
  const positions = shapePositions(track.shape);
  const last = positions.length - 1;
  if (track.shape.kind === "spline" || last < 1) {
    return positions.map((at, index) => ({ index, at }));
  }
  const handles = [{ index: 0, at: positions[0]! }];
  for (let i = 1; i < last; i++) {
    const at = positions[i]!;
    if (
      apart(at, handles.at(-1)!.at) >= spacing &&
      apart(at, positions[last]!) >= spacing
    ) handles.push({ index: i, at });
  }
  if (apart(positions[last]!, positions[0]!) > 0) {
    handles.push({ index: last, at: positions[last]! });
  }
  return handles;
}

function apart(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
