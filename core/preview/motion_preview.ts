/**
 * The motion preview: the image itself, warped along the tracks. It shows in
 * a second where things will go; it invents nothing, and is no generation.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { VIDEO_FRAMES } from "../tracks/resample.ts";
import type { TrackSet } from "../tracks/track_set.ts";
import { type MotionPlanOptions, planMotion } from "./motion_plan.ts";
import { createWarp } from "./warp.ts";

/** How a preview is made. */
export interface MotionPreviewOptions {
  /** Width of the frames in px, any; default the image's. */
  readonly width?: number;
  /** Height of the frames in px, any; default the image's. */
  readonly height?: number;
  /** Whether the tracks move the camera, see `MotionPlanOptions`. */
  readonly camera?: NonNullable<MotionPlanOptions["camera"]>;
}

/**
 * The 81 frames of a motion preview, for 16 per second, made one by one as
 * they are asked for. Frame i shows the tracks at their frame floor(1.5 i), as
 * the conditioning samples them. Frame 0 is the image, scaled to the size
 * without a crop.
 *
 * @param image The image that the tracks were drawn on.
 * @throws {RangeError} At once, when a size is not a positive whole number.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { motionPreview, TrackSet } from "@ati/ati";
 * const image = { width: 64, height: 36, data: new Uint8Array(3 * 64 * 36) };
 * const tracks = TrackSet.fromPoints([
 *   Array.from({ length: 121 }, (_, t) => ({ x: 20 + t / 6, y: 18, visible: true })),
 * ]);
 * let frames = 0;
 * for (const frame of motionPreview(image, tracks)) {
 *   assert.equal(frame.width, 64);
 *   frames++;
 * }
 * assert.equal(frames, 81);
 * ```
 */
export function motionPreview(
  image: RgbImage,
  tracks: TrackSet,
  options: MotionPreviewOptions = {},
): Iterable<RgbImage> {
  const { width = image.width, height = image.height, camera = "auto" } =
    options;
  const warp = createWarp(image, { width, height });
  const plan = planMotion(tracks, {
    width: image.width,
    height: image.height,
    camera,
  });
  return {
    *[Symbol.iterator]() {
      let reuse: Float32Array | undefined;
      for (let i = 0; i < VIDEO_FRAMES; i++) {
        const mesh = plan.mesh(Math.floor(1.5 * i), {
          ...(reuse && { reuse }),
        });
        reuse = mesh.source;
        yield warp(mesh);
      }
    },
  };
}
