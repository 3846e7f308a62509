/**
 * Tracks out of a video: points chosen, followed, and put onto another image.
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
  type MotionSegment,
  type MotionSegments,
  segmentMotion,
} from "./motion_segments.ts";
export {
  type MotionPart,
  type PlacedTracks,
  type Placement as TrackPlacement,
  placeTracks,
  type Size,
} from "./place_tracks.ts";
export type { PlaneMap, PlaneMapKind } from "./fit_map.ts";
export { sampleTracks, toTrackSet } from "./sample_tracks.ts";
export {
  type FollowScore,
  scoreFollowing,
  scoreTracks,
  type TrackScore,
} from "./score.ts";
