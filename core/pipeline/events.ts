/**
 * What a pipeline tells while it works.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Tensor } from "../base/tensor.ts";

/** The stages of a generation, in their order. */
export const STAGES = [
  "text-encoder",
  "image-encoder",
  "vae-encode",
  "sampling",
  "vae-decode",
] as const;

/** One stage: which network works. */
export type StageName = typeof STAGES[number];

/**
 * One thing that happened. Tensors are the pipeline's own: read them, or copy
 * them, while the listener runs.
 */
export type PipelineEvent =
  /** A network is opened on a device. */
  | {
    readonly type: "stage";
    readonly stage: StageName;
    readonly device: string;
  }
  /** Parts of a stage that are done. */
  | {
    readonly type: "progress";
    readonly stage: StageName;
    readonly done: number;
    readonly total: number;
  }
  /** Words and image have become features. */
  | {
    readonly type: "encoded";
    /** `[tokens, dim]` of the prompt. */
    readonly text: Tensor;
    /** The same of the negative prompt; absent where it is never asked. */
    readonly negative: Tensor | undefined;
    /** `[257, dim]` of the image. */
    readonly image: Tensor;
    /** How many of them came from the cache on disk. */
    readonly cached: number;
  }
  /** Image and tracks have become the model's condition. */
  | {
    readonly type: "conditioned";
    /** `[16, frames, height, width]` in latent cells, before the motion is written. */
    readonly latent: Tensor;
    /** `[20, frames, height, width]`: the mask, and the latent with the motion. */
    readonly condition: Tensor;
  }
  /** A run that was interrupted continues; `step` steps are done. */
  | {
    readonly type: "resumed";
    readonly step: number;
    /** The latent after it, `[16, frames, height, width]`. */
    readonly latent: Tensor;
  }
  /** The model has answered. */
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
    /** Steps done, the first being 1. */
    readonly step: number;
    readonly total: number;
    /** The latent after it, `[16, frames, height, width]`. */
    readonly latent: Tensor;
    /** How long it took. */
    readonly seconds: number;
    /** How long those that are left will take at the pace so far. */
    readonly secondsLeft: number;
  }
  /** A rough image of the video so far. */
  | {
    readonly type: "preview";
    readonly step: number;
    readonly image: RgbImage;
  }
  /** Something that a person should know; the work continues. */
  | { readonly type: "note"; readonly message: string }
  /** The video is done. */
  | ({ readonly type: "report" } & GenerationReport);

/** What a generation took. */
export interface GenerationReport {
  /** Seconds by stage; a stage that was not needed is absent. */
  readonly seconds: Readonly<Partial<Record<StageName, number>>>;
  /** Passes through the transformer. */
  readonly passes: number;
  /** Passes saved by the step cache. */
  readonly reusedPasses: number;
  /** Passes saved by skipping the negative prompt where guidance is above 1. */
  readonly skippedPasses: number;
  /** The most memory this process held, in bytes. */
  readonly peakHostBytes: number;
  /**
   * The most memory in use on the GPU, of all programs, in bytes; absent where
   * it cannot be known (see `watchMemory`).
   */
  readonly peakDeviceBytes?: number;
}

/** Hears what happens. */
export type PipelineListener = (event: PipelineEvent) => void;
