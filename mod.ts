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

export * from "./core/base/errors.ts";
export type { ByteSource } from "./core/base/byte_source.ts";
export type { Point } from "./core/base/image.ts";
export type { RgbImage } from "./core/base/image.ts";
export { sizeOf, type Tensor } from "./core/base/tensor.ts";

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

export * from "./core/control/ati/motion_patch.ts";
export * from "./core/wan/frames/latent_size.ts";
export * from "./core/wan/frames/bicubic.ts";
export * from "./core/wan/frames/first_frame.ts";
export * from "./core/wan/image_encoder/preprocess_image.ts";

export * from "./core/preview/motion_preview.ts";
export * from "./core/preview/motion_plan.ts";
export * from "./core/preview/warp.ts";
export * from "./core/preview/mls.ts";

export * from "./core/media/load_media.ts";
export * from "./core/media/image.ts";
export * from "./core/media/image_format.ts";
export * from "./core/media/video_reader.ts";
export * from "./core/media/video_writer.ts";
export * from "./core/media/animation.ts";
export * from "./core/media/draw.ts";
export * from "./core/media/disc.ts";
export * from "./core/media/plot_tracks.ts";
export * from "./core/media/track_painter.ts";
export * from "./core/media/overlay_tracks.ts";

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
export * from "./core/jobs/engine.ts";
export * from "./core/jobs/preview_engine.ts";
export * from "./core/files/files.ts";

export * from "./core/checkpoint/open_checkpoint.ts";
export * from "./core/formats/checkpoint_error.ts";
export * from "./core/checkpoint/checkpoint_report.ts";
export * from "./core/wan/networks.ts";
export * from "./core/checkpoint/checkpoint.ts";
export * from "./core/checkpoint/tiny_checkpoint.ts";

export * from "./core/onnx/runtime/devices.ts";
export * from "./core/pipeline/ati_pipeline.ts";
export * from "./core/pipeline/pipeline_options.ts";
export type * from "./core/pipeline/events.ts";
export type * from "./core/pipeline/generation.ts";
export { tensorToFrames } from "./core/wan/frames/tensor_to_frames.ts";
export type { OpenedLoras } from "./core/pipeline/lora_files.ts";
export {
  type ComputeDtype as Precision,
  NETWORK_DTYPES as PRECISIONS,
  type NetworkDtypes as NetworkDtypes,
  type QuantizedDtype as QuantizedDtype,
} from "./core/pipeline/placement.ts";
export * from "./core/jobs/model_engine.ts";

export { VERSION } from "./core/pipeline/fingerprint.ts";
export * from "./core/sampling/noise.ts";
export * from "./core/sampling/sampler.ts";
export * from "./core/sampling/guidance.ts";
export * from "./core/sampling/step_cache.ts";
export * from "./core/text/prompt_extend.ts";
export * from "./core/text/tokenizer.ts";
export * from "./core/wan/lora/lora.ts";
export * from "./core/text/clean_prompt.ts";
export * from "./core/text/negative_prompt.ts";
export * from "./core/hub/download_checkpoint.ts";

export type { CheckpointOptions } from "./core/checkpoint/checkpoint.ts";
export type { FileView } from "./core/base/file_view.ts";
export type {
  TensorDtype as Dtype,
  TensorEntry,
  TensorIndex,
} from "./core/formats/tensor_index.ts";
export type { ScheduleOptions, SolverName } from "./core/sampling/scheduler.ts";
export type {
  ComputeType,
  GraphTarget,
} from "./core/onnx/graph/graph_target.ts";
export type { LayerAdapter } from "./core/onnx/graph/value.ts";
export type { Device } from "./core/onnx/runtime/device.ts";
export type { NetworkRunOptions as NetworkRunOptions } from "./core/wan/network_run.ts";
export type { VaeRunOptions as VaeRunOptions } from "./core/wan/vae/run_vae.ts";
