/**
 * Encodes prompt, image and tracks as the transformer's inputs: the three
 * encoders, one after the other, and the control method's condition.
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
  type PlannedPlacement,
} from "./embeddings.ts";
import type { PipelineListener, StageName } from "./events.ts";
import type { GenerationInputs } from "./generation.ts";
import { describePlacement } from "./placement.ts";
import type { Conditions } from "../wan/transformer/prediction.ts";
import type { StageClock } from "./stage_clock.ts";

/** The inputs of the encoders. */
export interface EncodeOptions {
  /** The checkpoint. */
  readonly checkpoint: AtiCheckpoint;
  /** The devices and types of the networks. */
  readonly placements: Readonly<
    Record<"t5" | "clip" | "vae", PlannedPlacement>
  >;
  /** The control method. */
  readonly control: MotionControl;
  /** Whether the condition without motion is needed as well. */
  readonly needsPlain: boolean;
  /** Whether the run follows the inputs' motion signal (Time-to-Move). */
  readonly followsSignal: boolean;
  /** The cache of embeddings. */
  readonly cache: EmbeddingCache;
  /** Options for running the VAE. */
  readonly vae: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  /** The video's size in px, and its number of frames. */
  readonly size: {
    readonly width: number;
    readonly height: number;
    readonly frameCount: number;
  };
  /** Token ids of the prompt and, if needed, of the negative prompt. */
  readonly texts: readonly [ArrayLike<number>, ArrayLike<number>?];
  /** Called with the results. */
  readonly emit: PipelineListener;
  /** Times the stages. */
  readonly clock: StageClock;
  /** Options common to all stages. */
  readonly stage: (stage: StageName) => SharedStageOptions;
}

/** Options common to all stages. */
export interface SharedStageOptions {
  /** Aborts the stage at once. */
  readonly signal: AbortSignal | undefined;
  /** Called with the number of finished parts of the stage. */
  readonly onProgress: (done: number, total: number) => void;
  /** The number of CPU threads. */
  readonly threads?: number;
}

/** Signal, progress and threads for a stage. */
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

/** The transformer's inputs besides the noise. */
export interface EncodedInputs {
  /** The embeddings, and the condition with the motion. */
  readonly conditions: Conditions;
  /** The condition without motion, if some pass gets it. */
  readonly plainCondition: Tensor | undefined;
  /** Latent and mask of Time-to-Move's signal, if used. */
  readonly signal: Pick<MotionReference, "latent" | "mask"> | undefined;
}

/** Runs the encoders and writes the condition. */
export async function encodeInputs(
  job: GenerationInputs,
  options: EncodeOptions,
): Promise<EncodedInputs> {
  const { checkpoint, placements, cache, vae, size, emit, control } = options;
  const encoder = (stage: StageName, placement: PlannedPlacement) => ({
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

/** The conditions of one step: with motion for the passes that get it. */
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
