/**
 * Tracks out of a video: points that are worth tracking, the tracker (no
 * weights needed), scores, and placing the tracks on another image.
 *
 * @module
 */

export {
  type PointQuery,
  PointTracker,
  type PointTracks,
  trackPoints,
} from "./point_tracker.ts";
export {
  choosePoints,
  type ChosenPoints,
  type DroppedPoint,
  gridPoints,
  keptTracks,
  parsePointChoice,
  type PointChoice,
  texturedPoints,
} from "./choose_points.ts";
export {
  type MotionPart,
  type PlacedTracks,
  type Placement as TrackPlacement,
  placeTracks,
  type Size as ImageSize,
} from "./place_tracks.ts";
export { sampleTracks, toTrackSet } from "./sample_tracks.ts";
export {
  type FollowScore,
  scoreFollowing,
  scoreTracks,
  type TrackScore,
} from "./score.ts";
export type { PlaneMap } from "./fit_map.ts";
export type { MotionSegment, MotionSegments } from "./motion_segments.ts";
