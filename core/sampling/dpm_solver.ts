/**
 * DPM-Solver++ 2M, midpoint variant, on flow matching: the reference's
 * `sample_solver: dpm++` (fm_solvers.py).
 *
 * Its first level is exactly 1, where lambda is minus infinity: the first step
 * has an infinite stride, and in the second the weight of the first prediction
 * is 1 / infinity = 0. IEEE arithmetic carries both through.
 *
 * Source: Lu et al., "DPM-Solver++", arXiv 2211.01095, Algorithm 2.
 *
 * @module
 */

import { FlowSampler } from "./flow_sampler.ts";

const round = Math.fround;

/** The DPM-Solver++ sampler; `createSampler("dpm++")` makes one. */
export class DpmSampler extends FlowSampler {
  /** The name it goes by. */
  readonly solver = "dpm++";

  /** One step of the formula in this file's head. */
  protected next(
    prediction: Float32Array,
    latent: Float32Array,
  ): Float32Array {
    const i = this.step;
    const clean = this.cleanLatent(prediction, latent);
    const before = this.memory.get("clean");
    this.memory.set("clean", clean);

    const h = round(this.lambda(i + 1) - this.lambda(i));
    const keep = round(this.sigma(i + 1) / this.sigma(i));
    const gain = round(
      round(1 - this.sigma(i + 1)) * round(round(Math.exp(-h)) - 1),
    );
    // First order at the start, and at the end, where the level becomes 0.
    if (before === undefined || i === this.steps - 1) {
      return latent.map((x, k) => round(keep * x) - round(gain * clean[k]!));
    }
    const ratio = round(round(this.lambda(i) - this.lambda(i - 1)) / h);
    const slope = round(1 / ratio);
    const halfGain = round(0.5 * gain);
    return latent.map((x, k) => {
      const change = round(slope * round(clean[k]! - before[k]!));
      return round(round(keep * x) - round(gain * clean[k]!)) -
        round(halfGain * change);
    });
  }
}
