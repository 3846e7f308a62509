/**
 * Words, image and tracks as what the transformer is told: the three encoders,
 * one after the other, and the motion patch.
 *
 * @module
 */

import type { MotionReference } from "../control/time_to_move/dual_clock.ts";
import {
  latentMask,
  maskPixels,
  type MotionSignal,
} from "../control/time_to_move/motion_signal.ts";
import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import {
  type MotionControl,
  plainCondition,
} from "../control/motion_control.ts";
import type { VaeRunOptions } from "../wan/vae/run_vae.ts";
import type { Tensor } from "../base/tensor.ts";
import {
  type EmbeddingCache,
  embedImage,
  embedTexts,
  encodeFirstFrame,
  encodeSignal,
} from "./embeddings.ts";
import type { PipelineListener, StageName } from "./events.ts";
import type { GenerationInputs } from "./generation.ts";
import { describePlacement } from "./placement.ts";
import type { Placement } from "../wan/network_run.ts";
import type { Conditions } from "../wan/transformer/prediction.ts";
import type { StageClock } from "./stage_clock.ts";

/** What the encoders work with. */
export interface EncodeOptions {
  /** The checkpoint. */
  readonly checkpoint: AtiCheckpoint;
  /** Where they run. */
  readonly placements: Readonly<
    Record<"t5" | "clip" | "vae", Placement>
  >;
  /** How motion enters the model. */
  readonly control: MotionControl;
  /** Whether the condition without motion is needed too. */
  readonly needsPlain: boolean;
  /** Whether the run follows the inputs' motion signal (Time-to-Move). */
  readonly followsSignal: boolean;
  /** What was encoded before. */
  readonly cache: EmbeddingCache;
  /** How the VAE is run. */
  readonly vae: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  /** The video's size in px, and its frames. */
  readonly size: {
    readonly width: number;
    readonly height: number;
    readonly frameCount: number;
  };
  /** Ids of the prompt and, if it is asked, of the negative one. */
  readonly texts: readonly [ArrayLike<number>, ArrayLike<number>?];
  /** Called with what comes out. */
  readonly emit: PipelineListener;
  /** Times the stages. */
  readonly clock: StageClock;
  /** What every stage is told alike. */
  readonly stage: (stage: StageName) => SharedStageOptions;
}

/** What every stage is told alike. */
export interface SharedStageOptions {
  /** Ends the stage at once. */
  readonly signal: AbortSignal | undefined;
  /** Called with how many of all parts of the stage's work are done. */
  readonly onProgress: (done: number, total: number) => void;
  /** Threads on the CPU. */
  readonly threads?: number;
}

/** Signal, progress and threads for the stage of a name. */
export function stageOptions(
  { emit, signal, threads }: {
    emit: PipelineListener;
    signal: AbortSignal | undefined;
    threads: number | undefined;
  },
): (stage: StageName) => SharedStageOptions {
  return (stage) => ({
    signal,
    onProgress: (done, total) => emit({ type: "progress", stage, done, total }),
    ...(threads !== undefined && { threads }),
  });
}

/** What a generation is conditioned on. */
export interface EncodedInputs {
  /** The prompts, the image, and the condition with the motion. */
  readonly conditions: Conditions;
  /** The condition without motion, where some pass gets it. */
  readonly plainCondition: Tensor | undefined;
  /** Latent and mask of Time-to-Move's signal, where it is used. */
  readonly signal: Pick<MotionReference, "latent" | "mask"> | undefined;
}

/** Runs the encoders and writes the condition. */
export async function encodeInputs(
  job: GenerationInputs,
  options: EncodeOptions,
): Promise<EncodedInputs> {
  const { checkpoint, placements, cache, vae, size, emit, control } = options;
  const encoder = (stage: StageName, placement: Placement) => ({
    checkpoint,
    placement,
    cache,
    stage: options.stage(stage),
    onOpen: () => options.clock.start(stage, describePlacement(placement)),
  });
  const texts = options.texts.flatMap((ids) => ids ? [ids] : []);
  const [promptEmbeds, negativeEmbeds] = await embedTexts(
    texts,
    encoder("text-encoder", placements.t5),
  );
  const imageEmbeds = await embedImage(
    job.image,
    encoder("image-encoder", placements.clip),
  );
  emit({
    type: "encoded",
    text: promptEmbeds!,
    negative: negativeEmbeds,
    image: imageEmbeds,
    cached: cache.hits,
  });
  const latent = await encodeFirstFrame(job.image, size, {
    ...encoder("vae-encode", placements.vae),
    vae,
  });
  const { motion, notes } = control.condition({
    tracks: job.tracks,
    image: job.image,
    video: size,
    latent,
  });
  for (const message of notes) emit({ type: "note", message });
  emit({ type: "conditioned", latent, condition: motion });
  return {
    conditions: {
      condition: motion,
      promptEmbeds: promptEmbeds!,
      negativeEmbeds,
      imageEmbeds,
    },
    plainCondition: options.needsPlain ? plainCondition(latent) : undefined,
    signal: options.followsSignal
      ? await encodeMotionSignal(job.motionSignal!, size, {
        ...encoder("vae-encode", placements.vae),
        vae,
      })
      : undefined,
  };
}

async function encodeMotionSignal(
  signal: MotionSignal,
  size: EncodeOptions["size"],
  options: Parameters<typeof encodeSignal>[2],
): Promise<Pick<MotionReference, "latent" | "mask">> {
  return {
    latent: await encodeSignal(signal, size, options),
    mask: latentMask((frame) => maskPixels(signal.masks[frame]!, size), {
      ...size,
      latentFrames: (size.frameCount - 1) / 4 + 1,
    }),
  };
}

/** Whether any pass of a run gets the condition without motion. */
export function needsPlainCondition(
  control: MotionControl,
  steps: number,
): boolean {
  for (let step = 0; step < steps; step++) {
    for (const branch of ["conditional", "unconditional"] as const) {
      if (!control.hasMotion({ step, steps, branch })) return true;
    }
  }
  return false;
}

/** The conditions of one step: with motion where the control method has it. */
export function conditionsOfStep(
  { conditions, plainCondition: plain }: EncodedInputs,
  control: MotionControl,
  { step, steps }: { readonly step: number; readonly steps: number },
): Conditions {
  if (plain === undefined) return conditions;
  const given = (branch: "conditional" | "unconditional") =>
    control.hasMotion({ step, steps, branch }) ? conditions.condition : plain;
  return {
    ...conditions,
    condition: given("conditional"),
    negativeCondition: given("unconditional"),
  };
}
