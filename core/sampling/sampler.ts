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

import type { Tensor } from "../tensor.ts";
import { DpmSampler } from "./dpm_solver.ts";
import { EulerSampler } from "./euler.ts";
import type {
  FlowSchedule,
  ScheduleOptions,
  SolverName,
} from "./flow_schedule.ts";
import { createSchedule } from "./flow_schedule.ts";
import { UniPcSampler } from "./unipc.ts";

/** A solver on its way through a schedule. */
export interface Sampler {
  /** Which solver it is. */
  readonly solver: SolverName;
  /** The noise levels and times it goes through. */
  readonly schedule: FlowSchedule;
  /** The step that comes next, 0 first; the number of steps when it is done. */
  readonly step: number;
  /**
   * Takes one step.
   *
   * @param prediction The flow the model predicts for `latent`, after
   * guidance; same dims.
   * @param latent The latent of this step, as the step before returned it.
   * @returns The latent of the next step; a new tensor.
   * @throws {RangeError} When no step is left, the dims differ, or the
   * prediction holds a value that is not finite.
   */
  advance(prediction: Tensor, latent: Tensor): Tensor;
  /** All it remembers, as plain numbers and tensors (copies). */
  state(): SamplerState;
  /**
   * Goes on where {@linkcode Sampler.state} was taken; the steps that follow
   * are bit for bit those of the first run.
   *
   * @throws {TypeError} When the state belongs to another solver or schedule.
   */
  restore(state: SamplerState): void;
}

/** What a sampler remembers between two steps. */
export interface SamplerState {
  /** The solver it belongs to. */
  readonly solver: SolverName;
  /** The step that comes next. */
  readonly step: number;
  /** The noise levels of the run, to recognise another run by. */
  readonly sigmas: readonly number[];
  /** Predictions and latents of earlier steps, by name; dims as the latent. */
  readonly memory: Readonly<Record<string, Tensor>>;
}

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
 * import { createSampler } from "./sampler.ts";
 * const sampler = createSampler("euler", { steps: 2, shift: 1 });
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
