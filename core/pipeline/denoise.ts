/**
 * The denoising loop: from noise to a clean latent.
 *
 * @module
 */

import { applyGuidance, needsNegative } from "../sampling/guidance.ts";
import type { GuidanceOptions } from "../sampling/guidance.ts";
import type { Sampler } from "../sampling/flow_sampler.ts";
import type { Branch } from "../sampling/step_cache.ts";
import type { RgbImage } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";
import type { PipelineListener } from "./events.ts";
import { latentPreview } from "../wan/frames/latent_preview.ts";
import type {
  Conditions,
  PassTime,
  Predictor,
} from "../wan/transformer/prediction.ts";
import type { LastAsked } from "./saved_run.ts";

/** The inputs of the denoising loop, and its initial state. */
export interface Denoising {
  /** The transformer. */
  readonly predictor: Predictor;
  /** The solver, at the first step to run. */
  readonly sampler: Sampler;
  /** How the two predictions are combined. */
  readonly guidance: GuidanceOptions;
  /** The transformer's inputs, for each step. */
  readonly conditionsAt: (step: number) => Conditions;
  /** Maps a step's latent to the input of the next one; identity by default. */
  readonly afterStep?: (latent: Tensor, step: number) => Tensor;
  /** The latent of the sampler's next step. */
  readonly latent: Tensor;
  /** Whether predictions are reused, so that the requests they came from are saved. */
  readonly remember: boolean;
  /** The last requests of a resumed run; empty at the start. */
  readonly lastAsked: ReadonlyMap<Branch, LastAsked>;
  /** The passes of a resumed run so far. */
  readonly passes: { done: number; skipped: number };
}

/** Options of the denoising loop. */
export interface DenoiseOptions {
  /** Aborts at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every step. */
  readonly emit: PipelineListener;
  /** Emits a preview every so many steps; 0 for none. */
  readonly previewEvery: number;
  /** The preview of a clean latent; a linear one by default. */
  readonly preview?: (clean: Tensor) => Promise<RgbImage>;
  /** Called between two steps with everything that is needed to resume. */
  readonly save: (
    state: {
      latent: Tensor;
      lastAsked: ReadonlyMap<Branch, LastAsked>;
      passes: number;
      skippedPasses: number;
    },
  ) => Promise<void>;
}

/** The clean latent, the number of passes, and how long those since the start took. */
export async function denoise(
  { predictor, sampler, guidance, conditionsAt, ...start }: Denoising,
  options: DenoiseOptions,
): Promise<{
  latent: Tensor;
  passes: number;
  skippedPasses: number;
  passTimes: readonly PassTime[];
}> {
  const { signal, emit, previewEvery, save } = options;
  const { timesteps, sigmas } = sampler.schedule;
  const total = timesteps.length;
  const lastAsked = new Map(start.lastAsked);
  const passes = { ...start.passes };
  const passTimes: PassTime[] = [];
  let latent = start.latent;

  for (const [branch, request] of lastAsked) {
    await predictor.recall(
      {
        ...request,
        conditions: conditionsAt(request.step),
        branches: [branch],
      },
      { signal },
    );
  }
  const began = performance.now();
  const first = sampler.step;
  for (let step = first; step < total; step++) {
    signal?.throwIfAborted();
    const started = performance.now();
    const guided = needsNegative(step, guidance);
    const branches: Branch[] = guided
      ? ["conditional", "unconditional"]
      : ["conditional"];
    if (!guided && guidance.scale !== 1) passes.skipped++;
    const request = { step, timestep: timesteps[step]!, latent };
    const { conditional, unconditional, reused } = await predictor.predict(
      { ...request, conditions: conditionsAt(step), branches },
      {
        signal,
        onProgress: (done, parts) =>
          emit({
            type: "progress",
            stage: "sampling",
            done: step + done / parts,
            total,
          }),
        onPass: (pass) => passTimes.push(pass),
      },
    );
    passes.done += branches.length - reused.length;
    if (start.remember) {
      for (const branch of branches) {
        if (!reused.includes(branch)) lastAsked.set(branch, request);
      }
    }
    emit({
      type: "predicted",
      step,
      conditional: conditional!,
      unconditional,
    });
    const prediction = unconditional
      ? applyGuidance(conditional!, unconditional, guidance)
      : conditional!;
    const noisy = latent;
    latent = sampler.advance(prediction, latent);
    latent = start.afterStep?.(latent, step) ?? latent;
    const done = step + 1;
    const pace = (performance.now() - began) / (done - first);
    emit({
      type: "step",
      step: done,
      total,
      latent,
      seconds: (performance.now() - started) / 1000,
      secondsLeft: pace * (total - done) / 1000,
    });
    if (previewEvery > 0 && done % previewEvery === 0 && done < total) {
      const sigma = sigmas[step]!;
      const clean = noisy.data.map((x, i) => x - sigma * prediction.data[i]!);
      const preview = options.preview ?? latentPreview;
      const image = await preview({ dims: latent.dims, data: clean });
      emit({ type: "preview", step: done, image });
    }
    await save({
      latent,
      lastAsked,
      passes: passes.done,
      skippedPasses: passes.skipped,
    });
  }
  return {
    latent,
    passes: passes.done,
    skippedPasses: passes.skipped,
    passTimes,
  };
}
