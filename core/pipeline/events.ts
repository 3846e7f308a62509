/**
 * The events of a generation.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";

/** The stages of a generation, in order. */
export const STAGES = [
  "text-encoder",
  "image-encoder",
  "vae-encode",
  "sampling",
  "vae-decode",
] as const;

/** The name of a stage. */
export type StageName = typeof STAGES[number];

/**
 * One event. Tensors belong to the pipeline: read or copy them before the
 * listener returns.
 */
export type PipelineEvent =
  /** A network is opened on a device. */
  | {
    readonly type: "stage";
    readonly stage: StageName;
    readonly device: string;
  }
  /** Finished parts of a stage. */
  | {
    readonly type: "progress";
    readonly stage: StageName;
    readonly done: number;
    readonly total: number;
  }
  /** Prompt and image are encoded. */
  | {
    readonly type: "encoded";
    /** Embeddings of the prompt, `[tokens, dim]`. */
    readonly text: Tensor;
    /** Embeddings of the negative prompt; absent if it is not used. */
    readonly negative: Tensor | undefined;
    /** Embeddings of the image, `[257, dim]`. */
    readonly image: Tensor;
    /** The number of embeddings that came from the cache on disk. */
    readonly cached: number;
  }
  /** The condition is written. */
  | {
    readonly type: "conditioned";
    /** The encoded first frame, `[16, frames, height, width]`, before the motion is added. */
    readonly latent: Tensor;
    /** The mask, and the latent with the motion, `[20, frames, height, width]`. */
    readonly condition: Tensor;
  }
  /** An interrupted run is resumed; `step` steps are done. */
  | {
    readonly type: "resumed";
    readonly step: number;
    /** The latent after these steps, `[16, frames, height, width]`. */
    readonly latent: Tensor;
  }
  /** The transformer has predicted. */
  | {
    readonly type: "predicted";
    /** The step, 0 first. */
    readonly step: number;
    /** With the prompt, `[16, frames, height, width]`. */
    readonly conditional: Tensor;
    /** With the negative prompt, unless it was skipped. */
    readonly unconditional: Tensor | undefined;
  }
  /** A step is done. */
  | {
    readonly type: "step";
    /** The number of finished steps, from 1. */
    readonly step: number;
    readonly total: number;
    /** The latent after the step, `[16, frames, height, width]`. */
    readonly latent: Tensor;
    /** The duration of the step in seconds. */
    readonly seconds: number;
    /** The estimated duration of the remaining steps in seconds. */
    readonly secondsLeft: number;
  }
  /** A rough image of the current state of the video. */
  | {
    readonly type: "preview";
    readonly step: number;
    readonly image: RgbImage;
  }
  /** A remark for the user; the generation continues. */
  | { readonly type: "note"; readonly message: string }
  /** The video is done. */
  | ({ readonly type: "report" } & GenerationReport);

/** Time, passes and memory of a generation. */
export interface GenerationReport {
  /** Seconds by stage; a stage that was skipped is absent. */
  readonly seconds: Readonly<Partial<Record<StageName, number>>>;
  /** The number of transformer passes. */
  readonly passes: number;
  /** The number of passes saved by the step cache. */
  readonly reusedPasses: number;
  /**
   * The estimated seconds that those passes would have taken, of all devices
   * together; absent without a step cache.
   */
  readonly savedSeconds?: number;
  /** The number of passes saved by skipping the negative prompt at a guidance scale above 1. */
  readonly skippedPasses: number;
  /** The peak memory of this process, in bytes. */
  readonly peakHostBytes: number;
  /**
   * The peak GPU memory of all programs, in bytes; absent if unknown (see
   * `watchMemory`).
   */
  readonly peakDeviceBytes?: number;
}

/** Called for every event. */
export type PipelineListener = (event: PipelineEvent) => void;
