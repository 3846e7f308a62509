/**
 * The transformer between two videos: closed after each, or kept open for the
 * next one of the same size.
 *
 * @module
 */

import type { AttentionGuidance } from "../sampling/attention_guidance.ts";
import type { PassCache } from "../sampling/step_cache.ts";
import { type Execution, executionFor } from "../wan/network_run.ts";
import {
  createPredictor,
  type PredictorOptions,
} from "../wan/transformer/predictor.ts";
import type { Predictor } from "../wan/transformer/prediction.ts";

/** Options common to all videos. */
export interface KeptPredictorOptions extends
  Pick<
    PredictorOptions,
    "component" | "placements" | "adapters" | "threads"
  > {
  /** The execution; by default the one for the device. */
  readonly execution?: PredictorOptions["execution"] | undefined;
  /** Whether to close it after each video; true by default. */
  readonly offloadModel?: boolean | undefined;
}

/** Opens the transformer for a video, or reuses the open one. */
export class KeptPredictor {
  readonly #options: KeptPredictorOptions;
  #kept: { latent: string; predictor: Predictor } | undefined;

  /** Opens nothing yet. */
  constructor(options: KeptPredictorOptions) {
    this.#options = options;
  }

  /**
   * The predictor for a latent's size and a guidance of the attention, run as it
   * was planned; the open one, if it fits.
   */
  async lease(
    latent: readonly [frames: number, height: number, width: number],
    cache: PassCache | undefined,
    planned: {
      readonly execution?: Execution;
      readonly arenaLimit?: number | undefined;
      readonly nag?: AttentionGuidance | undefined;
    } = {},
  ): Promise<AsyncDisposable & { predictor: Predictor }> {
    const { offloadModel = true, ...shared } = this.#options;
    const execution = planned.execution ?? shared.execution ??
      executionFor(shared.placements[0]);
    const { arenaLimit, nag } = planned;
    const name = `${latent.join()} ${JSON.stringify([execution, nag])}`;
    const keep = !offloadModel && cache === undefined;
    if (!keep || this.#kept?.latent !== name) await this.release();
    const predictor = this.#kept?.predictor ?? createPredictor({
      ...shared,
      latent,
      execution,
      arenaLimit,
      nag,
      cache,
    });
    if (keep) this.#kept = { latent: name, predictor };
    return {
      predictor,
      async [Symbol.asyncDispose]() {
        if (!keep) await predictor[Symbol.asyncDispose]();
      },
    };
  }

  /** Closes the open predictor. */
  async release(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.predictor[Symbol.asyncDispose]();
  }
}
