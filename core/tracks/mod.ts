/**
 * Tracks: made in code, read from and written to files, checked, moved, and
 * brought to the frames of a video.
 *
 * @example Draw two tracks and read them back from a file
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTrack, readTracks, TrackSet, writeTracks } from "@ati/ati/tracks";
 *
 * const drawn = TrackSet.fromPoints([
 *   drawTrack([{ x: 100, y: 240 }, { x: 340, y: 200 }]),
 *   drawTrack([{ x: 600, y: 90 }]), // stays there
 * ]);
 * const file = await writeTracks(drawn, "pth");
 * const { tracks } = await readTracks(file, { name: "mine.pth" });
 * assert.equal(tracks.count, 2);
 * ```
 *
 * @module
 */

export type { Point } from "../base/image.ts";
export type { Tensor } from "../base/tensor.ts";
export { LongTracks, type TrackPiece } from "./long_tracks.ts";
export {
  MAX_LONG_FRAMES,
  TRACK_FPS,
  TRACK_FRAMES,
  type TrackPoint,
  type TrackPositions,
  TrackSet,
} from "./track_set.ts";
export {
  formatObjects,
  type MotionObject,
  type ObjectsFile,
  objectsPath,
  parseObjects,
  scaleObjects,
} from "./motion_objects.ts";
export { drawTrack, type DrawTrackOptions } from "./draw_track.ts";
export { type Easing, type EasingName, EASINGS } from "./easing.ts";
export {
  anchorGrid,
  applyCameraMoves,
  type CameraMove,
  type CameraOptions,
  mergeTracks,
} from "./camera.ts";
export {
  fitTracks,
  type RawTracksFile,
  readRawTracks,
  readTracks,
  type ReadTracksOptions,
  type TrackReading,
  type TracksFile,
  type TracksFormat,
} from "./read_tracks.ts";
export type { RawTrack, RawTracks, WholeTracks } from "./raw_tracks.ts";
export type { CurveHandles, CurveJoint, TrackCurve } from "./track_curve.ts";
export type { AxisOrder } from "./array_layout.ts";
export type { CoordinateUnit, ImageSize } from "./coordinates.ts";
export { fitLength, LENGTH_POLICIES, type LengthPolicy } from "./fit_length.ts";
export {
  WRITABLE_FORMATS,
  type WritableTracksFormat,
  writeTracks,
} from "./write_tracks.ts";
export {
  type TrackIssue,
  type TrackIssueCode,
  validateTracks,
} from "./validate.ts";
export {
  processTracks,
  trackFrameAt,
  VIDEO_FPS,
  VIDEO_FRAMES,
} from "./resample.ts";
export {
  type CameraPath,
  cameraPath,
  type CameraPathOptions,
  type CameraPose,
} from "./camera/camera_path.ts";
export type { Candidate, ScenePoint } from "./camera/choose_points.ts";
export {
  type DepthKind,
  depthMap,
  type DepthMapOptions,
  type DepthValues,
} from "./camera/depth_map.ts";
export type { DepthBuffer, DepthMesh } from "./camera/depth_buffer.ts";
export type { Matrix3, Vector3 } from "./camera/matrix.ts";
export { type Pinhole, pinhole } from "./camera/pinhole.ts";
export {
  type ReferenceDepth,
  referenceDepth,
} from "./camera/reference_depth.ts";
export {
  flatDepth,
  floorDepth,
  type InverseDepthMap,
  type SceneDepth,
} from "./camera/scene_depth.ts";
export {
  parseSceneMoves,
  type SceneMove,
  type SceneMoveKind,
} from "./camera/scene_move.ts";
export {
  rideCamera,
  type SceneTracks,
  sceneTracks,
  type SceneTracksOptions,
} from "./camera/scene_tracks.ts";
