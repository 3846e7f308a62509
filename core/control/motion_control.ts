/**
 * How motion enters the model. A control method writes the condition that the
 * transformer gets besides the noise, and decides which passes get it. The
 * pipeline uses methods through this interface only.
 *
 * @module
 */

import type { Tensor } from "../base/tensor.ts";
import type { TrackSet } from "../tracks/track_set.ts";

/** The methods, by the names of `--control` and of job files. */
export const CONTROL_METHODS = ["ati", "wan-move", "none"] as const;

/** The name of a method. */
export type ControlMethod = typeof CONTROL_METHODS[number];

/** The inputs of a condition. */
export interface ControlInputs {
  /** The tracks, in px of the image that they were drawn on. */
  readonly tracks: TrackSet;
  /** The size of that image, in px. */
  readonly image: { readonly width: number; readonly height: number };
  /** The size of the video, in px, and its frames (4n + 1). */
  readonly video: {
    readonly width: number;
    readonly height: number;
    readonly frameCount: number;
  };
  /** The VAE's latent of the first frame and gray, `[16, T, h, w]`. */
  readonly latent: Tensor;
}

/** The conditions that a method writes. */
export interface ControlCondition {
  /** With the motion: mask and latent, `[20, T, h, w]`. */
  readonly motion: Tensor;
  /** Remarks about the tracks for the user. */
  readonly notes: readonly string[];
}

/** One pass of the transformer. */
export interface ControlledPass {
  /** The step, 0 first. */
  readonly step: number;
  /** The number of steps. */
  readonly steps: number;
  /** Whether the pass is the conditional one (with the prompt). */
  readonly branch: "conditional" | "unconditional";
}

/** A method with its settings. */
export interface MotionControl {
  /** The name of the method. */
  readonly method: ControlMethod;
  /** What the transformer must be trained to follow; undefined: anything. */
  readonly training?: Exclude<ControlMethod, "none">;
  /**
   * Writes the condition.
   *
   * @throws {RangeError} When the shapes do not match.
   */
  condition(inputs: ControlInputs): ControlCondition;
  /**
   * The flow shift that its reference uses at a size.
   *
   * @param area the area of the video in px
   */
  flowShift(area: number): number;
  /** Whether a pass gets the motion; otherwise it gets {@linkcode plainCondition}. */
  hasMotion(pass: ControlledPass): boolean;
}

/** Channels of the mask, all equal. */
export const MASK_CHANNELS = 4;

/**
 * The condition of image-to-video without motion, `[20, T, h, w]`: the mask is
 * 1 in the first latent frame, which the image gives, and 0 after it.
 *
 * @param latent `[16, T, h, w]`
 */
export function plainCondition(latent: Tensor): Tensor {
  const [channels = 0, frames = 0, height = 0, width = 0] = latent.dims;
  const volume = frames * height * width;
  const data = new Float32Array((MASK_CHANNELS + channels) * volume);
  for (let channel = 0; channel < MASK_CHANNELS; channel++) {
    data.fill(1, channel * volume, channel * volume + height * width);
  }
  data.set(latent.data, MASK_CHANNELS * volume);
  return { dims: [MASK_CHANNELS + channels, frames, height, width], data };
}
