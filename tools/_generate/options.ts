/**
 * What a command line of `generate.ts` comes to.
 *
 * @module
 */

import type { ComponentPaths } from "../../core/checkpoint/checkpoint.ts";
import type { ControlValues } from "../../core/control/control_values.ts";
import type { Steering } from "../../core/control/resolve_control.ts";
import type { GenerationSettings } from "../../core/pipeline/generation.ts";
import type { Seed } from "../../core/base/seed.ts";
import type { AskedReading } from "../shared/track_reading.ts";
import type { LoraChoice } from "../../core/pipeline/pipeline_options.ts";
import type {
  ComputeDtype,
  NetworkDtypes,
} from "../../core/pipeline/placement.ts";

/** What `generate.ts` is to do. */
export interface GenerateOptions {
  /** A job file, or one item given by flags. */
  readonly input:
    | { readonly kind: "jobs"; readonly path: string }
    | { readonly kind: "recipe"; readonly path: string }
    | { readonly kind: "watch"; readonly path: string }
    | {
      readonly kind: "item";
      readonly image: string;
      readonly track: string;
      /** The prompt; that of the motion signal's folder where absent. */
      readonly text?: string;
      /** How it is steered, where a recipe says it. */
      readonly steering?: Steering;
      /** The prompts of the segments after the first, where a recipe says it. */
      readonly nextTexts?: readonly string[];
      /** Whether the recipe's video is one segment. */
      readonly inOneSegment?: true;
    };
  /** How motion enters the model where a job does not say it. */
  readonly control: ControlValues;
  /** Which engine works. */
  readonly engine: "preview" | "model";
  /** How the track files are read. */
  readonly trackReading: AskedReading;
  /** The folder that gets the three folders; undefined: only the videos. */
  readonly out: string | undefined;
  /** Names of the videos, if not `<out>/outputs/%03d.mp4`. */
  readonly saveFile: string | undefined;
  /** About how many px a frame has. */
  readonly maxArea: number;
  /** Frames of a video, 4n + 1. */
  readonly frameCount: number;
  /** Frames that two segments of a long video share; undefined: none. */
  readonly overlap: number | undefined;
  /** Quality of the videos, 0 to 51. */
  readonly crf: number;
  /** The negative prompt for entries that have none. */
  readonly negativePrompt: string | undefined;
  /** The seed for entries that have none. */
  readonly seed: Seed | undefined;
  /** Whether finished outputs are made again. */
  readonly overwrite: boolean;
  /** Which part of the items is done here, `[1, 1]` for all. */
  readonly shard: readonly [part: number, of: number];
  /** How often an item is tried again after an error that may pass. */
  readonly retries: number;
  /** Seconds between two heartbeat lines; 0 for none. */
  readonly heartbeat: number;
  /** What is printed. */
  readonly print: "people" | "json" | "json-progress" | "nothing";
  /** Whether people are told more. */
  readonly verbose: boolean;
  /** What concerns the model alone. */
  readonly model: ModelOptions;
  /** Flags that were given and change nothing, as text. */
  readonly notes: readonly string[];
}

/** What concerns the model alone. */
export interface ModelOptions {
  /** The folder of the checkpoint. */
  readonly checkpoint: string | undefined;
  /** Files to take instead of those in the folder. */
  readonly parts: ComponentPaths;
  readonly gpus: number | undefined;
  readonly device: "auto" | "cuda" | "webgpu" | "cpu";
  /** The folder of the CUDA provider, if not the package's. */
  readonly cudaProvider: string | undefined;
  /** The transformer's precision, or those of single networks. */
  readonly dtype: ComputeDtype | NetworkDtypes | undefined;
  /**
   * How videos are sampled; checked. How each is steered is its item's, and
   * so are defaults that depend on it.
   */
  readonly settings: GenerationSettings;
  readonly offloadModel: boolean | undefined;
  readonly t5Cpu: boolean;
  /** The most memory to use on each device, in bytes; undefined: what is free. */
  readonly vram: number | undefined;
  /** How the transformer is run; undefined: what fits. */
  readonly execution: "monolithic" | "blockwise" | "streamed" | undefined;
  /** Threads on the CPU. */
  readonly threads: number | undefined;
  /** Steps between two writings of the state. */
  readonly resumeEvery: number;
  /** Steps between two preview images; 0 for none. */
  readonly previewEvery: number;
  /** The folder that keeps features of texts and images. */
  readonly cacheDir: string | undefined;
  /** LoRAs and how strongly they act. */
  readonly loras: readonly LoraChoice[];
  /** Side of the VAE's tiles in px; undefined for whole images. */
  readonly tile: number | undefined;
  /** A folder with ids and noise as .npy files. */
  readonly inject: string | undefined;
  /** Whether the last latent is kept. */
  readonly keepLatent: boolean;
  /** How prompts are extended, if they are. */
  readonly extend:
    | {
      readonly model: string | undefined;
      readonly language: "zh" | "en";
    }
    | undefined;
}
