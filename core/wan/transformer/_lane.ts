/**
 * What the ways to run the transformer on one device have in common.
 *
 * @module
 */

import type { LayerAdapter } from "../../onnx/graph/value.ts";
import type { Runtime } from "../../onnx/runtime/runtime_interface.ts";
import type { AttentionGuidance } from "../../sampling/attention_guidance.ts";
import type { Branch, PassCache } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";
import {
  type Execution,
  openNetworkRuntime,
  type Placement,
} from "../network_run.ts";
import type {
  PredictionRequest,
  Predictions,
  PredictOptions,
} from "./prediction.ts";
import type { TransformerComponent } from "./transformer.ts";
import { transformerFeeds } from "./transformer_feeds.ts";

/** What error messages call it. */
export const NAME = "the transformer";

/** Options of `createPredictor`. */
export interface PredictorOptions {
  /** The network. */
  readonly component: TransformerComponent;
  /** Frames, height and width of the latents, in cells. */
  readonly latent: readonly [frames: number, height: number, width: number];
  /** One device, or two: one for each pass. */
  readonly placements: readonly [Placement, Placement?];
  /** `monolithic` and streamed keep the network open. */
  readonly execution: Execution;
  /** The LoRA adapters. */
  readonly adapters?: ReadonlyMap<string, LayerAdapter> | undefined;
  /** How the negative prompt guides the attention; not at all by default. */
  readonly nag?: AttentionGuidance | undefined;
  /** The step cache, if used. */
  readonly cache?: PassCache | undefined;
  /** The number of CPU threads. */
  readonly threads?: number | undefined;
  /** As in `NetworkOptions`. */
  readonly arenaLimit?: number | undefined;
}

/** The passes on one device. */
export interface Lane {
  predict(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions>;
  recall(request: PredictionRequest, options: PredictOptions): Promise<void>;
  close(): Promise<void>;
}

/** The target and inputs of the graphs, the same in all lanes. */
export abstract class LaneBase {
  protected readonly runtime: Runtime;
  protected readonly placement: Placement;
  protected readonly options: PredictorOptions;

  constructor(placement: Placement, options: PredictorOptions) {
    this.placement = placement;
    this.options = options;
    const { threads, arenaLimit } = options;
    this.runtime = openNetworkRuntime({
      device: placement.device,
      ...(threads !== undefined && { threads }),
      arenaLimit,
    });
  }

  protected graphOptions() {
    const { adapters, latent, nag } = this.options;
    return {
      latent,
      nag,
      target: this.placement.target,
      ...(adapters && { adapters }),
    };
  }

  protected feeds(
    request: PredictionRequest,
    branch: Branch,
  ): Record<string, Tensor> {
    const { promptEmbeds, negativeEmbeds, imageEmbeds: image, ...given } =
      request.conditions;
    const isNegative = branch === "unconditional";
    const { nag, component } = this.options;
    const text = isNegative ? negativeEmbeds : promptEmbeds;
    if (text === undefined || (nag && negativeEmbeds === undefined)) {
      throw new TypeError(
        "Cannot predict with the negative prompt: it was not encoded",
      );
    }
    const condition = isNegative
      ? given.negativeCondition ?? given.condition
      : given.condition;
    const { latent, timestep } = request;
    return transformerFeeds(
      {
        latent,
        condition,
        timestep,
        text,
        image,
        ...(nag && { negative: negativeEmbeds }),
      },
      component.config,
    );
  }

  close(): Promise<void> {
    return this.runtime.close();
  }
}
