/**
 * How a pipeline is opened, and how it generates.
 *
 * @module
 */

import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import type { WorkingDevice } from "../onnx/runtime/devices.ts";
import type { NetworkStageOptions } from "../wan/network_run.ts";
import type { VaeStageOptions } from "../wan/vae/run_vae.ts";
import type { PipelineListener } from "./events.ts";
import type { GenerationSettings } from "./generation.ts";
import type { PartPrecisions, Precision } from "./placement.ts";

/** Where a pipeline finds its networks, and where they run. */
export interface PipelineOptions {
  /** The checkpoint's folder, or one that is opened already. */
  readonly checkpoint: string | AtiCheckpoint;
  /**
   * `auto`, `cpu`, `webgpu`, `cuda`, `cuda:1`, or a device that was tried
   * already. With a second device the passes with and without the negative
   * prompt run side by side.
   */
  readonly devices?: readonly [
    string | WorkingDevice,
    (string | WorkingDevice)?,
  ];
  /**
   * The transformer's arithmetic, or that of single networks; the reference's
   * where the device has it. See `PRECISIONS` for what each network can have.
   */
  readonly precision?: Precision | PartPrecisions;
  /** Whether the text encoder runs on the CPU: saves 11 GB of GPU memory. */
  readonly textOnCpu?: boolean;
  /**
   * Whether the transformer stays open between two videos of one size. It
   * saves the loading, and needs its memory meanwhile. Off by default.
   */
  readonly keepLoaded?: boolean;
  /** Threads on the CPU; one per core by default. */
  readonly threads?: number;
  /** A folder that keeps features of texts and images; none by default. */
  readonly cacheFolder?: string;
  /** LoRAs for the transformer; any number act together. */
  readonly loras?: readonly LoraChoice[];
  /** How the transformer is run; `whole` on GPUs, `pieces` on the CPU. */
  readonly form?: NetworkStageOptions["form"];
  /** How the video autoencoder is run: in tiles, or so many frames at a time. */
  readonly film?: Pick<VaeStageOptions, "tiles" | "latentsPerRun">;
  /** Ends the opening. */
  readonly signal?: AbortSignal;
}

/** A LoRA file and how strongly it acts. */
export interface LoraChoice {
  /** The safetensors file. */
  readonly file: string;
  /** 1 as it was trained, the default; 0 nothing. */
  readonly strength?: number;
}

/** How one video is generated. */
export interface GenerateOptions {
  /** Size, length, sampler and so on; the reference's defaults. */
  readonly settings?: GenerationSettings;
  /** Ends the generation at once, in every stage. */
  readonly signal?: AbortSignal | undefined;
  /** Told of everything that happens. */
  readonly onEvent?: PipelineListener;
  /**
   * Where the run is written every so many steps. If the file is there
   * already, of the same run, it goes on where that one was broken off.
   */
  readonly resume?: { readonly path: string; readonly every: number };
  /** A preview event after every so many steps; none by default. */
  readonly previewEvery?: number;
}
