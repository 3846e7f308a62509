/**
 * Options for opening a pipeline, and for a generation.
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

/** Options for opening a pipeline. */
export interface PipelineOptions {
  /** The checkpoint folder, or an opened checkpoint. */
  readonly checkpoint: string | AtiCheckpoint;
  /**
   * `auto`, `cpu`, `webgpu`, `cuda`, `cuda:1`, or a device that was already
   * probed. With a second device the passes with and without the negative prompt
   * run in parallel.
   */
  readonly devices?: readonly [
    string | ProbedDevice,
    (string | ProbedDevice)?,
  ];
  /**
   * The dtype of the transformer, or of each network; by default the reference's
   * if the device supports it. See `PRECISIONS` for the dtypes of each network.
   */
  readonly dtype?: ComputeDtype | NetworkDtypes;
  /**
   * The most memory to use on each device, in bytes; by default what a CUDA
   * device has free, with a margin. Each network is run as one graph where that
   * fits, else with a part of its weights on the device and the others streamed;
   * see `AtiPipeline.memoryPlan`. On the CPU and WebGPU nothing is limited unless
   * it is given.
   */
  readonly vram?: number;
  /** Whether the text encoder runs on the CPU: saves 11 GB of GPU memory. */
  readonly textEncoderOnCpu?: boolean;
  /**
   * Whether to unload the transformer after each video; true by default.
   * Otherwise the next video of the same size starts without loading it, but it
   * occupies its memory meanwhile.
   */
  readonly offloadModel?: boolean;
  /** The number of CPU threads; one per core by default. */
  readonly threads?: number;
  /** A folder that caches embeddings of prompts and images; none by default. */
  readonly cacheDir?: string;
  /** LoRAs for the transformer; any number can be combined. */
  readonly loras?: readonly LoraChoice[];
  /**
   * The transformer's execution; by default `blockwise` on the CPU, and on a GPU
   * what fits into its memory.
   */
  readonly execution?: NetworkRunOptions["execution"];
  /** The VAE's tiling, and its number of latent frames per run. */
  readonly vae?: Pick<VaeRunOptions, "tiles" | "latentFramesPerRun">;
  /** Aborts the opening. */
  readonly signal?: AbortSignal;
}

/** A LoRA file and its strength. */
export interface LoraChoice {
  /** The safetensors file. */
  readonly file: string;
  /** 1, the default, as trained; 0 has no effect. */
  readonly strength?: number;
}

/** Options of one generation. */
export interface GenerateOptions {
  /** Size, length, sampler and so on; the reference's by default. */
  readonly settings?: GenerationSettings;
  /** Aborts the generation at once, in every stage. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every event. */
  readonly onEvent?: PipelineListener;
  /**
   * Where the state is saved every so many steps. If the file already exists
   * and belongs to the same run, that run is resumed.
   */
  readonly resume?: { readonly path: string; readonly every: number };
  /** Emits a preview every so many steps; none by default. */
  readonly previewEvery?: number;
}
