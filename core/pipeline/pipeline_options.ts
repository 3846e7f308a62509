/**
 * How a pipeline is opened, and how it generates.
 *
 * @module
 */

import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import type { ProbedDevice } from "../onnx/runtime/devices.ts";
import type { NetworkRunOptions } from "../wan/network_run.ts";
import type { VaeRunOptions } from "../wan/vae/run_vae.ts";
import type { PipelineListener } from "./events.ts";
import type { GenerationSettings } from "./generation.ts";
import type { ComputeDtype, NetworkDtypes } from "./placement.ts";

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
    string | ProbedDevice,
    (string | ProbedDevice)?,
  ];
  /**
   * The transformer's arithmetic, or that of single networks; the reference's
   * where the device has it. See `PRECISIONS` for what each network can have.
   */
  readonly dtype?: ComputeDtype | NetworkDtypes;
  /** Whether the text encoder runs on the CPU: saves 11 GB of GPU memory. */
  readonly textEncoderOnCpu?: boolean;
  /**
   * Whether the transformer is unloaded after each video; true by default.
   * Keeping it saves the loading before the next video of the same size, and
   * occupies its memory meanwhile.
   */
  readonly offloadModel?: boolean;
  /** Threads on the CPU; one per core by default. */
  readonly threads?: number;
  /** A folder that keeps features of texts and images; none by default. */
  readonly cacheDir?: string;
  /** LoRAs for the transformer; any number act together. */
  readonly loras?: readonly LoraChoice[];
  /** How the transformer is run; `monolithic` on GPUs, `blockwise` on the CPU. */
  readonly execution?: NetworkRunOptions["execution"];
  /** How the video autoencoder is run: in tiles, or so many frames at a time. */
  readonly vae?: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
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
  /** Called for every event. */
  readonly onEvent?: PipelineListener;
  /**
   * Where the run is written every so many steps. If the file is there
   * already, of the same run, it continues where that one was interrupted.
   */
  readonly resume?: { readonly path: string; readonly every: number };
  /** A preview event after every so many steps; none by default. */
  readonly previewEvery?: number;
}
