/**
 * Runs the transformer in every step: monolithic on a GPU that holds it, with
 * its blocks streamed on a smaller one, blockwise on a CPU, the passes with and without the negative prompt in parallel on two devices,
 * and with the step cache if requested.
 *
 * @module
 */

import { buildTransformer, buildTransformerBlocks } from "./transformer.ts";
import { runBlocks } from "../../onnx/runtime/run_pieces.ts";
import type {
  Feeds,
  GraphSession,
} from "../../onnx/runtime/runtime_interface.ts";
import type { Branch, PassCache } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";
import { CachedNetwork } from "./_cached_network.ts";
import { type Lane, LaneBase, NAME, type PredictorOptions } from "./_lane.ts";
import { StreamedLane } from "./_streamed_lane.ts";
import type { Placement } from "../network_run.ts";
import type {
  PredictionRequest,
  Predictions,
  PredictOptions,
  Predictor,
} from "./prediction.ts";

export type { PredictorOptions } from "./_lane.ts";

/**
 * Opens the transformer; its graphs are opened at the first prediction.
 *
 * @example
 * ```ts
 * import {
 *   type Conditions,
 *   createPredictor,
 *   openAtiCheckpoint,
 *   placeNetwork,
 *   resolveDevice,
 *   type Tensor,
 * } from "@ati/ati";
 *
 * // One prediction, for a latent of [16, 21, 60, 104].
 * export async function predict(
 *   folder: string,
 *   { latent, conditions }: { latent: Tensor; conditions: Conditions },
 * ): Promise<Tensor> {
 *   const { transformer } = await openAtiCheckpoint(folder);
 *   await using predictor = createPredictor({
 *     component: transformer,
 *     latent: [21, 60, 104],
 *     placements: [placeNetwork("transformer", await resolveDevice("auto"))],
 *     execution: "blockwise",
 *   });
 *   const { conditional } = await predictor.predict({
 *     step: 0,
 *     timestep: 999,
 *     latent,
 *     conditions,
 *     branches: ["conditional"],
 *   });
 *   return conditional!;
 * }
 * ```
 */
export function createPredictor(options: PredictorOptions): Predictor {
  const [first, second] = options.placements;
  const { execution, cache } = options;
  const lanes = [first, ...(second ? [second] : [])].map((placement): Lane =>
    typeof execution === "object"
      ? new StreamedLane(placement, options, execution)
      : cache === undefined
      ? new PlainLane(placement, options)
      : new CachedLane(placement, options, cache)
  );
  const laneOf = (branch: Branch) =>
    branch === "unconditional" ? lanes.at(-1)! : lanes[0]!;
  return {
    async predict(request, options = {}) {
      const shares = lanes.map((lane) => ({
        lane,
        branches: request.branches.filter((branch) => laneOf(branch) === lane),
      })).filter(({ branches }) => branches.length > 0);
      // Wait for every lane, so that none continues after an error.
      const settled = await Promise.allSettled(
        shares.map(({ lane, branches }, i) =>
          lane.predict({ ...request, branches }, {
            ...options,
            // Progress of the first lane only: the lanes advance together.
            onProgress: i === 0 ? options.onProgress : undefined,
          })
        ),
      );
      const failed = settled.find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
      const predictions = settled.flatMap((result) =>
        result.status === "fulfilled" ? [result.value] : []
      );
      const reused = predictions.flatMap((prediction) => prediction.reused);
      return Object.assign({}, ...predictions, { reused });
    },
    async recall(request, options = {}) {
      for (const branch of request.branches) {
        await laneOf(branch).recall(
          { ...request, branches: [branch] },
          options,
        );
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** Computes every prediction. */
class PlainLane extends LaneBase implements Lane {
  #session: Promise<GraphSession> | undefined;

  async predict(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions> {
    const { branches } = request;
    const feeds = branches.map((branch) => this.feeds(request, branch));
    const predictions = this.options.execution === "blockwise"
      ? await this.#runBlockwise(feeds, options)
      : await this.#runMonolithic(feeds, options);
    return {
      ...Object.fromEntries(
        branches.map((branch, i) => [branch, predictions[i]]),
      ),
      reused: [],
    };
  }

  recall(): Promise<void> {
    return Promise.resolve(); // there is no cache to restore
  }

  async #runBlockwise(
    feeds: readonly Feeds[],
    options: PredictOptions,
  ): Promise<Tensor[]> {
    const blocks = buildTransformerBlocks(
      this.options.component,
      this.graphOptions(),
    );
    const made = await runBlocks(this.runtime, blocks, {
      ...options,
      feeds,
      name: NAME,
    });
    return made.map(({ prediction }) => prediction!);
  }

  async #runMonolithic(
    feeds: readonly Feeds[],
    { signal, onProgress }: PredictOptions,
  ): Promise<Tensor[]> {
    const session = await (this.#session ??= this.runtime.open(
      buildTransformer(this.options.component, this.graphOptions()),
      { name: NAME, signal },
    ));
    const predictions: Tensor[] = [];
    for (const feed of feeds) {
      const { prediction } = await session.run(feed, { signal });
      predictions.push(prediction!);
      onProgress?.(predictions.length, feeds.length);
    }
    return predictions;
  }
}

/** Reuses the blocks' last residual when the step cache allows it. */
class CachedLane extends LaneBase implements Lane {
  readonly #cache: PassCache;
  readonly #network: CachedNetwork;

  constructor(
    placement: Placement,
    options: PredictorOptions,
    cache: PassCache,
  ) {
    super(placement, options);
    this.#cache = cache;
    const { component, execution } = options;
    const { numLayers } = component.config;
    this.#network = new CachedNetwork(
      this.runtime,
      buildTransformerBlocks(component, {
        ...this.graphOptions(),
        ...(execution === "monolithic" && { blocksPerGraph: numLayers }),
      }),
      { name: NAME, keepOpen: execution === "monolithic" },
    );
  }

  async predict(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions> {
    const predictions: Partial<Record<Branch, Tensor>> = {};
    const reused: Branch[] = [];
    for (const branch of request.branches) {
      const started = performance.now();
      let isReused = false;
      predictions[branch] = await this.#network.run(
        this.feeds(request, branch),
        {
          ...options,
          branch,
          mayReuse: (time) => {
            isReused = this.#cache.mayReuse(
              request.step,
              branch,
              time[this.#cache.compares],
            );
            return isReused;
          },
        },
      );
      if (isReused) reused.push(branch);
      const seconds = (performance.now() - started) / 1000;
      options.onPass?.({ isReused, seconds });
    }
    return { ...predictions, reused };
  }

  async recall(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<void> {
    for (const branch of request.branches) {
      await this.#network.run(this.feeds(request, branch), {
        ...options,
        branch,
        mayReuse: () => false,
      });
    }
  }

  override async close(): Promise<void> {
    this.#network.drop();
    await super.close();
  }
}
