/**
 * A generation's sampling: from the noise, or from where it was saved, to the
 * clean latent.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";
import { followSignal } from "../control/time_to_move/dual_clock.ts";
import type { MotionControl } from "../control/motion_control.ts";
import type { Sampler } from "../sampling/flow_sampler.ts";
import type { PassCache } from "../sampling/step_cache.ts";
import type { Predictor } from "../wan/transformer/prediction.ts";
import { denoise } from "./denoise.ts";
import { conditionsOfStep, type EncodedInputs } from "./encode.ts";
import type { PipelineListener } from "./events.ts";
import {
  type CompleteSettings,
  type GenerationInputs,
  guidanceOptions,
} from "./generation.ts";
import type { RunState } from "./saved_run.ts";
import { keptNoise } from "./start.ts";
import type { StateFile } from "./_state_file.ts";

/** What a generation is sampled with. */
export interface Sampling {
  readonly settings: CompleteSettings;
  readonly control: MotionControl;
  readonly sampler: Sampler;
  readonly cache: PassCache | undefined;
  readonly encoded: EncodedInputs;
  /** The initial latent. */
  readonly noise: Tensor;
  /** Where the run goes on, and where it is saved. */
  readonly saved: RunState | undefined;
  readonly state: StateFile | undefined;
  /** Opens the transformer for a latent's frames, height, and width. */
  readonly open: (
    latent: readonly [frames: number, height: number, width: number],
  ) => Promise<AsyncDisposable & { readonly predictor: Predictor }>;
  /** The preview of a clean latent; a linear one by default. */
  readonly preview?: (clean: Tensor) => Promise<RgbImage>;
  readonly previewEvery: number;
  readonly signal: AbortSignal;
  readonly emit: PipelineListener;
}

/** The clean latent, and what it took. */
export type SampledLatent = Awaited<ReturnType<typeof denoise>>;

/** Takes the noise, or what was saved, to the clean latent. */
export async function sampleLatent(
  job: GenerationInputs,
  run: Sampling,
): Promise<SampledLatent> {
  const { settings, noise, encoded, saved, sampler, cache, preview } = run;
  const steps = sampler.schedule.timesteps.length;
  const follow = settings.timeToMove && encoded.signal &&
    followSignal(settings.timeToMove, {
      reference: { ...encoded.signal, noise: keptNoise(job, noise) },
      sigmas: sampler.schedule.sigmas,
    });
  const latent = saved?.latent ?? follow?.start ?? noise;
  const { passes = 0, skippedPasses = 0 } = saved ?? {};
  if (sampler.step >= steps) {
    return { latent, passes, skippedPasses, passTimes: [] };
  }
  await using lease = await run.open(
    latent.dims.slice(1) as [number, number, number],
  );
  const { conditions, plainCondition, signal } = encoded;
  return await denoise({
    predictor: lease.predictor,
    sampler,
    guidance: guidanceOptions(settings),
    conditionsAt: (step) =>
      conditionsOfStep(encoded, run.control, { step, steps }),
    ...(follow && { afterStep: follow.afterStep }),
    latent,
    remember: cache !== undefined,
    lastAsked: saved?.lastAsked ?? new Map(),
    passes: { done: passes, skipped: skippedPasses },
  }, {
    signal: run.signal,
    emit: run.emit,
    previewEvery: run.previewEvery,
    ...(preview && { preview }),
    save: async (state) =>
      await run.state?.save({ ...state, conditions, plainCondition, signal }),
  });
}
