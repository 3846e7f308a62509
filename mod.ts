/**
 * ATI for Deno: one image, some tracks and a sentence become a video that
 * moves that way.
 *
 * Every name here is re-exported from the module that documents it; each of
 * those modules can be imported by itself too.
 *
 * @example Draw tracks, check them, and see what the model will be told
 * ```ts
 * import assert from "node:assert/strict";
 * import { drawTrack, processTracks, TrackSet, validateTracks } from "./mod.ts";
 *
 * const image = { width: 832, height: 480 };
 * const tracks = TrackSet.fromPoints([
 *   drawTrack([{ x: 100, y: 240 }, { x: 340, y: 200 }], { easing: "ease-in-out" }),
 *   drawTrack([{ x: 600, y: 90 }]), // this stays where it is
 * ]);
 * assert.equal(validateTracks(tracks, image).length, 0);
 * assert.deepEqual(processTracks(tracks, image).dims, [81, 2, 4]);
 * ```
 *
 * @module
 */

export * from "./core/errors.ts";
export type { ByteSource } from "./core/bytes/byte_source.ts";
export type { Point } from "./core/point.ts";
export type { RgbImage } from "./core/rgb_image.ts";
export { sizeOf, type Tensor } from "./core/tensor.ts";

export * from "./core/tracks/track_set.ts";
export * from "./core/tracks/read_tracks.ts";
export * from "./core/tracks/write_tracks.ts";
export * from "./core/tracks/resample.ts";
export * from "./core/tracks/validate.ts";
export * from "./core/tracks/camera.ts";
export * from "./core/tracks/draw_track.ts";
export * from "./core/tracks/easing.ts";
export * from "./core/tracks/fit_length.ts";
export type { RawTrack, RawTracks } from "./core/tracks/raw_tracks.ts";
export type { AxisOrder } from "./core/tracks/array_layout.ts";
export type { CoordinateUnit, ImageSize } from "./core/tracks/coordinates.ts";
export {
  type CameraPath,
  cameraPath,
  type CameraPathOptions,
  type CameraPose,
} from "./core/tracks/camera/camera_path.ts";
export type {
  Candidate,
  ScenePoint,
} from "./core/tracks/camera/choose_points.ts";
export {
  type DepthKind,
  depthMap,
  type DepthMapOptions,
  type DepthValues,
} from "./core/tracks/camera/depth_map.ts";
export type { Matrix3, Vector3 } from "./core/tracks/camera/matrix.ts";
export { type Pinhole, pinhole } from "./core/tracks/camera/pinhole.ts";
export {
  type ReferenceDepth,
  referenceDepth,
} from "./core/tracks/camera/reference_depth.ts";
export {
  flatDepth,
  floorDepth,
  type InverseDepthMap,
  type SceneDepth,
} from "./core/tracks/camera/scene_depth.ts";
export {
  parseSceneMoves,
  type SceneMove,
  type SceneMoveKind,
} from "./core/tracks/camera/scene_move.ts";
export {
  rideCamera,
  type SceneTracks,
  sceneTracks,
  type SceneTracksOptions,
} from "./core/tracks/camera/scene_tracks.ts";

export * from "./core/conditioning/motion_patch.ts";
export * from "./core/conditioning/latent_size.ts";
export * from "./core/conditioning/bicubic.ts";
export * from "./core/conditioning/first_frame.ts";
export * from "./core/conditioning/clip_pixels.ts";

export * from "./core/preview/motion_preview.ts";
export * from "./core/preview/motion_plan.ts";
export * from "./core/preview/warp.ts";
export * from "./core/preview/mls.ts";

export * from "./core/media/native.ts";
export * from "./core/media/image.ts";
export * from "./core/media/image_format.ts";
export * from "./core/media/video.ts";
export * from "./core/media/animation.ts";
export * from "./core/media/draw.ts";
export * from "./core/media/disc.ts";
export * from "./core/media/plot_tracks.ts";
export * from "./core/media/track_painter.ts";
export * from "./core/media/track_film.ts";

export * from "./core/jobs/job_file.ts";
export * from "./core/jobs/output_name.ts";
export * from "./core/jobs/parse_jobs.ts";
export * from "./core/jobs/edit_jobs.ts";
export * from "./core/jobs/read_jobs.ts";
export * from "./core/jobs/plan_run.ts";
export * from "./core/jobs/item_inputs.ts";
export * from "./core/jobs/check_items.ts";
export * from "./core/jobs/run_items.ts";
export * from "./core/jobs/run_options.ts";
export * from "./core/jobs/video_tags.ts";
export * from "./core/jobs/recipe.ts";
export type { LockOptions } from "./core/jobs/item_lock.ts";
export * from "./core/engines/engine.ts";
export * from "./core/engines/preview_engine.ts";
export * from "./core/files.ts";

export * from "./core/checkpoint_files.ts";
export * from "./core/checkpoint/checkpoint_error.ts";
export * from "./core/checkpoint/checkpoint_report.ts";
export * from "./core/checkpoint/components.ts";
export * from "./core/checkpoint/tiny_checkpoint.ts";

export * from "./core/runtime/devices.ts";
export * from "./core/pipeline/ati_pipeline.ts";
export * from "./core/pipeline/pipeline_options.ts";
export type * from "./core/pipeline/events.ts";
export type * from "./core/pipeline/generation.ts";
export { filmFrames } from "./core/pipeline/film_frames.ts";
export type { OpenedLoras } from "./core/pipeline/lora_files.ts";
export {
  type PackedPrecision,
  type PartName,
  type PartPrecisions,
  type Precision,
  PRECISIONS,
} from "./core/pipeline/placement.ts";
export * from "./core/engines/model_engine.ts";

export * from "./core/version.ts";
export * from "./core/sampling/noise.ts";
export * from "./core/sampling/sampler.ts";
export * from "./core/sampling/guidance.ts";
export * from "./core/sampling/step_cache.ts";
export * from "./core/text/prompt_extend.ts";
export * from "./core/text/tokenizer.ts";
export * from "./core/models/lora.ts";
export * from "./core/text/clean_prompt.ts";
export * from "./core/text/negative_prompt.ts";
export * from "./core/hub/download_checkpoint.ts";

export type { CheckpointOptions } from "./core/checkpoint/ati_checkpoint.ts";
export type { FileView } from "./core/checkpoint/file_view.ts";
export type {
  Dtype,
  TensorEntry,
  TensorIndex,
} from "./core/checkpoint/tensor_index.ts";
export type {
  ScheduleOptions,
  SolverName,
} from "./core/sampling/flow_schedule.ts";
export type { ComputeType, GraphTarget } from "./core/graph/graph_target.ts";
export type { LayerAdapter } from "./core/graph/graph_builder.ts";
export type { Device } from "./core/runtime/device.ts";
export type { NetworkStageOptions } from "./core/stages/stage.ts";
export type { VaeStageOptions } from "./core/stages/vae_stage.ts";
