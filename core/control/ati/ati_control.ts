/**
 * ATI as a control method: Gaussian footprints of the tracks' features in the
 * latent and in the mask.
 *
 * Source: ATI, arXiv 2505.22944; the start and end fractions are those of the
 * sampler in ComfyUI-WanVideoWrapper (`start_percent`, `end_percent`).
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";
import { processTracks } from "../../tracks/resample.ts";
import type { MotionControl } from "../motion_control.ts";
import { patchMotion } from "./motion_patch.ts";

/** Settings of ATI. */
export interface AtiSettings {
  /** The name of the method. */
  readonly method: "ati";
  /** How narrow a footprint is, at least 0; trained with 220. */
  readonly temperature?: number;
  /** The most tracks that act on one cell, at least 1; trained with 2. */
  readonly topk?: number;
  /** The fraction of the steps at which the motion starts to act; default 0. */
  readonly motionStart?: number;
  /** The fraction up to which it acts, included; default 1. */
  readonly motionEnd?: number;
}

/**
 * Creates the method from its settings. Fractions between which no step is are
 * refused where the steps are known, {@linkcode checkAtiSteps}.
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
        `Cannot use ATI with ${name} ${value}: expected a fraction of the steps, 0 to 1`,
      );
    }
  }
  if (!(temperature >= 0 && Number.isFinite(temperature))) {
    throw new RangeError(
      `Cannot use ATI with temperature ${temperature}: expected a number >= 0`,
    );
  }
  if (!(Number.isInteger(topk) && topk >= 1)) {
    throw new RangeError(
      `Cannot use ATI with topk ${topk}: expected an integer >= 1`,
    );
  }
  return {
    method: "ati",
    training: "ati",
    flowShift: () => 5,
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

/**
 * Checks that the motion acts in some step of a run.
 *
 * @throws {RangeError} When none of so many steps is between the fractions.
 */
export function checkAtiSteps(settings: AtiSettings, steps: number): void {
  const { hasMotion } = createAtiControl(settings);
  for (let step = 0; step < steps; step++) {
    if (hasMotion({ step, steps, branch: "conditional" })) return;
  }
  const { motionStart = 0, motionEnd = 1 } = settings;
  throw new RangeError(
    `Cannot use ATI with motionStart ${motionStart} and motionEnd ${motionEnd}: none of ${steps} steps is between them, so that the motion would never act`,
  );
}

/** The first frames of `[81, tracks, 4]`. */
function firstFrames(tracks: Tensor, frames: number): Tensor {
  const [, count = 0, parts = 0] = tracks.dims;
  return {
    dims: [frames, count, parts],
    data: tracks.data.subarray(0, frames * count * parts),
  };
}
