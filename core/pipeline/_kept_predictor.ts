/**
 * The transformer between two videos: lent for one, and kept open for the next
 * of the same size where that is wanted.
 *
 * @module
 */

import type { PassCache } from "../sampling/step_cache.ts";
import { executionFor } from "../wan/network_run.ts";
import {
  createPredictor,
  type PredictorOptions,
} from "../wan/transformer/predictor.ts";
import type { Predictor } from "../wan/transformer/prediction.ts";

/** What is the same for all videos. */
export interface KeptPredictorOptions extends
  Pick<
    PredictorOptions,
    "component" | "placements" | "adapters" | "threads"
  > {
  /** How it is run; what suits the device where not given. */
  readonly execution?: PredictorOptions["execution"] | undefined;
  /** Whether it is closed after each video; true by default. */
  readonly offloadModel?: boolean | undefined;
}

/** Lends the transformer. */
export class KeptPredictor {
  readonly #options: KeptPredictorOptions;
  #kept: { latent: string; predictor: Predictor } | undefined;

  /** A lender; nothing is opened yet. */
  constructor(options: KeptPredictorOptions) {
    this.#options = options;
  }

  /** The predictor for a latent's size; the one that was kept, if it fits. */
  async lease(
    latent: readonly [frames: number, height: number, width: number],
    cache: PassCache | undefined,
  ): Promise<AsyncDisposable & { predictor: Predictor }> {
    const { offloadModel = true, execution, ...shared } = this.#options;
    const name = latent.join();
    const keep = !offloadModel && cache === undefined;
    if (!keep || this.#kept?.latent !== name) await this.release();
    const predictor = this.#kept?.predictor ?? createPredictor({
      ...shared,
      latent,
      execution: execution ?? executionFor(shared.placements[0]),
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

  /** Closes what was kept. */
  async release(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.predictor[Symbol.asyncDispose]();
  }
}
