/**
 * What a generation starts with: noise, and the step cache if one is wanted.
 *
 * @module
 */

import { torchNormal } from "../sampling/noise.ts";
import {
  StepCache,
  TEACACHE_I2V_480P,
  TEACACHE_I2V_720P,
} from "../sampling/step_cache.ts";
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

/** The step cache that the settings ask for, with the size's coefficients. */
export function createStepCache(
  settings: CompleteSettings,
): StepCache | undefined {
  const { stepCache: threshold, steps, maxArea } = settings;
  if (threshold === 0) return undefined;
  const coefficients = maxArea > 2 * 832 * 480
    ? TEACACHE_I2V_720P
    : TEACACHE_I2V_480P;
  return new StepCache({ steps, threshold, coefficients });
}
