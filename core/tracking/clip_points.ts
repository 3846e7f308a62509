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
import {
  motionOf,
  type MotionSegment,
  type MotionSegments,
} from "./motion_segments.ts";
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
 * The camera's motion from frame 0 to each frame: that of the first segment, the
 * largest, where motions were told apart (`keptTracks` takes it for the camera's,
 * too), otherwise that of all points, which then must be the background's.
 */
export function cameraMotion(
  tracks: PointTracks,
  segments?: MotionSegments["segments"],
): readonly PlaneMap[] {
  return segments?.[0]?.maps ?? motionOf(
    tracks,
    Array.from({ length: tracks.count }, (_, n) => n),
    "homography",
  );
}

/**
 * The segment whose points reach widest over the frame, among those that have
 * about as many as the most: at least four fifths. Undefined where there is no
 * segment. Of
 * textured points all over the frame it is taken for the camera's: a large
 * object with much texture may have as many.
 */
export function widestSegment(
  tracks: PointTracks,
  segments: MotionSegments["segments"],
): MotionSegment | undefined {
  const most = Math.max(...segments.map(({ points }) => points.length));
  return segments.filter(({ points }) => 5 * points.length >= 4 * most)
    .map((segment) => ({ segment, area: areaOf(tracks, segment.points) }))
    .sort((p, q) => q.area - p.area)[0]?.segment;
}

/** The area of the box around some points in frame 0, px². */
function areaOf(
  { frames, positions }: PointTracks,
  points: readonly number[],
): number {
  const [width, height] = [0, 1].map((axis) => {
    const values = points.map((n) => positions[2 * n * frames + axis]!);
    return Math.max(...values) - Math.min(...values);
  });
  return width! * height!;
}
