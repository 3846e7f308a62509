/**
 * Time-to-Move's dual-clock denoising: the run starts from the noised signal,
 * and for some steps the moving regions are reset to the signal at the current
 * noise level while the rest is free. It needs no training and works with any
 * checkpoint.
 *
 * The solver's history is not touched: latents are replaced between its steps.
 *
 * Source: time-to-move/TTM, `pipelines/wan_pipeline.py`.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";

/** The start and end of the two clocks, in steps. */
export interface DualClock {
  /** The step to start from, 0 first; -1 starts from noise alone. */
  readonly tweak: number;
  /** The step from which nothing is reset any more. */
  readonly tstrong: number;
}

/** The reference's defaults for 50 steps. */
const DEFAULTS = {
  object: { tweak: 3, tstrong: 7 },
  camera: { tweak: 2, tstrong: 5 },
} as const;
const DEFAULT_STEPS = 50;

/**
 * The reference's clocks scaled to a number of steps: 3 and 7 of 50 for object
 * motion, 2 and 5 of 50 for camera motion. At least one step is reset.
 */
export function defaultClock(
  motion: "object" | "camera",
  steps: number,
): DualClock {
  const { tweak, tstrong } = DEFAULTS[motion];
  const scaled = (step: number) => Math.round(step * steps / DEFAULT_STEPS);
  const first = Math.min(scaled(tweak), steps - 2);
  return {
    tweak: Math.max(0, first),
    tstrong: Math.min(steps - 1, Math.max(scaled(tstrong), first + 1, 1)),
  };
}

/**
 * The clocks of a choice: the defaults of its kind of motion, where it does not
 * say the steps itself.
 */
export function chosenClock(
  { mode, tweak, tstrong }: {
    readonly mode: "object" | "camera";
    readonly tweak?: number;
    readonly tstrong?: number;
  },
  steps: number,
): DualClock {
  const usual = defaultClock(mode, steps);
  const first = tweak ?? Math.min(usual.tweak, tstrong ?? steps);
  return {
    tweak: first,
    tstrong: tstrong ??
      Math.min(steps - 1, Math.max(usual.tstrong, first + 1)),
  };
}

/** Fewer steps than these leave the motion little time to settle. */
const FEW_STEPS = 10;

/** What is worth knowing about clocks. */
export function clockNotes(
  { tweak, tstrong }: DualClock,
  steps: number,
): string[] {
  if (steps >= FEW_STEPS) return [];
  return [
    `Time-to-Move with ${steps} steps: distilled models are hard to control, the motion is followed in ${
      tstrong - Math.max(0, tweak)
    } of them; 20 steps and more follow it better`,
  ];
}

/**
 * Checks that the clocks fit the number of steps.
 *
 * @throws {RangeError} When they do not.
 */
export function checkClock({ tweak, tstrong }: DualClock, steps: number): void {
  const whole = Number.isInteger(tweak) && Number.isInteger(tstrong);
  const ordered = -1 <= tweak && Math.max(0, tweak) <= tstrong;
  if (!whole || !ordered || tstrong >= steps) {
    throw new RangeError(
      `Cannot run Time-to-Move from step ${tweak} to ${tstrong} of ${steps}: expected integers with -1 <= tweak <= tstrong < ${steps}`,
    );
  }
}

/** What moving regions are reset to: the signal, its mask, and the run's noise. */
export interface MotionReference {
  /** The signal's latent, `[16, T, h, w]`. */
  readonly latent: Tensor;
  /** 1 where something moves, `[T, h, w]`. */
  readonly mask: Tensor;
  /** The noise that is used for the whole run, `[16, T, h, w]`. */
  readonly noise: Tensor;
}

/** The signal at a noise level, `[16, T, h, w]`: (1 - sigma) signal + sigma noise. */
export function noisedReference(
  { latent, noise }: MotionReference,
  sigma: number,
): Tensor {
  const level = Math.fround(sigma), rest = Math.fround(1 - level);
  return {
    dims: latent.dims,
    data: latent.data.map((x, i) =>
      Math.fround(rest * x) + Math.fround(level * noise.data[i]!)
    ),
  };
}

/**
 * A step's latent with the moving regions reset to the signal at the noise
 * level of the next step, a new tensor.
 *
 * @param sigma the noise level after the step
 */
export function putBack(
  latent: Tensor,
  reference: MotionReference,
  sigma: number,
): Tensor {
  const noised = noisedReference(reference, sigma);
  const { mask } = reference;
  const volume = mask.data.length;
  return {
    dims: latent.dims,
    data: latent.data.map((x, i) =>
      mask.data[i % volume]! > 0 ? noised.data[i]! : x
    ),
  };
}

/**
 * A run that follows a signal: its initial latent (undefined if it starts from
 * noise alone), and the latent after each of its steps.
 *
 * @param options.sigmas the noise levels of the remaining steps, from step
 * `tweak` of the whole schedule on, and 0
 */
export function followSignal(
  { tweak, tstrong }: DualClock,
  options: {
    readonly reference: MotionReference;
    readonly sigmas: ArrayLike<number>;
  },
): {
  readonly start: Tensor | undefined;
  readonly afterStep: (latent: Tensor, step: number) => Tensor;
} {
  const { reference, sigmas } = options;
  const first = Math.max(0, tweak);
  return {
    start: tweak < 0 ? undefined : noisedReference(reference, sigmas[0]!),
    afterStep: (latent, step) =>
      first + step < tstrong
        ? putBack(latent, reference, sigmas[step + 1]!)
        : latent,
  };
}
