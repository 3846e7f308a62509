/**
 * UniPC of order 2 with B(h) = expm1(-h) ("bh2") on flow matching: the
 * reference's default sampler (fm_solvers_unipc.py).
 *
 * Every step but the first corrects the latent it is given with the prediction
 * made for it, then predicts the next one. The order is 1 in the first and in
 * the last step and 2 between; the corrector has the order of the step before.
 *
 * Source: Zhao et al., "UniPC", arXiv 2302.04867, Algorithms 5 to 8.
 *
 * @module
 */

import { FlowSampler } from "./flow_sampler.ts";

const round = Math.fround;

/** A step from level `from` to level `to`, as both halves of UniPC see it. */
interface Stride {
  /** Weight of the latent it starts from: sigma(to) / sigma(from). */
  readonly keep: number;
  /** alpha(to) * (e^-h - 1): weight of the prediction, and of its changes. */
  readonly gain: number;
  /** The difference in lambda. */
  readonly h: number;
  /** Where the prediction before lies, in units of h: negative. */
  readonly ratio: number;
}

/** The UniPC sampler; `createSampler("unipc")` makes one. */
export class UniPcSampler extends FlowSampler {
  /** The name it goes by. */
  readonly solver = "unipc";

  /** One step of the formula in this file's head. */
  protected next(
    prediction: Float32Array,
    latent: Float32Array,
  ): Float32Array {
    const i = this.step;
    const clean = this.cleanLatent(prediction, latent); // from the uncorrected
    const corrected = i === 0 ? latent : this.#correct(clean);
    const previous = this.memory.get("clean");
    if (previous !== undefined) this.memory.set("cleanBefore", previous);
    this.memory.set("clean", clean);
    this.memory.set("start", corrected.slice());
    return this.#predict(corrected);
  }

  /** The order that step `i` predicts with. */
  #order(i: number): number {
    return Math.min(2, this.steps - i, i + 1);
  }

  #stride(from: number): Stride {
    const start = this.lambda(from);
    const h = round(this.lambda(from + 1) - start);
    const alpha = round(1 - this.sigma(from + 1));
    return {
      keep: round(this.sigma(from + 1) / this.sigma(from)),
      gain: round(alpha * round(Math.expm1(-h))),
      h,
      ratio: from === 0 ? NaN : round(round(this.lambda(from - 1) - start) / h),
    };
  }

  /** The latent one level on from `start`, from the predictions so far. */
  #predict(start: Float32Array): Float32Array {
    const { keep, gain, ratio } = this.#stride(this.step);
    const clean = this.memory.get("clean")!;
    if (this.#order(this.step) === 1) {
      return start.map((x, k) => round(keep * x) - round(gain * clean[k]!));
    }
    const before = this.memory.get("cleanBefore")!;
    return start.map((x, k) => {
      const slope = round(round(before[k]! - clean[k]!) / ratio);
      return round(round(keep * x) - round(gain * clean[k]!)) -
        round(gain * round(0.5 * slope));
    });
  }

  /** The latent of this step once more, now that its prediction is known. */
  #correct(arrived: Float32Array): Float32Array {
    const { keep, gain, h, ratio } = this.#stride(this.step - 1);
    const start = this.memory.get("start")!;
    const clean = this.memory.get("clean")!;
    if (this.#order(this.step - 1) === 1) {
      return start.map((x, k) => {
        const change = round(0.5 * round(arrived[k]! - clean[k]!));
        return round(round(keep * x) - round(gain * clean[k]!)) -
          round(gain * change);
      });
    }
    const before = this.memory.get("cleanBefore")!;
    const [weightBefore, weightArrived] = correctorWeights(h, ratio);
    return start.map((x, k) => {
      const slope = round(round(before[k]! - clean[k]!) / ratio);
      const change = round(arrived[k]! - clean[k]!);
      return round(round(keep * x) - round(gain * clean[k]!)) -
        round(
          gain *
            round(round(weightBefore * slope) + round(weightArrived * change)),
        );
    });
  }
}

/**
 * The weights of the second-order corrector: the solution of
 *
 * ```text
 * | 1      1 |   | w0 |   | b1 |
 * | ratio  1 | * | w1 | = | b2 |
 * ```
 *
 * in float32 with the larger pivot first, as LAPACK does it. A ratio of minus
 * infinity (the level before was 1) leaves w0 = 0.
 */
function correctorWeights(h: number, ratio: number): [number, number] {
  const hh = -h;
  const growth = round(Math.expm1(hh));
  const phi1 = round(round(growth / hh) - 1);
  const phi2 = round(round(phi1 / hh) - 0.5);
  const b1 = round(phi1 / growth);
  const b2 = round(round(phi2 * 2) / growth);
  if (Math.abs(ratio) > 1) {
    const factor = round(1 / ratio);
    const w1 = round(
      round(b1 - round(factor * b2)) / round(1 - factor),
    );
    return [round(round(b2 - w1) / ratio), w1];
  }
  const w1 = round(round(b2 - round(ratio * b1)) / round(1 - ratio));
  return [round(b1 - w1), w1];
}
