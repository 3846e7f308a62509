/**
 * The initial state of a generation: noise, solver, and step cache.
 *
 * @module
 */

import { torchNormal } from "../sampling/noise.ts";
import {
  MagCache,
  MAGCACHE_I2V_480P,
  MAGCACHE_I2V_720P,
} from "../sampling/mag_cache.ts";
import {
  type PassCache,
  StepCache,
  TEACACHE_I2V_480P,
  TEACACHE_I2V_720P,
  TEACACHE_RET_I2V_480P,
  TEACACHE_RET_I2V_720P,
} from "../sampling/step_cache.ts";
import type { Sampler } from "../sampling/flow_sampler.ts";
import { createSampler } from "../sampling/sampler.ts";
import { createSchedule } from "../sampling/scheduler.ts";
import { sizeOf, type Tensor } from "../base/tensor.ts";
import type { CompleteSettings, GenerationInputs } from "./generation.ts";

/**
 * The noise of the seed, or the override:
 * `[16, latent frames, latent height, latent width]`.
 *
 * @throws {RangeError} When the override has the wrong shape.
 */
export function startingNoise(
  job: Pick<GenerationInputs, "seed" | "overrides">,
  size: {
    readonly latentFrames: number;
    readonly latentHeight: number;
    readonly latentWidth: number;
  },
): Tensor {
  const { latentFrames, latentHeight, latentWidth } = size;
  const dims = [16, latentFrames, latentHeight, latentWidth];
  const given = job.overrides?.noise;
  if (given === undefined) {
    return { dims, data: torchNormal(job.seed, sizeOf(dims)) };
  }
  if (given.dims.join() !== dims.join()) {
    throw new RangeError(
      `Cannot use noise of [${given.dims.join(", ")}]: expected [${
        dims.join(", ")
      }]`,
    );
  }
  return given;
}

/** The step cache of the settings, calibrated for the size. */
export function createPassCache(
  settings: CompleteSettings,
): PassCache | undefined {
  const { stepCache: threshold, magCache, maxArea, timeToMove } = settings;
  const { useRetSteps = false } = settings;
  const steps = settings.steps - Math.max(0, timeToMove?.tweak ?? 0);
  const isLarge = maxArea > 2 * 832 * 480;
  if (magCache) {
    const ratios = isLarge ? MAGCACHE_I2V_720P : MAGCACHE_I2V_480P;
    return new MagCache({ steps, ratios, ...magCache });
  }
  if (threshold === 0) return undefined;
  const [small, large] = useRetSteps
    ? [TEACACHE_RET_I2V_480P, TEACACHE_RET_I2V_720P]
    : [TEACACHE_I2V_480P, TEACACHE_I2V_720P];
  const coefficients = isLarge ? large : small;
  return new StepCache({ steps, threshold, coefficients, useRetSteps });
}

/**
 * The noise that Time-to-Move uses for the whole run: the second draw of the
 * seed's generator. Noise given as an override is used as it is.
 */
export function keptNoise(
  job: Pick<GenerationInputs, "seed" | "overrides">,
  noise: Tensor,
): Tensor {
  if (job.overrides?.noise !== undefined) return noise;
  const count = sizeOf(noise.dims);
  return {
    dims: noise.dims,
    data: torchNormal(job.seed, 2 * count).subarray(count),
  };
}

/**
 * The solver at its first step. Time-to-Move starts it later in the schedule,
 * with an empty history, on the remaining noise levels.
 */
export function createRunSampler(settings: CompleteSettings): Sampler {
  const { solver, timeToMove } = settings;
  const first = Math.max(0, timeToMove?.tweak ?? 0);
  if (first === 0) return createSampler(solver, settings);
  const { sigmas } = createSchedule(solver, settings);
  return createSampler(solver, { sigmas: [...sigmas].slice(first, -1) });
}
