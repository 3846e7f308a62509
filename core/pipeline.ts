/**
 * The whole way from an image, words and tracks to a video: what WanATI.generate
 * of the reference does (image2video.py), each network loaded, run and released
 * before the next.
 *
 * @module
 */

import type { AtiCheckpoint } from "./checkpoint/components.ts";
import { openAtiCheckpoint } from "./checkpoint_files.ts";
import { type LatentSize, latentSize } from "./conditioning/latent_size.ts";
import { quote, withHint } from "./errors.ts";
import { readFileBytes, readFileText } from "./files.ts";
import { denoise } from "./pipeline/denoise.ts";
import { EmbeddingCache } from "./pipeline/embeddings.ts";
import { encodeConditions, stageOptions } from "./pipeline/encode.ts";
import type { GenerationReport, PipelineListener } from "./pipeline/events.ts";
import {
  fingerprint,
  fingerprintTensor,
  fingerprintWeights,
} from "./pipeline/fingerprint.ts";
import {
  type CompleteSettings,
  completeSettings,
  type GenerationJob,
  type GenerationSettings,
  guidanceOf,
} from "./pipeline/generation.ts";
import { type OpenedLoras, openLoras } from "./pipeline/lora_files.ts";
import { watchMemory } from "./pipeline/memory.ts";
import {
  checkStored,
  describePlacement,
  type PartPrecisions,
  partPrecisions,
  type Placement,
  placeNetwork,
  type Precision,
} from "./pipeline/placement.ts";
import { createPredictor, type Predictor } from "./pipeline/predictor.ts";
import { restoreRun, saveRun } from "./pipeline/saved_run.ts";
import { StageClock } from "./pipeline/stage_clock.ts";
import { createStepCache, startingNoise } from "./pipeline/start.ts";
import { CPU, deviceName } from "./runtime/device.ts";
import { resolveDevice, type WorkingDevice } from "./runtime/devices.ts";
import { VERSION } from "./recipe.ts";
import { createSampler } from "./sampling/sampler.ts";
import type { StepCache } from "./sampling/step_cache.ts";
import { formFor, type NetworkStageOptions } from "./stages/stage.ts";
import { decodeFilm, type VaeStageOptions } from "./stages/vae_stage.ts";
import type { Tensor } from "./tensor.ts";
import { cleanPrompt } from "./text/clean_prompt.ts";
import { DEFAULT_NEGATIVE_PROMPT } from "./text/negative_prompt.ts";
import {
  createTokenizer,
  type PromptIds,
  type PromptTokenizer,
} from "./text/tokenizer.ts";
import { processTracks } from "./tracks/resample.ts";

export type * from "./pipeline/events.ts";
export type * from "./pipeline/generation.ts";
export { filmFrames } from "./pipeline/film_frames.ts";
export type { OpenedLoras } from "./pipeline/lora_files.ts";
export {
  type PackedPrecision,
  type PartName,
  type PartPrecisions,
  type Precision,
  PRECISIONS,
} from "./pipeline/placement.ts";
export type { ScheduleOptions, SolverName } from "./sampling/flow_schedule.ts";
export type { PromptIds } from "./text/tokenizer.ts";

/** Frames per second of everything that the model makes. */
export const VIDEO_FPS = 16;

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

/** The video that an image will become. */
export interface VideoSize extends LatentSize {
  /** Frames at 16 per second. */
  readonly frameCount: number;
  /** Frames of the latent. */
  readonly latentFrames: number;
}

/**
 * Generates videos with the model.
 *
 * Leaving an `await using` scope gives back what `keepLoaded` kept.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AtiPipeline, filmFrames } from "./pipeline.ts";
 * import { tinyCheckpoint } from "./checkpoint/tiny_checkpoint.ts";
 * import { TrackSet } from "./tracks/track_set.ts";
 * import { writeFileWhole } from "./files.ts";
 *
 * // Random weights instead of `-c Wan2.1-ATI-14B-480P`: the video is noise.
 * const checkpoint = await Deno.makeTempDir();
 * const files = await tinyCheckpoint({ folder: checkpoint, seed: 1 });
 * for (const [path, bytes] of Object.entries(files)) {
 *   await writeFileWhole(path, bytes);
 * }
 *
 * await using pipeline = await AtiPipeline.open({ checkpoint, devices: ["cpu"] });
 * const film = pipeline.generate({
 *   image: { width: 32, height: 32, data: new Uint8Array(3072) },
 *   tracks: TrackSet.fromPoints([[{ x: 16, y: 16, visible: true }]]),
 *   text: "a test",
 *   seed: 1,
 * }, { settings: { maxArea: 1024, frameCount: 5, steps: 2 } });
 * let frames = 0;
 * for await (const part of film) {
 *   for (const _picture of filmFrames(part)) frames++;
 * }
 * assert.equal(frames, 5);
 * ```
 */
export class AtiPipeline implements AsyncDisposable {
  /** The checkpoint. */
  readonly checkpoint: AtiCheckpoint;
  readonly #options: PipelineOptions;
  readonly #placements: readonly [Placement, Placement?];
  readonly #others: Readonly<Record<"t5" | "clip" | "vae", Placement>>;
  readonly #loras: OpenedLoras;
  #tokenizer: PromptTokenizer | undefined;
  #weights: Promise<string> | undefined;
  #kept: { latent: string; predictor: Predictor } | undefined;

  private constructor(
    checkpoint: AtiCheckpoint,
    found: readonly WorkingDevice[],
    options: PipelineOptions & { text: WorkingDevice; opened: OpenedLoras },
  ) {
    const { dit, t5, clip, vae } = partPrecisions(options.precision ?? "auto");
    checkStored("dit", checkpoint.transformer, dit);
    checkStored("t5", checkpoint.t5, t5);
    const [first, second] = found.map((device) =>
      placeNetwork("dit", device, dit)
    );
    this.checkpoint = checkpoint;
    this.#options = options;
    this.#placements = second ? [first!, second] : [first!];
    this.#others = {
      t5: placeNetwork("t5", options.text, t5),
      clip: placeNetwork("clip", found[0]!, clip),
      vae: placeNetwork("vae", found[0]!, vae),
    };
    this.#loras = options.opened;
  }

  /**
   * Opens the checkpoint (headers only) and tries the devices.
   *
   * @throws {CheckpointError} What is missing or wrong in the checkpoint or in
   * a LoRA.
   * @throws {TypeError} When a network cannot have its precision, on the device
   * or from the file.
   * @throws {Error} When a device that was asked for cannot be used, with why.
   */
  static async open(options: PipelineOptions): Promise<AtiPipeline> {
    const { devices = ["auto"], signal } = options;
    const checkpoint = typeof options.checkpoint === "string"
      ? await openAtiCheckpoint(options.checkpoint)
      : options.checkpoint;
    const resolve = (device: string | WorkingDevice) =>
      typeof device === "string" ? resolveDevice(device, { signal }) : device;
    const found: WorkingDevice[] = [];
    for (const device of devices) {
      if (device !== undefined) found.push(await resolve(device));
    }
    const text = options.textOnCpu && found[0]!.device.kind !== "cpu"
      ? await resolve(deviceName(CPU))
      : found[0]!;
    const opened = await openLoras(
      options.loras ?? [],
      checkpoint.transformer.tensors,
    );
    return new AtiPipeline(checkpoint, found, { ...options, text, opened });
  }

  /** Where the transformer runs, for people: `cuda, bf16`. */
  get placement(): string {
    return this.#placements.flatMap((placement) =>
      placement ? [describePlacement(placement)] : []
    ).join(" + ");
  }

  /** The precisions as they were asked for; undefined where none was. */
  get precision(): PipelineOptions["precision"] {
    return this.#options.precision;
  }

  /** The LoRAs that act, with what tells their weights from others'. */
  get loras(): OpenedLoras["facts"] {
    return this.#loras.facts;
  }

  /** How the video autoencoder is run, as it was asked for. */
  get film(): NonNullable<PipelineOptions["film"]> {
    return this.#options.film ?? {};
  }

  /** What is worth knowing about checkpoint and LoRAs. */
  get notes(): readonly string[] {
    return this.#loras.notes;
  }

  /**
   * What tells this checkpoint's weights and its tokenizer from others'; 64
   * hexadecimal digits.
   */
  fingerprint(): Promise<string> {
    const { t5, clip, vae, transformer, tokenizer } = this.checkpoint;
    return this.#weights ??= Promise.all([
      ...[t5, clip, vae, transformer].map(fingerprintWeights),
      ...(tokenizer === undefined
        ? []
        : [readFileBytes(tokenizer).then((bytes) => fingerprint(bytes))]),
    ]).then((all) => fingerprint(...all));
  }

  /**
   * The size of the video that an image becomes.
   *
   * @throws {RangeError} When the settings or the image's size cannot be.
   */
  videoSize(
    image: { readonly width: number; readonly height: number },
    settings: GenerationSettings = {},
  ): VideoSize {
    const { maxArea, compat, frameCount } = completeSettings(settings);
    return {
      ...latentSize(image, { maxArea, compat }),
      frameCount,
      latentFrames: (frameCount - 1) / 4 + 1,
    };
  }

  /**
   * Generates one video: parts of `[3, frames, height, width]` in [-1, 1], in
   * the order of time. `filmFrames` makes pictures of them.
   *
   * @throws {RangeError} When settings or inputs cannot be used; before
   * anything is loaded.
   * @throws {DOMException} `AbortError`, when `signal` is aborted.
   */
  async *generate(
    job: GenerationJob,
    options: GenerateOptions = {},
  ): AsyncGenerator<Tensor, void, void> {
    const { signal, onEvent: emit = () => {}, resume, previewEvery = 0 } =
      options;
    const settings = completeSettings(options.settings);
    const size = this.videoSize(job.image, settings);
    const noise = startingNoise(job, size);
    signal?.throwIfAborted();
    const { device } = this.#placements[0];
    const watch = watchMemory(
      device.kind === "cuda" ? { gpu: device.index } : {},
    );
    const clock = new StageClock(emit);
    const stage = stageOptions({
      emit,
      signal,
      threads: this.#options.threads,
    });
    try {
      const texts = await this.#tokenize(job, { settings, emit });
      const sampler = createSampler(settings.solver, settings);
      const cache = createStepCache(settings);
      const parts = { sampler, cache };
      const key = resume && await this.#runKey(job, { settings, noise, texts });
      const saved = resume && key !== undefined
        ? await restoreRun(resume.path, parts, { key })
        : undefined;
      if (saved) emit({ type: "resumed", step: sampler.step });
      const conditions = saved?.conditions ??
        await encodeConditions(job, {
          checkpoint: this.checkpoint,
          placements: this.#others,
          cache: new EmbeddingCache(this.#options.cacheFolder),
          film: this.film,
          size,
          texts,
          emit,
          clock,
          stage,
        });

      let latent = saved?.latent ?? noise;
      let passes = saved?.passes ?? 0;
      let skippedPasses = saved?.skippedPasses ?? 0;
      if (sampler.step < sampler.schedule.timesteps.length) {
        clock.start("sampling", this.placement);
        const dims = latent.dims.slice(1) as [number, number, number];
        await using lease = await this.#leasePredictor(dims, cache);
        ({ latent, passes, skippedPasses } = await denoise({
          predictor: lease.predictor,
          sampler,
          guidance: guidanceOf(settings),
          conditions,
          latent,
          remember: cache !== undefined,
          lastAsked: saved?.lastAsked ?? new Map(),
          passes: { done: passes, skipped: skippedPasses },
        }, {
          signal,
          emit,
          previewEvery,
          save: async (state) => {
            const { step, schedule } = sampler;
            if (!resume || key === undefined) return;
            if (step % resume.every && step < schedule.timesteps.length) return;
            await saveRun(resume.path, parts, {
              key,
              state: { ...state, conditions },
            });
          },
        }));
      }

      clock.start("decoding", describePlacement(this.#others.vae));
      yield* decodeFilm(this.checkpoint.vae, latent, {
        ...stage("decoding"),
        ...this.#others.vae,
        ...this.#options.film,
      });
      const { host, device: deviceBytes } = await watch.stop();
      const report: GenerationReport = {
        seconds: clock.stop(),
        passes,
        reusedPasses: cache?.reused ?? 0,
        skippedPasses,
        peakHostBytes: host,
        ...(deviceBytes !== undefined && { peakDeviceBytes: deviceBytes }),
      };
      emit({ type: "report", ...report });
    } catch (error) {
      await this.#release(); // an abort has ended what was kept
      throw error;
    } finally {
      await watch.stop();
    }
  }

  /** Ids of the prompt and, where guidance needs it, of the negative one. */
  async #tokenize(
    job: GenerationJob,
    { settings, emit }: { settings: CompleteSettings; emit: PipelineListener },
  ): Promise<readonly [ArrayLike<number>, ArrayLike<number>?]> {
    const { text, negative, inject = {} } = job;
    const ids = async (name: string, words: string) => {
      const { ids, length, dropped } = await this.tokenize(words);
      if (dropped > 0) {
        const message = `the ${name} is too long: its last ${dropped} of ${
          length + dropped
        } tokens are not seen`;
        emit({ type: "note", message });
      }
      return ids.subarray(0, length);
    };
    const textIds = inject.textIds ?? await ids("prompt", text);
    if (settings.guidance === 1) return [textIds];
    return [
      textIds,
      inject.negativeIds ??
        await ids("negative prompt", negative || DEFAULT_NEGATIVE_PROMPT),
    ];
  }

  /**
   * A prompt in token ids, cleaned as the reference cleans it.
   *
   * @throws {TypeError} When the checkpoint was opened without its tokenizer.
   */
  async tokenize(text: string): Promise<PromptIds> {
    const { tokenizer } = this.checkpoint;
    if (tokenizer === undefined) {
      throw new TypeError(withHint(
        `Cannot read the prompt ${quote(text)}: there is no tokenizer`,
        "Open the checkpoint with google/umt5-xxl/tokenizer.json.",
      ));
    }
    this.#tokenizer ??= createTokenizer(await readFileText(tokenizer));
    return this.#tokenizer.encode(cleanPrompt(text));
  }

  /** The predictor for a latent's size; the one that was kept, if it fits. */
  async #leasePredictor(
    latent: readonly [number, number, number],
    cache: StepCache | undefined,
  ): Promise<AsyncDisposable & { predictor: Predictor }> {
    const { threads, keepLoaded = false } = this.#options;
    const name = latent.join();
    const keep = keepLoaded && cache === undefined;
    if (!keep || this.#kept?.latent !== name) await this.#release();
    const predictor = this.#kept?.predictor ?? createPredictor({
      component: this.checkpoint.transformer,
      latent,
      placements: this.#placements,
      form: this.#options.form ?? formFor(this.#placements[0]),
      adapters: this.#loras.adapters,
      cache,
      threads,
    });
    if (keep) this.#kept = { latent: name, predictor };
    return {
      predictor,
      async [Symbol.asyncDispose]() {
        if (!keep) await predictor[Symbol.asyncDispose]();
      },
    };
  }

  async #release(): Promise<void> {
    const kept = this.#kept;
    this.#kept = undefined;
    await kept?.predictor[Symbol.asyncDispose]();
  }

  /** What the result of a run depends on. */
  async #runKey(
    job: GenerationJob,
    run: {
      settings: CompleteSettings;
      noise: Tensor;
      texts: readonly [ArrayLike<number>, ArrayLike<number>?];
    },
  ): Promise<string> {
    const { image, tracks } = job;
    const { settings, noise, texts } = run;
    return await fingerprint(
      `run of ${VERSION}`,
      await this.fingerprint(),
      this.placement,
      ...Object.values(this.#others).map(describePlacement),
      JSON.stringify([this.loras, this.film]),
      JSON.stringify(Object.entries(settings).sort()),
      await fingerprintTensor(noise),
      `${image.width}x${image.height}`,
      image.data,
      await fingerprintTensor(processTracks(tracks, image)),
      ...texts.map((ids) => Int32Array.from(ids ?? [])),
    );
  }

  /** Gives back what was kept loaded. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#release();
  }
}
