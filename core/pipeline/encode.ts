/**
 * Words, image and tracks as what the transformer is told: the three encoders,
 * one after the other, and the motion patch.
 *
 * @module
 */

import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import { patchMotion } from "../control/ati/motion_patch.ts";
import type { VaeRunOptions } from "../wan/vae/run_vae.ts";
import type { Tensor } from "../base/tensor.ts";
import { processTracks } from "../tracks/resample.ts";
import {
  type EmbeddingCache,
  embedImage,
  embedTexts,
  encodeFirstFrame,
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

/** Runs the encoders and puts the tracks into the image's latent. */
export async function encodeConditions(
  job: GenerationInputs,
  options: EncodeOptions,
): Promise<Conditions> {
  const { checkpoint, placements, cache, vae, size, emit } = options;
  const encoder = (stage: StageName, placement: Placement) => ({
    checkpoint,
    placement,
    cache,
    stage: options.stage(stage),
    onOpen: () => options.clock.start(stage, describePlacement(placement)),
  });
  const texts = options.texts.flatMap((ids) => ids ? [ids] : []);
  const [text, negative] = await embedTexts(
    texts,
    encoder("text-encoder", placements.t5),
  );
  const image = await embedImage(
    job.image,
    encoder("image-encoder", placements.clip),
  );
  emit({ type: "encoded", text: text!, negative, image, cached: cache.hits });
  const latent = await encodeFirstFrame(job.image, size, {
    ...encoder("vae-encode", placements.vae),
    vae,
  });
  const tracks = firstFrames(
    processTracks(job.tracks, job.image),
    size.frameCount,
  );
  const condition = patchMotion(tracks, latent);
  emit({ type: "conditioned", tracks, latent, condition });
  return {
    condition,
    promptEmbeds: text!,
    negativeEmbeds: negative,
    imageEmbeds: image,
  };
}

/** The first frames of `[81, tracks, 4]`. */
function firstFrames(tracks: Tensor, frames: number): Tensor {
  const [, count = 0, parts = 0] = tracks.dims;
  return {
    dims: [frames, count, parts],
    data: tracks.data.subarray(0, frames * count * parts),
  };
}
