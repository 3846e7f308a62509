/**
 * One prediction of the transformer: its inputs and outputs.
 *
 * @module
 */

import type { Branch } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";

/** The inputs that are the same in all steps of a video. */
export interface Conditions {
  /** `[20, frames, height, width]`: mask and conditioning latent. */
  readonly condition: Tensor;
  /** Those of the pass with the negative prompt, if different. */
  readonly negativeCondition?: Tensor | undefined;
  /** Embeddings of the prompt, `[tokens, dim]`. */
  readonly promptEmbeds: Tensor;
  /**
   * Embeddings of the negative prompt; omitted if that pass is skipped and the
   * attention is not guided.
   */
  readonly negativeEmbeds: Tensor | undefined;
  /** Embeddings of the image, `[257, dim]`. */
  readonly imageEmbeds: Tensor;
}

/** The request of one prediction. */
export interface PredictionRequest {
  /** The step, 0 first. */
  readonly step: number;
  /** The scheduler's timestep. */
  readonly timestep: number;
  /** The noisy latent, `[16, frames, height, width]`. */
  readonly latent: Tensor;
  /** The inputs that are the same in all steps. */
  readonly conditions: Conditions;
  /** The passes to run. */
  readonly branches: readonly Branch[];
}

/** Options of one prediction. */
export interface PredictOptions {
  /** Makes the prediction fail at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of finished parts of the pass. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** With a step cache: called after each pass. */
  readonly onPass?: ((pass: PassTime) => void) | undefined;
}

/** How long a pass took. */
export interface PassTime {
  /** Whether the step cache saved its blocks. */
  readonly isReused: boolean;
  /** Its duration. */
  readonly seconds: number;
}

/** The predictions, `[16, frames, height, width]`, for each requested branch. */
export interface Predictions extends Partial<Record<Branch, Tensor>> {
  /** The branches whose prediction was reused from the step cache. */
  readonly reused: readonly Branch[];
}

/** The transformer, opened for videos of one size. */
export interface Predictor extends AsyncDisposable {
  /** Predicts the velocity. */
  predict(
    request: PredictionRequest,
    options?: PredictOptions,
  ): Promise<Predictions>;
  /**
   * Restores the step cache by repeating the request that filled it, to resume
   * an interrupted run.
   */
  recall(request: PredictionRequest, options?: PredictOptions): Promise<void>;
}
