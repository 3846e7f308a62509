/**
 * The transformer, ready to be asked at every step: whole on a GPU, block by
 * block on a processor, with and without the negative prompt side by side on
 * two devices, and with TeaCache where that is wanted.
 *
 * @module
 */

import type { LayerAdapter } from "../../onnx/graph/value.ts";
import {
  buildTransformer,
  buildTransformerBlocks,
  type TransformerComponent,
} from "./transformer.ts";
import { transformerFeeds } from "./transformer_feeds.ts";
import { runBlocks } from "../../onnx/runtime/run_pieces.ts";
import type {
  Feeds,
  GraphSession,
  Runtime,
} from "../../onnx/runtime/runtime_interface.ts";
import { openRuntime } from "../../onnx/runtime/runtime.ts";
import type { Branch, PassCache } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";
import { CachedNetwork } from "./_cached_network.ts";
import type { Placement } from "../network_run.ts";
import type {
  PredictionRequest,
  Predictions,
  PredictOptions,
  Predictor,
} from "./prediction.ts";

/** How a predictor is made. */
export interface PredictorOptions {
  /** The network. */
  readonly component: TransformerComponent;
  /** Frames, height and width of the latents, in cells. */
  readonly latent: readonly [frames: number, height: number, width: number];
  /** One device, or two: one for each prompt. */
  readonly placements: readonly [Placement, Placement?];
  /** `monolithic` holds the network; `blockwise` opens block after block. */
  readonly execution: "monolithic" | "blockwise";
  /** What LoRAs add. */
  readonly adapters?: ReadonlyMap<string, LayerAdapter> | undefined;
  /** TeaCache, if it is to be used. */
  readonly cache?: PassCache | undefined;
  /** Threads on the CPU. */
  readonly threads?: number | undefined;
}

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
  const lanes = [first, ...(second ? [second] : [])].map((placement) =>
    options.cache === undefined
      ? new PlainLane(placement, options)
      : new CachedLane(placement, options, options.cache)
  );
  const laneOf = (branch: Branch) =>
    branch === "unconditional" ? lanes.at(-1)! : lanes[0]!;
  return {
    async predict(question, ask = {}) {
      const shares = lanes.map((lane) => ({
        lane,
        branches: question.branches.filter((branch) => laneOf(branch) === lane),
      })).filter(({ branches }) => branches.length > 0);
      // Every lane is waited for, so that none works on behind an error.
      const settled = await Promise.allSettled(
        shares.map(({ lane, branches }, i) =>
          lane.ask({ ...question, branches }, {
            ...ask,
            // One bar shows one lane: they move side by side.
            onProgress: i === 0 ? ask.onProgress : undefined,
          })
        ),
      );
      const failed = settled.find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
      const answers = settled.flatMap((result) =>
        result.status === "fulfilled" ? [result.value] : []
      );
      const reused = answers.flatMap((answer) => answer.reused);
      return Object.assign({}, ...answers, { reused });
    },
    async recall(question, ask = {}) {
      for (const branch of question.branches) {
        await laneOf(branch).recall({ ...question, branches: [branch] }, ask);
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}

/** One device's share of the work. */
interface Lane {
  ask(
    question: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions>;
  recall(question: PredictionRequest, options: PredictOptions): Promise<void>;
  close(): Promise<void>;
}

/** What the graphs are built for and fed, the same in all lanes. */
abstract class LaneBase {
  protected readonly runtime: Runtime;
  protected readonly placement: Placement;
  protected readonly options: PredictorOptions;

  constructor(placement: Placement, options: PredictorOptions) {
    this.placement = placement;
    this.options = options;
    const { threads } = options;
    this.runtime = openRuntime(
      placement.device,
      threads === undefined ? {} : { threads },
    );
  }

  protected graphOptions() {
    const { adapters, latent } = this.options;
    return {
      latent,
      target: this.placement.target,
      ...(adapters && { adapters }),
    };
  }

  protected feeds(
    question: PredictionRequest,
    branch: Branch,
  ): Record<string, Tensor> {
    const { promptEmbeds, negativeEmbeds, imageEmbeds: image, ...given } =
      question.conditions;
    const isNegative = branch === "unconditional";
    const text = isNegative ? negativeEmbeds : promptEmbeds;
    if (text === undefined) {
      throw new TypeError(
        "Cannot predict with the negative prompt: it was not encoded",
      );
    }
    const condition = isNegative
      ? given.negativeCondition ?? given.condition
      : given.condition;
    const { latent, timestep } = question;
    return transformerFeeds(
      { latent, condition, timestep, text, image },
      this.options.component.config,
    );
  }

  close(): Promise<void> {
    return this.runtime.close();
  }
}

const NAME = "the transformer";

/** Every answer is worked out. */
class PlainLane extends LaneBase implements Lane {
  #session: Promise<GraphSession> | undefined;

  async ask(
    question: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions> {
    const { branches } = question;
    const feeds = branches.map((branch) => this.feeds(question, branch));
    const answers = this.options.execution === "blockwise"
      ? await this.#inPieces(feeds, options)
      : await this.#whole(feeds, options);
    return {
      ...Object.fromEntries(branches.map((branch, i) => [branch, answers[i]])),
      reused: [],
    };
  }

  recall(): Promise<void> {
    return Promise.resolve(); // there is nothing to be used again
  }

  async #inPieces(
    feeds: readonly Feeds[],
    options: PredictOptions,
  ): Promise<Tensor[]> {
    const pieces = buildTransformerBlocks(
      this.options.component,
      this.graphOptions(),
    );
    const made = await runBlocks(this.runtime, pieces, {
      ...options,
      feeds,
      name: NAME,
    });
    return made.map(({ prediction }) => prediction!);
  }

  async #whole(
    feeds: readonly Feeds[],
    { signal, onProgress }: PredictOptions,
  ): Promise<Tensor[]> {
    const session = await (this.#session ??= this.runtime.open(
      buildTransformer(this.options.component, this.graphOptions()),
      { name: NAME, signal },
    ));
    const answers: Tensor[] = [];
    for (const feed of feeds) {
      const { prediction } = await session.run(feed, { signal });
      answers.push(prediction!);
      onProgress?.(answers.length, feeds.length);
    }
    return answers;
  }
}

/** What the blocks added last time is added again where the cache says so. */
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
        ...(execution === "monolithic" && { blocksPerPiece: numLayers }),
      }),
      { name: NAME, keepOpen: execution === "monolithic" },
    );
  }

  async ask(
    question: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions> {
    const answers: Partial<Record<Branch, Tensor>> = {};
    const reused: Branch[] = [];
    for (const branch of question.branches) {
      answers[branch] = await this.#network.run(
        this.feeds(question, branch),
        {
          ...options,
          branch,
          mayReuse: (embedding) => {
            const reuse = this.#cache.mayReuse(
              question.step,
              branch,
              embedding,
            );
            if (reuse) reused.push(branch);
            return reuse;
          },
        },
      );
    }
    return { ...answers, reused };
  }

  async recall(
    question: PredictionRequest,
    options: PredictOptions,
  ): Promise<void> {
    for (const branch of question.branches) {
      await this.#network.run(this.feeds(question, branch), {
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
