/**
 * The motion preview: an image that is moved along its tracks, without a model.
 *
 * @example The 81 frames of a preview
 * ```ts
 * import assert from "node:assert/strict";
 * import { motionPreview } from "@ati/ati/preview";
 * import { drawTrack, TrackSet } from "@ati/ati/tracks";
 *
 * const image = { width: 64, height: 48, data: new Uint8Array(64 * 48 * 3) };
 * const tracks = TrackSet.fromPoints([
 *   drawTrack([{ x: 8, y: 24 }, { x: 56, y: 24 }]),
 * ]);
 * assert.equal([...motionPreview(image, tracks)].length, 81);
 * ```
 *
 * @module
 */

export type { RgbImage } from "../base/image.ts";
export type { MotionObject } from "../tracks/motion_objects.ts";
export { motionPreview, type MotionPreviewOptions } from "./motion_preview.ts";
export {
  type MotionMesh,
  type MotionMeshOptions,
  type MotionPlan,
  type MotionPlanOptions,
  planMotion,
} from "./motion_plan.ts";
export {
  type ControlPoints,
  type DeformOptions,
  deformPoints,
  type GroupTurn,
} from "./mls.ts";
export { createWarp } from "./warp.ts";
