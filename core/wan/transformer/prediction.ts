/**
 * One prediction of the transformer: what it is given and what it returns.
 *
 * @module
 */

import type { Branch } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";

/** What stays the same over all steps of a video. */
export interface Conditions {
  /** `[20, frames, height, width]`: mask and latent that are given. */
  readonly condition: Tensor;
  /** Those of the pass with the negative prompt, where they are others. */
  readonly negativeCondition?: Tensor | undefined;
  /** `[tokens, dim]` of the prompt. */
  readonly promptEmbeds: Tensor;
  /** The same of the negative prompt; absent where it is never asked. */
  readonly negativeEmbeds: Tensor | undefined;
  /** `[257, dim]` of the image. */
  readonly imageEmbeds: Tensor;
}

/** One question. */
export interface PredictionRequest {
  /** The step, 0 first. */
  readonly step: number;
  /** The schedule's time. */
  readonly timestep: number;
  /** `[16, frames, height, width]`. */
  readonly latent: Tensor;
  /** What the video is about. */
  readonly conditions: Conditions;
  /** The prompts to ask with. */
  readonly branches: readonly Branch[];
}

/** How a question is asked. */
export interface PredictOptions {
  /** Makes the answer fail at once. */
  readonly signal?: AbortSignal | undefined;
  /** Told how many parts of the pass are done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The answers, `[16, frames, height, width]`, for each branch asked. */
export interface Predictions extends Partial<Record<Branch, Tensor>> {
  /** Those that the step cache gave instead of the whole network. */
  readonly reused: readonly Branch[];
}

/** The transformer, opened for videos of one size. */
export interface Predictor extends AsyncDisposable {
  /** The flow that the model predicts. */
  predict(
    question: PredictionRequest,
    options?: PredictOptions,
  ): Promise<Predictions>;
  /**
   * Brings back what the step cache uses again, by asking the question once
   * more that it was taken from. For going on with a run that was broken off.
   */
  recall(question: PredictionRequest, options?: PredictOptions): Promise<void>;
}
