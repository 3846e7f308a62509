/**
 * The walk from noise to a clean latent: what every solver has in common, and
 * the function that makes one.
 *
 * ```text
 * for each step i:  prediction = model(latent, timesteps[i])
 *                   latent     = sampler.advance(prediction, latent)
 * ```
 *
 * @module
 */

import { DpmSampler } from "./dpm_solver.ts";
import { EulerSampler } from "./euler.ts";
import type { Sampler } from "./flow_sampler.ts";
import type { ScheduleOptions, SolverName } from "./scheduler.ts";
import { createSchedule } from "./scheduler.ts";
import { UniPcSampler } from "./unipc.ts";

/**
 * A sampler at its first step.
 *
 * `unipc` is the reference's default, `dpm++` its other choice; `euler` is
 * what the distilled few-step LoRAs were made for.
 *
 * @throws {RangeError} As {@linkcode createSchedule}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createSampler } from "@ati/ati";
 * const sampler = createSampler("euler", { steps: 2, flowShift: 1 });
 * let latent = { dims: [1], data: new Float32Array([3]) };
 * for (const _time of sampler.schedule.timesteps) {
 *   const prediction = { dims: [1], data: new Float32Array([2]) };
 *   latent = sampler.advance(prediction, latent) as typeof latent;
 * }
 * assert.equal(latent.data[0], 1); // 3 - 1.0 * 2
 * ```
 */
export function createSampler(
  solver: SolverName,
  options: ScheduleOptions = {},
): Sampler {
  const schedule = createSchedule(solver, options);
  switch (solver) {
    case "unipc":
      return new UniPcSampler(schedule);
    case "dpm++":
      return new DpmSampler(schedule);
    case "euler":
      return new EulerSampler(schedule);
  }
}
