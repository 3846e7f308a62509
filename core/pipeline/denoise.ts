/**
 * The steps from noise to a clean latent.
 *
 * @module
 */

import { applyGuidance, needsNegative } from "../sampling/guidance.ts";
import type { GuidanceOptions } from "../sampling/guidance.ts";
import type { Sampler } from "../sampling/flow_sampler.ts";
import type { Branch } from "../sampling/step_cache.ts";
import type { Tensor } from "../base/tensor.ts";
import type { PipelineListener } from "./events.ts";
import { latentPreview } from "../wan/frames/latent_preview.ts";
import type { Conditions, Predictor } from "../wan/transformer/prediction.ts";
import type { LastAsked } from "./saved_run.ts";

/** What the steps work with, and where they begin. */
export interface Denoising {
  /** The transformer. */
  readonly predictor: Predictor;
  /** The solver, at the step to begin with. */
  readonly sampler: Sampler;
  /** How the two predictions are combined. */
  readonly guidance: GuidanceOptions;
  /** What the video is about, for each step. */
  readonly conditionsAt: (step: number) => Conditions;
  /** What a step's latent becomes before the next one; itself by default. */
  readonly afterStep?: (latent: Tensor, step: number) => Tensor;
  /** The latent of the sampler's next step. */
  readonly latent: Tensor;
  /** Whether answers are used again, so that what they were to is needed. */
  readonly remember: boolean;
  /** What a run that continues was told last; empty at the start. */
  readonly lastAsked: ReadonlyMap<Branch, LastAsked>;
  /** Passes of a run that continues. */
  readonly passes: { done: number; skipped: number };
}

/** How the steps are taken. */
export interface DenoiseOptions {
  /** Ends it at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called with every step. */
  readonly emit: PipelineListener;
  /** A preview after every so many steps; never where 0. */
  readonly previewEvery: number;
  /** Called between two steps with all that the next one needs. */
  readonly save: (
    state: {
      latent: Tensor;
      lastAsked: ReadonlyMap<Branch, LastAsked>;
      passes: number;
      skippedPasses: number;
    },
  ) => Promise<void>;
}

/** The clean latent, and how many passes it took. */
export async function denoise(
  { predictor, sampler, guidance, conditionsAt, ...start }: Denoising,
  options: DenoiseOptions,
): Promise<{ latent: Tensor; passes: number; skippedPasses: number }> {
  const { signal, emit, previewEvery, save } = options;
  const { timesteps, sigmas } = sampler.schedule;
  const total = timesteps.length;
  const lastAsked = new Map(start.lastAsked);
  const passes = { ...start.passes };
  let latent = start.latent;

  for (const [branch, asked] of lastAsked) {
    await predictor.recall(
      {
        ...asked,
        conditions: conditionsAt(asked.step),
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
    const asked = { step, timestep: timesteps[step]!, latent };
    const question = { ...asked, conditions: conditionsAt(step), branches };
    const { conditional, unconditional, reused } = await predictor.predict(
      question,
      {
        signal,
        onProgress: (done, parts) =>
          emit({
            type: "progress",
            stage: "sampling",
            done: step + done / parts,
            total,
          }),
      },
    );
    passes.done += branches.length - reused.length;
    if (start.remember) {
      for (const branch of branches) {
        if (!reused.includes(branch)) lastAsked.set(branch, asked);
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
      const image = latentPreview({ dims: latent.dims, data: clean });
      emit({ type: "preview", step: done, image });
    }
    await save({
      latent,
      lastAsked,
      passes: passes.done,
      skippedPasses: passes.skipped,
    });
  }
  return { latent, passes: passes.done, skippedPasses: passes.skipped };
}
