/**
 * What is generated and how: the inputs of one video and the settings of a
 * run, checked as a whole before anything is loaded.
 *
 * @module
 */

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
import { withHint } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import {
  createSchedule,
  type ScheduleOptions,
  type SolverName,
} from "../sampling/scheduler.ts";
import { checkGuidance } from "../sampling/guidance.ts";
import {
  type ControlSettings,
  createControl,
} from "../control/create_control.ts";
import { MagCache, type MagCacheOptions } from "../sampling/mag_cache.ts";
import { StepCache } from "../sampling/step_cache.ts";
import type { Tensor } from "../base/tensor.ts";
import type { TrackSet } from "../tracks/track_set.ts";

/** The inputs of one video. */
export interface GenerationInputs {
  /** The first frame. */
  readonly image: RgbImage;
  /** The tracks, in px of the image. */
  readonly tracks: TrackSet;
  /** The prompt. */
  readonly prompt: string;
  /** What should not be seen; Wan's and ATI's own list where absent or empty. */
  readonly negativePrompt?: string;
  /** The seed of the noise, 0 to 2^53 - 1. */
  readonly seed: number;
  /** The motion signal of Time-to-Move; needs `timeToMove` in the settings. */
  readonly motionSignal?: MotionSignal;
  /** Numbers from elsewhere, to compare with another implementation. */
  readonly overrides?: Overrides;
}

/** What takes the place of a tokenizer and of a random generator. */
export interface Overrides {
  /** The prompt's token ids, `</s>` included, no padding. */
  readonly textIds?: ArrayLike<number>;
  /** The negative prompt's. */
  readonly negativeIds?: ArrayLike<number>;
  /** The noise to start from, `[16, latent frames, latent height, latent width]`. */
  readonly noise?: Tensor;
}

/** How videos are generated. Everything has the reference's default. */
export interface GenerationSettings extends ScheduleOptions {
  /** The area that the video may have, in px; its aspect is the image's. */
  readonly maxArea?: number;
  /** Frames at 16 per second, 4n + 1 up to 81. ATI was trained with 81. */
  readonly frameCount?: number;
  /** The solver; `unipc` as in the reference. */
  readonly solver?: SolverName;
  /** How closely the prompt is followed; 5. With 1 a step takes half the time. */
  readonly guidanceScale?: number;
  /** Steps `[from, to)` that are taken without the negative prompt. */
  readonly skipNegative?: readonly [from: number, to: number];
  /**
   * TeaCache's threshold, 0.13 faithful to 0.26 fast; 0, the default, asks the
   * model at every step.
   */
  readonly stepCache?: number;
  /** MagCache instead of TeaCache. */
  readonly magCache?: Pick<
    MagCacheOptions,
    "threshold" | "maxReused" | "retention"
  >;
  /** How motion enters the model; ATI's way with its own defaults. */
  readonly control?: ControlSettings;
  /** Time-to-Move's clocks; it follows the inputs' `motionSignal`. */
  readonly timeToMove?: DualClock;
  /** `reference` rounds the video's size as the original does; see `latentSize`. */
  readonly compat?: "exact" | "reference";
}

/** Settings with all defaults filled in. */
export type CompleteSettings =
  & Required<
    Omit<
      GenerationSettings,
      "sigmas" | "skipNegative" | "timeToMove" | "magCache"
    >
  >
  & Pick<
    GenerationSettings,
    "sigmas" | "skipNegative" | "timeToMove" | "magCache"
  >;

/** The largest area that is of any use: 720p. */
const LARGEST_AREA = 1280 * 720;

/**
 * The settings with their defaults, if they make sense together.
 *
 * @throws {RangeError} Naming the setting that does not.
 */
export function completeSettings(
  settings: GenerationSettings = {},
): CompleteSettings {
  const complete: CompleteSettings = {
    maxArea: DEFAULT_MAX_AREA,
    frameCount: VIDEO_FRAMES,
    solver: "unipc",
    steps: settings.sigmas?.filter((sigma) => sigma > 0).length ?? 40,
    flowShift: 5,
    guidanceScale: 5,
    stepCache: 0,
    control: { method: "ati" },
    compat: "exact",
    ...settings,
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
      "The tracks last 81 frames; the model knows no other length.",
    ));
  }
  createSchedule(solver, complete);
  createControl(complete.control);
  if (complete.timeToMove) checkClock(complete.timeToMove, complete.steps);
  checkGuidance(guidanceOptions(complete));
  if (stepCache !== 0) {
    new StepCache({ steps: complete.steps, threshold: stepCache });
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

/** The guidance that settings ask for. */
export function guidanceOptions(
  settings: Pick<CompleteSettings, "guidanceScale" | "skipNegative">,
): { scale: number; skipNegative?: readonly [number, number] } {
  const { guidanceScale: scale, skipNegative } = settings;
  return { scale, ...(skipNegative && { skipNegative }) };
}

/**
 * Nothing, if inputs and settings agree on Time-to-Move.
 *
 * @throws {RangeError} When the signal does not fit the video.
 * @throws {TypeError} When only one of signal and clocks is there.
 */
export function checkMotionSignal(
  { motionSignal }: Pick<GenerationInputs, "motionSignal">,
  { timeToMove, frameCount }: CompleteSettings,
): void {
  if ((motionSignal === undefined) !== (timeToMove === undefined)) {
    throw new TypeError(
      motionSignal === undefined
        ? "Cannot run Time-to-Move: there is no motion signal"
        : "Cannot follow the motion signal: timeToMove is not set",
    );
  }
  if (motionSignal) checkSignal(motionSignal, frameCount);
}
