/**
 * What the solvers share: the position in the schedule, the checks before a
 * step, and the memory that makes a run resumable.
 *
 * All arithmetic is float32 as in the reference, rounded after each operation.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import { sizeOf, type Tensor } from "../base/tensor.ts";
import type { FlowSchedule, SolverName } from "./scheduler.ts";

const round = Math.fround;

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
   * Continues where {@linkcode Sampler.state} was taken; the steps that follow
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
  /** The noise levels of the run, to recognize another run by. */
  readonly sigmas: readonly number[];
  /** Predictions and latents of earlier steps, by name; dims as the latent. */
  readonly history: Readonly<Record<string, Tensor>>;
}

/** A sampler without its formula. */
export abstract class FlowSampler implements Sampler {
  /** Which solver it is. */
  abstract readonly solver: SolverName;
  /** The noise levels and times it goes through. */
  readonly schedule: FlowSchedule;
  /** Arrays of earlier steps, by name. */
  protected readonly memory: Map<string, Float32Array> = new Map();
  #step = 0;
  #dims: readonly number[] | undefined;

  /** A sampler at the first step of `schedule`. */
  constructor(schedule: FlowSchedule) {
    this.schedule = schedule;
  }

  /** The formula: the values of the next latent. */
  protected abstract next(
    prediction: Float32Array,
    latent: Float32Array,
  ): Float32Array;

  /** The step that comes next, 0 first. */
  get step(): number {
    return this.#step;
  }

  /** The number of steps. */
  protected get steps(): number {
    return this.schedule.timesteps.length;
  }

  /** The noise level before step `i`. */
  protected sigma(i: number): number {
    return this.schedule.sigmas[i]!;
  }

  /** Half the logarithm of the signal-to-noise ratio before step `i`. */
  protected lambda(i: number): number {
    const sigma = this.sigma(i);
    return round(
      round(Math.log(round(1 - sigma))) - round(Math.log(sigma)),
    );
  }

  /** See {@linkcode Sampler.advance}. */
  advance(prediction: Tensor, latent: Tensor): Tensor {
    this.#check(prediction, latent);
    const data = this.next(prediction.data, latent.data);
    this.#step++;
    this.#dims = latent.dims;
    return { dims: latent.dims, data };
  }

  #check(prediction: Tensor, latent: Tensor): void {
    if (this.#step === this.steps) {
      throw new RangeError(
        `Cannot take another step: all ${this.steps} are done`,
      );
    }
    const dims = (this.#dims ?? latent.dims).join();
    for (
      const [name, tensor] of [["latent", latent], [
        "prediction",
        prediction,
      ]] as const
    ) {
      if (
        tensor.dims.join() !== dims ||
        tensor.data.length !== sizeOf(latent.dims)
      ) {
        throw new RangeError(
          `Cannot take step ${this.#step + 1}: the ${name} has dims (${
            tensor.dims.join(", ")
          }) and ${tensor.data.length} values, expected dims (${dims})`,
        );
      }
    }
    const broken = prediction.data.findIndex((value) =>
      !Number.isFinite(value)
    );
    if (broken >= 0) {
      throw new RangeError(withHint(
        `Cannot take step ${this.#step + 1}: value ${broken} of the ` +
          `prediction is ${prediction.data[broken]}, expected finite numbers`,
        "The network overflowed; ask for a precision with more range (bf16 or fp32). If it had that, a file of weights is damaged: load it again.",
      ));
    }
  }

  /** See {@linkcode Sampler.state}. */
  state(): SamplerState {
    const dims = this.#dims ?? [];
    return {
      solver: this.solver,
      step: this.#step,
      sigmas: Array.from(this.schedule.sigmas),
      history: Object.fromEntries(
        [...this.memory].map(([name, data]) => [
          name,
          { dims, data: data.slice() },
        ]),
      ),
    };
  }

  /** See {@linkcode Sampler.restore}. */
  restore(state: SamplerState): void {
    const sigmas = this.schedule.sigmas;
    const known = state.solver === this.solver &&
      state.sigmas.length === sigmas.length &&
      sigmas.every((sigma, i) => sigma === state.sigmas[i]) &&
      Number.isInteger(state.step) && state.step >= 0 &&
      state.step <= this.steps;
    if (!known) {
      throw new TypeError(withHint(
        `Cannot continue at step ${state.step} of a ${state.solver} run over ${
          state.sigmas.length - 1
        } steps: this run is ${this.solver} over ${this.steps} steps, ` +
          "expected the same noise levels",
        "Start over, or go back to the options of the run that was interrupted.",
      ));
    }
    this.memory.clear();
    this.#dims = undefined;
    for (const [name, tensor] of Object.entries(state.history)) {
      this.memory.set(name, tensor.data.slice());
      this.#dims = tensor.dims;
    }
    this.#step = state.step;
  }

  /** The clean latent that `prediction` points to: latent - sigma * prediction. */
  protected cleanLatent(
    prediction: Float32Array,
    latent: Float32Array,
  ): Float32Array {
    const sigma = this.sigma(this.step);
    return latent.map((x, i) => x - round(sigma * prediction[i]!));
  }
}
