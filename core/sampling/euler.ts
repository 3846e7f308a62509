/**
 * Flow-matching Euler: a straight line along the predicted flow to the next
 * noise level. First order, without memory; the sampler that distilled
 * few-step LoRAs were made for.
 *
 * @module
 */

import { FlowSampler } from "./flow_sampler.ts";

const round = Math.fround;

/** The Euler sampler; `createSampler("euler")` makes one. */
export class EulerSampler extends FlowSampler {
  /** The name it goes by. */
  readonly solver = "euler";

  /** One step of the formula in this file's head. */
  protected next(
    prediction: Float32Array,
    latent: Float32Array,
  ): Float32Array {
    const stride = round(this.sigma(this.step + 1) - this.sigma(this.step));
    return latent.map((x, i) => x + round(stride * prediction[i]!));
  }
}
