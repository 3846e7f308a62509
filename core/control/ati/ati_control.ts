/**
 * ATI as a control method: Gaussian footprints of the tracks' features in the
 * latent and in the mask.
 *
 * Source: ATI, arXiv 2505.22944; the limits in time are those of the sampler
 * in ComfyUI-WanVideoWrapper (`start_percent`, `end_percent`).
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import { processTracks } from "../../tracks/resample.ts";
import type { MotionControl } from "../motion_control.ts";
import { patchMotion } from "./motion_patch.ts";

/** How ATI steers. */
export interface AtiSettings {
  /** Which method it is. */
  readonly method: "ati";
  /** How narrow a footprint is, 0 up; 220 as in training. */
  readonly temperature?: number;
  /** How many tracks act at one place at most, 1 up; 2 as in training. */
  readonly topk?: number;
  /** The fraction of the steps from which the motion acts; 0, the start. */
  readonly motionStart?: number;
  /** The fraction up to which it acts, included; 1, the end. */
  readonly motionEnd?: number;
}

/**
 * The method with its settings.
 *
 * @throws {RangeError} When a setting is out of range.
 */
export function createAtiControl(
  settings: AtiSettings = { method: "ati" },
): MotionControl {
  const { temperature = 220, topk = 2, motionStart = 0, motionEnd = 1 } =
    settings;
  for (const [name, value] of Object.entries({ motionStart, motionEnd })) {
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(
        `Cannot steer with ${name} ${value}: expected a fraction of the steps, 0 to 1`,
      );
    }
  }
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new RangeError(
      `Cannot steer with temperature ${temperature}: expected a number from 0 up`,
    );
  }
  if (!(Number.isInteger(topk) && topk >= 1)) {
    throw new RangeError(
      `Cannot steer with topk ${topk}: expected a whole number from 1 up`,
    );
  }
  return {
    method: "ati",
    condition: ({ tracks, image, video, latent }) => ({
      motion: patchMotion(
        firstFrames(processTracks(tracks, image), video.frameCount),
        latent,
        { temperature, topk },
      ),
      notes: [],
    }),
    hasMotion({ step, steps }) {
      const position = step / steps;
      return motionStart <= position && position <= motionEnd;
    },
  };
}

/** The first frames of `[81, tracks, 4]`. */
function firstFrames(tracks: Tensor, frames: number): Tensor {
  const [, count = 0, parts = 0] = tracks.dims;
  return {
    dims: [frames, count, parts],
    data: tracks.data.subarray(0, frames * count * parts),
  };
}
