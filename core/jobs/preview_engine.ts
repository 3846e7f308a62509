/**
 * The motion preview as an engine: no model, no weights, seconds per item.
 *
 * @module
 */

import { DEFAULT_MAX_AREA, latentSize } from "../wan/frames/latent_size.ts";
import { previewInSteps } from "../preview/motion_preview.ts";
import { VIDEO_FPS, VIDEO_FRAMES } from "../tracks/resample.ts";
import type { Engine, EngineVideo } from "./engine.ts";

/** How previews are made. */
export interface PreviewEngineOptions {
  /**
   * About how many px a frame should have; 832 * 480 unless given. The aspect
   * is the image's, the sides are what the model would choose.
   */
  readonly maxArea?: number;
  /** Frames of the video, 1 to 81; all 81 unless given. */
  readonly frameCount?: number;
}

/**
 * An engine that moves the image itself along its tracks. It shows where things
 * will go and invents nothing; its videos say so in their metadata.
 *
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createPreviewEngine } from "@ati/ati";
 * await using engine = createPreviewEngine();
 * const { width, height, fps } = engine.video({ width: 1664, height: 960 });
 * assert.equal(width, 832);
 * assert.equal(height, 480);
 * assert.equal(fps, 16);
 * ```
 */
export function createPreviewEngine(
  options: PreviewEngineOptions = {},
): Engine {
  const { maxArea = DEFAULT_MAX_AREA, frameCount = VIDEO_FRAMES } = options;
  if (
    !Number.isInteger(frameCount) || frameCount < 1 ||
    frameCount > VIDEO_FRAMES
  ) {
    throw new RangeError(
      `Cannot preview ${frameCount} frames, expected 1 to ${VIDEO_FRAMES}`,
    );
  }
  const video = (image: { width: number; height: number }): EngineVideo => {
    const { width, height } = latentSize(image, { maxArea });
    return { width, height, fps: VIDEO_FPS, frameCount };
  };
  return {
    name: "preview",
    title: "motion preview (no model)",
    video,
    recipe: (job) => {
      const { width, height } = video(job.image);
      return { width, height, frame_num: frameCount };
    },
    async *render(
      { image, tracks, objects = [], isFrame },
      { signal, onProgress } = {},
    ) {
      const { width, height } = isFrame ? image : video(image);
      let done = 0;
      const frames = previewInSteps(image, tracks, {
        width,
        height,
        objects,
        frameCount,
        signal,
      });
      for await (const frame of frames) {
        yield frame;
        done++;
        onProgress?.({ stage: "rendering", done, total: frameCount });
      }
    },
    async [Symbol.asyncDispose]() {},
  };
}
