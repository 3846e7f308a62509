/**
 * Where in the first frame of a video points are followed from.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import {
  gridPoints,
  type PointChoice,
  texturedPoints,
} from "./choose_points.ts";
import { motionOf, type MotionSegments } from "./motion_segments.ts";
import type { PlaneMap } from "./fit_map.ts";
import type { PointTracks } from "./point_tracker.ts";

/**
 * The points to follow by a choice, px of the frame. For `auto` these are the
 * candidates: well-textured ones all over the frame, of which
 * {@linkcode choosePoints} keeps some once they were followed.
 *
 * @throws {RangeError} When a point is outside of the frame, or the frame has
 * no texture to follow.
 */
export function clipPoints(
  frame: RgbImage,
  choice: PointChoice,
): readonly { readonly x: number; readonly y: number }[] {
  const { width, height } = frame;
  if (choice.kind === "grid") return gridPoints(choice.count, frame);
  if (choice.kind === "auto") {
    const points = texturedPoints(frame, { columns: 20, rows: 12 });
    if (points.length > 0) return points;
    throw new RangeError(
      "Cannot choose points: the first frame has no texture to follow",
    );
  }
  choice.points.forEach(({ x, y }, n) => {
    if (x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1) return;
    throw new RangeError(
      `Cannot follow point ${n} at (${x}, ${y}): it is outside of the video of ${width}x${height}`,
    );
  });
  return choice.points;
}

/**
 * The camera's motion from frame 0 to each frame: where motions were told
 * apart, that of the points that reach widest over the frame, among those that
 * are at least half as many as the most; otherwise that of all points, which
 * then must be the background's.
 */
export function cameraMotion(
  tracks: PointTracks,
  segments: MotionSegments["segments"] = [],
): readonly PlaneMap[] {
  const most = segments.reduce(
    (n, { points }) => Math.max(n, points.length),
    0,
  );
  const [widest] = segments
    .filter(({ points }) => 2 * points.length >= most)
    .map((segment) => ({ segment, area: areaOf(tracks, segment.points) }))
    .sort((p, q) => q.area - p.area);
  return widest?.segment.maps ?? motionOf(
    tracks,
    Array.from({ length: tracks.count }, (_, n) => n),
    "homography",
  );
}

/** The area of the box around some points in frame 0, px². */
function areaOf(
  { frames, positions }: PointTracks,
  points: readonly number[],
): number {
  const [width, height] = [0, 1].map((axis) => {
    let least = Infinity, most = -Infinity;
    for (const n of points) {
      const value = positions[2 * n * frames + axis]!;
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return most - least;
  });
  return width! * height!;
}
