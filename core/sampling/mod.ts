/**
 * From noise to a latent: torch's noise, the solvers, guidance and the step
 * cache.
 *
 * @example Four steps with a model that predicts nothing
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSampler, type Tensor, torchNormal } from "@ati/ati/sampling";
 *
 * const dims = [16, 1, 2, 2];
 * let latent: Tensor = { dims, data: torchNormal(42, 64) };
 * const sampler = createSampler("unipc", { steps: 4, flowShift: 5 });
 * for (const _time of sampler.schedule.timesteps) {
 *   latent = sampler.advance({ dims, data: new Float32Array(64) }, latent);
 * }
 * assert.equal(sampler.step, 4);
 * ```
 *
 * @module
 */

export type { Tensor } from "../base/tensor.ts";
export type { Seed } from "../base/seed.ts";
export { torchNormal } from "./noise.ts";
export { createSampler } from "./sampler.ts";
export type { Sampler, SamplerState } from "./flow_sampler.ts";
export {
  createSchedule,
  type FlowSchedule,
  type ScheduleOptions,
  SOLVER_NAMES,
  type SolverName,
} from "./scheduler.ts";
export type { AttentionGuidance } from "./attention_guidance.ts";
export {
  applyGuidance,
  type GuidanceOptions,
  needsNegative,
} from "./guidance.ts";
export {
  type Branch,
  type PassCache,
  StepCache,
  type StepCacheOptions,
  type StepCacheState,
  TEACACHE_I2V_480P,
  TEACACHE_I2V_720P,
  TEACACHE_RET_I2V_480P,
  TEACACHE_RET_I2V_720P,
  type TimeTensor,
} from "./step_cache.ts";
export {
  MagCache,
  MAGCACHE_I2V_480P,
  MAGCACHE_I2V_720P,
  type MagCacheOptions,
  type MagRatios,
} from "./mag_cache.ts";
