/**
 * The transformer with streamed blocks: all passes of a step go through each
 * block while its weights are there, and with a step cache only those that must
 * be computed.
 *
 * @module
 */

import {
  openStreamedNetwork,
  type StreamedNetwork,
} from "../../onnx/runtime/streamed_network.ts";
import type { Branch, TimeTensor } from "../../sampling/step_cache.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { Placement, StreamedExecution } from "../network_run.ts";
import { type Lane, LaneBase, NAME, type PredictorOptions } from "./_lane.ts";
import type {
  PredictionRequest,
  Predictions,
  PredictOptions,
} from "./prediction.ts";
import { buildTransformerBlocks } from "./transformer.ts";

/** Computes predictions with streamed weights. */
export class StreamedLane extends LaneBase implements Lane {
  readonly #execution: StreamedExecution;
  #network: Promise<StreamedNetwork> | undefined;
  /**
   * The blocks' residual in the last pass that ran them, by branch. It is in the
   * host's memory: the device has none to spare.
   */
  readonly #added = new Map<Branch, Tensor>();

  constructor(
    placement: Placement,
    options: PredictorOptions,
    execution: StreamedExecution,
  ) {
    super(placement, options);
    this.#execution = execution;
  }

  async predict(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<Predictions> {
    const { cache } = this.options;
    const started = performance.now();
    const predictions = await this.#run(request, {
      ...options,
      mayReuse: (branch, time) =>
        cache?.mayReuse(request.step, branch, time[cache.compares].data) ??
          false,
    });
    if (cache) report(request, predictions, { ...options, started });
    return predictions;
  }

  async recall(
    request: PredictionRequest,
    options: PredictOptions,
  ): Promise<void> {
    if (this.options.cache === undefined) return;
    await this.#run(request, { ...options, mayReuse: () => false });
  }

  override async close(): Promise<void> {
    this.#added.clear();
    await (await this.#network?.catch(() => undefined))?.close();
    await super.close();
  }

  async #run(
    request: PredictionRequest,
    { signal, onProgress, mayReuse }: PredictOptions & {
      mayReuse: (
        branch: Branch,
        time: Readonly<Record<TimeTensor, Tensor>>,
      ) => boolean;
    },
  ): Promise<Predictions> {
    const network = await this.#open(signal);
    const feeds = request.branches.map((branch) => this.feeds(request, branch));
    const entered = await network.enter(feeds, { signal });
    const passes = request.branches.map((branch, i) => {
      const { y, e, e0, context } = entered[i]! as Record<
        "y" | "e" | "e0" | "context",
        Tensor
      >;
      const known = this.#added.get(branch);
      const reused = mayReuse(branch, { e, e0 }) ? known : undefined;
      return { branch, x: y, e, e0, context, reused };
    });
    const computed = passes.filter(({ reused }) => !reused);
    const swept = computed.length === 0 ? [] : await network.sweep(
      computed.map(({ x, e0, context }) => ({ x, e0, context })),
      {
        signal,
        again: true,
        // Of the passes of the step, those that reuse a result are done.
        onProgress: (done, total) => onProgress?.(1 + done, total + 2),
      },
    );
    const ends = passes.map((pass) =>
      pass.reused
        ? combine(pass.x, pass.reused, 1)
        : swept[computed.indexOf(pass)]!
    );
    if (this.options.cache) {
      for (const [i, { branch, x }] of computed.entries()) {
        this.#added.set(branch, combine(swept[i]!, x, -1));
      }
    }
    const left = await network.leave(
      passes.map(({ e }, i) => ({ x: ends[i]!, e })),
      { signal },
    );
    onProgress?.(1, 1);
    return {
      ...Object.fromEntries(
        passes.map(({ branch }, i) => [branch, left[i]!["prediction"]]),
      ),
      reused: passes.flatMap(({ branch, reused }) => reused ? [branch] : []),
    };
  }

  async #open(signal: AbortSignal | undefined): Promise<StreamedNetwork> {
    const { component } = this.options;
    const { resident, passes = 1 } = this.#execution;
    const opening = this.#network ??= openStreamedNetwork(
      this.runtime,
      buildTransformerBlocks(component, {
        ...this.graphOptions(),
        streamed: true,
      }),
      { name: NAME, resident, branches: passes, signal },
    );
    try {
      return await opening;
    } catch (error) {
      if (this.#network === opening) this.#network = undefined;
      throw error;
    }
  }
}

/**
 * Reports the passes of a step, which go through the blocks together: those that
 * ran the blocks share the time.
 */
function report(
  { branches }: PredictionRequest,
  { reused }: Predictions,
  { onPass, started }: PredictOptions & { readonly started: number },
): void {
  const seconds = (performance.now() - started) / 1000;
  const computed = branches.length - reused.length;
  for (const branch of branches) {
    const isReused = reused.includes(branch);
    onPass?.({
      isReused,
      seconds: isReused && computed > 0
        ? 0
        : seconds / (computed || branches.length),
    });
  }
}

/** `a + sign * b` in float32. */
function combine(a: Tensor, b: Tensor, sign: 1 | -1): Tensor {
  const data = new Float32Array(a.data.length);
  for (let i = 0; i < data.length; i++) {
    data[i] = a.data[i]! + sign * b.data[i]!;
  }
  return { dims: a.dims, data };
}
