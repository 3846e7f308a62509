/**
 * What a generation starts with: noise, and the step cache if one is wanted.
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
} from "../sampling/step_cache.ts";
import type { Sampler } from "../sampling/flow_sampler.ts";
import { createSampler } from "../sampling/sampler.ts";
import { createSchedule } from "../sampling/scheduler.ts";
import { sizeOf, type Tensor } from "../base/tensor.ts";
import type { CompleteSettings, GenerationInputs } from "./generation.ts";

/**
 * The noise of the seed, or the one that is injected:
 * `[16, latent frames, latent height, latent width]`.
 *
 * @throws {RangeError} When the injected noise has another shape.
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
      `Cannot start from noise of [${given.dims.join(", ")}]: expected [${
        dims.join(", ")
      }]`,
    );
  }
  return given;
}

/** The cache that the settings ask for, with the size's calibration. */
export function createPassCache(
  settings: CompleteSettings,
): PassCache | undefined {
  const { stepCache: threshold, magCache, maxArea, timeToMove } = settings;
  const steps = settings.steps - Math.max(0, timeToMove?.tweak ?? 0);
  const isLarge = maxArea > 2 * 832 * 480;
  if (magCache) {
    const ratios = isLarge ? MAGCACHE_I2V_720P : MAGCACHE_I2V_480P;
    return new MagCache({ steps, ratios, ...magCache });
  }
  if (threshold === 0) return undefined;
  const coefficients = isLarge ? TEACACHE_I2V_720P : TEACACHE_I2V_480P;
  return new StepCache({ steps, threshold, coefficients });
}

/**
 * The noise that Time-to-Move keeps for the whole run: the second draw of the
 * seed's generator. A noise that was given is kept as it is.
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
 * The solver at its first step. Time-to-Move starts it later in the schedule:
 * fresh, on the noise levels that are left.
 */
export function createRunSampler(settings: CompleteSettings): Sampler {
  const { solver, timeToMove } = settings;
  const first = Math.max(0, timeToMove?.tweak ?? 0);
  if (first === 0) return createSampler(solver, settings);
  const { sigmas } = createSchedule(solver, settings);
  return createSampler(solver, { sigmas: [...sigmas].slice(first, -1) });
}
