/**
 * Time-to-Move's dual-clock denoising: the run starts from the noised signal,
 * and for some steps what moves is put back onto the signal's noise level while
 * the rest is free. It needs no training and works on any checkpoint.
 *
 * The solver's history is not touched: latents are exchanged between its steps.
 *
 * Source: time-to-move/TTM, `pipelines/wan_pipeline.py`.
 *
 * @module
 */

import type { Tensor } from "../../base/tensor.ts";

/** Where the two clocks begin and end, in steps. */
export interface DualClock {
  /** The step to start from, 0 first; -1 starts from noise alone. */
  readonly tweak: number;
  /** The step from which nothing is put back any more. */
  readonly tstrong: number;
}

/** The reference's defaults, of 50 steps. */
const DEFAULTS = {
  object: { tweak: 3, tstrong: 7 },
  camera: { tweak: 2, tstrong: 5 },
} as const;
const DEFAULT_STEPS = 50;

/**
 * The reference's clocks for a number of steps: 3 and 7 of 50 where objects
 * move, 2 and 5 of 50 where the camera does. At least one step is put back.
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
 * Nothing, if the clocks fit the steps.
 *
 * @throws {RangeError} When they do not.
 */
export function checkClock({ tweak, tstrong }: DualClock, steps: number): void {
  const whole = Number.isInteger(tweak) && Number.isInteger(tstrong);
  const ordered = -1 <= tweak && Math.max(0, tweak) <= tstrong;
  if (!whole || !ordered || tstrong >= steps) {
    throw new RangeError(
      `Cannot run Time-to-Move from step ${tweak} to ${tstrong} of ${steps}: expected whole numbers with -1 <= tweak <= tstrong < ${steps}`,
    );
  }
}

/** What is put back: the signal, its mask, and the noise of the whole run. */
export interface MotionReference {
  /** The signal's latent, `[16, T, h, w]`. */
  readonly latent: Tensor;
  /** 1 where something moves, `[T, h, w]`. */
  readonly mask: Tensor;
  /** The noise that is kept for the whole run, `[16, T, h, w]`. */
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
 * A step's latent with what moves put back onto the signal at the noise level
 * of the next step, a new tensor.
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
 * A run that follows a signal: what it starts from (nothing where it starts
 * from noise alone), and what each of its steps becomes.
 *
 * @param options.sigmas the noise levels of the steps that are taken, from
 * step `tweak` of the whole schedule on, and 0
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
