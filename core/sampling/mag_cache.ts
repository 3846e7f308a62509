/**
 * MagCache: how much the blocks add to a latent shrinks from step to step at a
 * known pace. As long as the pace says that the change is small, what they
 * added last is added again. Nothing of the run itself is looked at, so which
 * passes are computed is known before it starts.
 *
 * Source: Ma et al., "MagCache: Fast Video Generation with Magnitude-Aware
 * Cache", arXiv 2506.09045; the ratios of the MagCache project for Wan2.1 I2V
 * 14B, 40 steps.
 *
 * @module
 */

import type { Branch, PassCache, StepCacheState } from "./step_cache.ts";

/** The ratios of the passes with and without the prompt, one per step. */
export type MagRatios = Readonly<Record<Branch, readonly number[]>>;

/** Ratios of Wan2.1 I2V 14B at 480p, 40 steps. */
export const MAGCACHE_I2V_480P: MagRatios = {
  conditional: [
    1.0,
    0.98783,
    0.97559,
    0.98311,
    0.98202,
    0.9888,
    0.98762,
    0.98957,
    0.99052,
    0.99383,
    0.98857,
    0.99065,
    0.98845,
    0.99057,
    0.98957,
    0.98601,
    0.98823,
    0.98756,
    0.98808,
    0.98721,
    0.98571,
    0.98543,
    0.98157,
    0.98411,
    0.97952,
    0.98149,
    0.9774,
    0.97825,
    0.97355,
    0.97085,
    0.97056,
    0.96588,
    0.96113,
    0.9567,
    0.94961,
    0.93973,
    0.93217,
    0.91878,
    0.90955,
    0.92617,
  ],
  unconditional: [
    1.0,
    0.98993,
    0.97593,
    0.98319,
    0.98225,
    0.98878,
    0.98759,
    0.98971,
    0.99043,
    0.99384,
    0.9886,
    0.99068,
    0.98847,
    0.99057,
    0.98961,
    0.9861,
    0.98823,
    0.98759,
    0.98814,
    0.98724,
    0.98572,
    0.98544,
    0.98165,
    0.98413,
    0.97953,
    0.9815,
    0.97742,
    0.97826,
    0.97361,
    0.97087,
    0.97055,
    0.96587,
    0.96124,
    0.95681,
    0.94969,
    0.93988,
    0.93224,
    0.91896,
    0.90954,
    0.92616,
  ],
};

/** The same at 720p. */
export const MAGCACHE_I2V_720P: MagRatios = {
  conditional: [
    1.0,
    0.99428,
    0.98588,
    0.98273,
    0.99018,
    0.98911,
    0.98646,
    0.99454,
    0.9891,
    0.99124,
    0.99102,
    0.99215,
    0.99515,
    0.99576,
    0.99068,
    0.99097,
    0.99166,
    0.99041,
    0.99201,
    0.99101,
    0.98599,
    0.98845,
    0.98848,
    0.98862,
    0.98718,
    0.98497,
    0.98264,
    0.98389,
    0.97938,
    0.97535,
    0.97498,
    0.973,
    0.96827,
    0.96261,
    0.95335,
    0.94649,
    0.93397,
    0.91636,
    0.89088,
    0.8679,
  ],
  unconditional: [
    1.0,
    0.99498,
    0.98621,
    0.98281,
    0.99023,
    0.98917,
    0.98652,
    0.99456,
    0.98909,
    0.99127,
    0.99103,
    0.99212,
    0.99515,
    0.99572,
    0.99072,
    0.99097,
    0.99169,
    0.99042,
    0.99198,
    0.99101,
    0.98603,
    0.98844,
    0.98851,
    0.98857,
    0.98719,
    0.98497,
    0.98263,
    0.98393,
    0.9794,
    0.97536,
    0.97499,
    0.97301,
    0.96828,
    0.96263,
    0.9534,
    0.94655,
    0.93414,
    0.9165,
    0.89109,
    0.86768,
  ],
};

/** How MagCache decides. */
export interface MagCacheOptions {
  /** The number of steps of the run. */
  readonly steps: number;
  /** How much accumulated change passes; 0.12 is the project's own choice. */
  readonly threshold?: number;
  /** How many passes in a row may be reused; 2. */
  readonly maxReused?: number;
  /** The fraction of the steps that is always computed at the start; 0.2. */
  readonly retention?: number;
  /** The calibrated ratios; {@linkcode MAGCACHE_I2V_480P}. */
  readonly ratios?: MagRatios;
}

/**
 * Decides for every pass whether the transformer's blocks are run or what they
 * added last is added again.
 */
export class MagCache implements PassCache {
  /** Given to it, but not used. */
  readonly compares = "e";
  readonly #plan: Readonly<Record<Branch, readonly boolean[]>>;
  #computed = 0;
  #reused = 0;

  /**
   * The plan of a run.
   *
   * @throws {RangeError} When an option is out of range.
   */
  constructor(options: MagCacheOptions) {
    const { threshold = 0.12, maxReused = 2, retention = 0.2 } = options;
    const { steps, ratios = MAGCACHE_I2V_480P } = options;
    if (!(threshold > 0 && Number.isFinite(threshold))) {
      throw new RangeError(
        `Cannot cache steps with threshold ${threshold}: expected a number above 0, 0.12 or 0.24 being usual`,
      );
    }
    if (!(Number.isInteger(maxReused) && maxReused >= 1)) {
      throw new RangeError(
        `Cannot reuse ${maxReused} passes in a row: expected a whole number from 1 up`,
      );
    }
    if (!(retention >= 0 && retention <= 1)) {
      throw new RangeError(
        `Cannot compute a fraction of ${retention} of the steps: expected 0 to 1`,
      );
    }
    const rule = { threshold, maxReused, first: Math.trunc(steps * retention) };
    this.#plan = {
      conditional: plan(resampleRatios(ratios.conditional, steps), rule),
      unconditional: plan(resampleRatios(ratios.unconditional, steps), rule),
    };
  }

  /** Passes that ran the blocks so far. */
  get computed(): number {
    return this.#computed;
  }

  /** Passes saved so far. */
  get reused(): number {
    return this.#reused;
  }

  /** Whether this pass may reuse what the blocks added last; called once per pass. */
  mayReuse(step: number, branch: Branch): boolean {
    const reuse = this.#plan[branch][step] ?? false;
    if (reuse) this.#reused++;
    else this.#computed++;
    return reuse;
  }

  /** What it knows between two steps. */
  state(): StepCacheState {
    return { branches: {}, computed: this.#computed, reused: this.#reused };
  }

  /** Continues where {@linkcode MagCache.state} was taken. */
  restore(state: StepCacheState): void {
    this.#computed = state.computed;
    this.#reused = state.reused;
  }
}

/**
 * Calibrated ratios for another number of steps: the nearest ones, halves to
 * the even index as `numpy.round` has them.
 */
function resampleRatios(
  ratios: readonly number[],
  steps: number,
): readonly number[] {
  if (ratios.length === steps) return ratios;
  if (steps === 1) return [ratios.at(-1)!];
  return Array.from(
    { length: steps },
    (_, i) => ratios[roundHalfEven(i * (ratios.length - 1) / (steps - 1))]!,
  );
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Which steps of a branch are reused. */
function plan(
  ratios: readonly number[],
  rule: { threshold: number; maxReused: number; first: number },
): boolean[] {
  let ratio = 1, error = 0, reused = 0;
  return ratios.map((next, step) => {
    // The first step has nothing to reuse, whatever the retention says.
    if (step < Math.max(1, rule.first)) return false;
    ratio *= next;
    reused++;
    error += Math.abs(1 - ratio);
    if (error < rule.threshold && reused <= rule.maxReused) return true;
    ratio = 1;
    error = 0;
    reused = 0;
    return false;
  });
}
