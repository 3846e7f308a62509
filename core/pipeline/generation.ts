/**
 * The inputs of one video and the settings of a run, validated before anything
 * is loaded.
 *
 * @module
 */

import { checkAtiSteps } from "../control/ati/ati_control.ts";
import {
  checkClock,
  type DualClock,
} from "../control/time_to_move/dual_clock.ts";
import {
  checkSignal,
  type MotionSignal,
} from "../control/time_to_move/motion_signal.ts";
import { DEFAULT_MAX_AREA } from "../wan/frames/latent_size.ts";
import { VIDEO_FRAMES } from "../tracks/resample.ts";
import { quote, withHint } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import {
  createSchedule,
  type ScheduleOptions,
  type SolverName,
} from "../sampling/scheduler.ts";
import { checkGuidance } from "../sampling/guidance.ts";
import {
  type AttentionGuidance,
  completeAttentionGuidance,
} from "../sampling/attention_guidance.ts";
import {
  type ControlSettings,
  createControl,
  DEFAULT_CONTROL,
} from "../control/create_control.ts";
import { MagCache, type MagCacheOptions } from "../sampling/mag_cache.ts";
import { StepCache } from "../sampling/step_cache.ts";
import type { Seed } from "../base/seed.ts";
import type { Tensor } from "../base/tensor.ts";
import type { TrackSet } from "../tracks/track_set.ts";

/** The inputs of one video. */
export interface GenerationInputs {
  /** The first frame. */
  readonly image: RgbImage;
  /**
   * Whether the image is a frame of a video that goes on: its size, which must be
   * a multiple of 16 px, is the video's.
   */
  readonly isFrame?: true;
  /** The tracks, in px of the image. */
  readonly tracks: TrackSet;
  /** The prompt. */
  readonly prompt: string;
  /** The negative prompt; the default of Wan and ATI if absent or empty. */
  readonly negativePrompt?: string;
  /** The seed of the noise, 0 to 2^64 - 1. */
  readonly seed: Seed;
  /** The motion signal of Time-to-Move; needs `timeToMove` in the settings. */
  readonly motionSignal?: MotionSignal;
  /** Replaces token ids and noise, to compare with another implementation. */
  readonly overrides?: Overrides;
}

/** Replaces the output of the tokenizer and of the random generator. */
export interface Overrides {
  /** The prompt's token ids, `</s>` included, no padding. */
  readonly textIds?: ArrayLike<number>;
  /** The negative prompt's token ids. */
  readonly negativeIds?: ArrayLike<number>;
  /** The noise to start from, `[16, latent frames, latent height, latent width]`. */
  readonly noise?: Tensor;
}

/**
 * The settings of a generation. All defaults are the references'; that of
 * `flowShift` depends on the control method.
 */
export interface GenerationSettings extends ScheduleOptions {
  /** The largest area of the video, in px; its aspect ratio is the image's. */
  readonly maxArea?: number;
  /** Frames at 16 per second, 4n + 1 up to 81. ATI was trained with 81. */
  readonly frameCount?: number;
  /** The solver; `unipc` as in the reference. */
  readonly solver?: SolverName;
  /** The guidance scale, 5 by default. At 1 a step takes half the time. */
  readonly guidanceScale?: number;
  /**
   * Normalized attention guidance: the negative prompt acts within the pass with
   * the prompt, also at guidance scale 1. None by default.
   */
  readonly nag?: AttentionGuidance;
  /** Steps `[from, to)` that run without the negative prompt. */
  readonly skipNegative?: readonly [from: number, to: number];
  /**
   * TeaCache's threshold, 0.13 (high fidelity) to 0.26 (fast); 0, the default,
   * runs the model in every step.
   */
  readonly stepCache?: number;
  /**
   * TeaCache's `use_ret_steps`: compares the time projection, computes the first
   * five steps, and may reuse the last one.
   */
  readonly useRetSteps?: boolean;
  /** Use MagCache instead of TeaCache. */
  readonly magCache?: Pick<
    MagCacheOptions,
    "threshold" | "maxReused" | "retention"
  >;
  /** The control method; ATI with its defaults if absent. */
  readonly control?: ControlSettings;
  /** Time-to-Move's clocks; it needs the inputs' `motionSignal`. */
  readonly timeToMove?: DualClock;
  /** `tiny` decodes a draft with the small decoder; the VAE by default. */
  readonly decoder?: "vae" | "tiny";
  /** `reference` rounds the video's size as the reference does; see `latentSize`. */
  readonly compat?: "exact" | "reference";
}

/** Settings with all defaults filled in. */
export type CompleteSettings =
  & Required<
    Omit<
      GenerationSettings,
      | "sigmas"
      | "nag"
      | "skipNegative"
      | "timeToMove"
      | "magCache"
      | "useRetSteps"
      | "decoder"
    >
  >
  & Pick<
    GenerationSettings,
    | "sigmas"
    | "nag"
    | "skipNegative"
    | "timeToMove"
    | "magCache"
    | "useRetSteps"
    | "decoder"
  >;

/** The largest supported area: 720p. */
const LARGEST_AREA = 1280 * 720;

/**
 * Fills in the defaults and validates the settings.
 *
 * @throws {RangeError} Naming the invalid setting.
 */
export function completeSettings(
  given: GenerationSettings = {},
): CompleteSettings {
  // What is undefined was not said.
  const settings = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as GenerationSettings;
  const area = settings.maxArea ?? DEFAULT_MAX_AREA;
  const chosen = settings.control ?? DEFAULT_CONTROL;
  const complete: CompleteSettings = {
    maxArea: area,
    frameCount: VIDEO_FRAMES,
    solver: "unipc",
    steps: settings.sigmas?.filter((sigma) => sigma > 0).length ?? 40,
    flowShift: createControl(chosen).flowShift(area),
    guidanceScale: 5,
    stepCache: 0,
    control: chosen,
    compat: "exact",
    ...settings,
    ...(settings.nag && { nag: completeAttentionGuidance(settings.nag) }),
  };
  const { maxArea, frameCount, solver, stepCache } = complete;
  if (!(Number.isInteger(maxArea) && maxArea >= 1 && maxArea <= LARGEST_AREA)) {
    throw new RangeError(
      `Cannot generate a video of ${maxArea} px: expected an area up to ${LARGEST_AREA} (1280x720)`,
    );
  }
  if (
    !(Number.isInteger(frameCount) && frameCount % 4 === 1 && frameCount >= 5 &&
      frameCount <= VIDEO_FRAMES)
  ) {
    throw new RangeError(withHint(
      `Cannot generate ${frameCount} frames: expected 4n + 1, from 5 to ${VIDEO_FRAMES}`,
      "The tracks last 81 frames, the only length the model was trained with.",
    ));
  }
  if (!["vae", "tiny", undefined].includes(complete.decoder)) {
    throw new RangeError(
      `Cannot decode with ${quote(complete.decoder)}: expected vae or tiny`,
    );
  }
  createSchedule(solver, complete);
  const { control } = complete;
  if (control.method === "ati") checkAtiSteps(control, complete.steps);
  if (complete.timeToMove) checkClock(complete.timeToMove, complete.steps);
  checkGuidance(guidanceOptions(complete));
  if (stepCache !== 0) {
    new StepCache({ steps: complete.steps, threshold: stepCache });
  }
  if (complete.useRetSteps && stepCache === 0) {
    throw new RangeError(
      "Cannot use useRetSteps without TeaCache: expected stepCache above 0",
    );
  }
  if (complete.magCache) {
    if (stepCache !== 0) {
      throw new RangeError(
        "Cannot use TeaCache and MagCache together: expected one of stepCache and magCache",
      );
    }
    new MagCache({ steps: complete.steps, ...complete.magCache });
  }
  return complete;
}

/** The guidance options of the settings. */
export function guidanceOptions(
  settings: Pick<CompleteSettings, "guidanceScale" | "skipNegative">,
): { scale: number; skipNegative?: readonly [number, number] } {
  const { guidanceScale: scale, skipNegative } = settings;
  return { scale, ...(skipNegative && { skipNegative }) };
}

/**
 * Checks that inputs and settings agree on Time-to-Move.
 *
 * @throws {RangeError} When the signal does not fit the video.
 * @throws {TypeError} When only one of signal and clocks is given.
 */
export function checkMotionSignal(
  { motionSignal }: Pick<GenerationInputs, "motionSignal">,
  { timeToMove, frameCount }: CompleteSettings,
): void {
  if ((motionSignal === undefined) !== (timeToMove === undefined)) {
    throw new TypeError(
      motionSignal === undefined
        ? "Cannot run Time-to-Move: no motion signal was given"
        : "Cannot follow the motion signal: timeToMove is not set",
    );
  }
  if (motionSignal) checkSignal(motionSignal, frameCount);
}
