/**
 * The complete path from an image, a prompt and tracks to a video: what
 * `generate` of the references does (image2video.py), with any control method,
 * each network loaded, run and released before the next.
 *
 * @module
 */

import type { AtiCheckpoint } from "../checkpoint/checkpoint.ts";
import { findTraining, type TrainingFacts } from "../checkpoint/training.ts";
import { openAtiCheckpoint } from "../checkpoint/open_checkpoint.ts";
import { type LatentSize, latentSize } from "../wan/frames/latent_size.ts";
import { createControl } from "../control/create_control.ts";
import type { MotionControl } from "../control/motion_control.ts";
import { clockNotes } from "../control/time_to_move/dual_clock.ts";
import { readFileBytes } from "../files/files.ts";
import type { NetworkKind } from "../wan/networks.ts";
import type { VideoShape } from "../wan/activation_memory.ts";
import { CPU, deviceName } from "../onnx/runtime/device.ts";
import { canStream } from "../onnx/runtime/device_memory.ts";
import { type ProbedDevice, resolveDevice } from "../onnx/runtime/devices.ts";
import { decodeTiny } from "../wan/tiny_vae/decode_tiny.ts";
import { takesRawLatents } from "../wan/tiny_vae/tiny_decoder.ts";
import { decodeVideo } from "../wan/vae/run_vae.ts";
import type { Tensor } from "../base/tensor.ts";
import type { PromptTokens } from "../text/tokenizer.ts";
import { KeptPredictor } from "./_kept_predictor.ts";
import { explainMemory, memoryBudget } from "./_memory_budget.ts";
import {
  measureNetworks,
  type MemoryPlan,
  type NetworkSizes,
  planMemory,
} from "./memory_plan.ts";
import { type PromptIds, PromptReader } from "./_prompt_reader.ts";
import { Running } from "./_running.ts";
import { requireTinyVae, smallDecoderPreview } from "./_small_decoder.ts";
import { savedBy } from "./saved_seconds.ts";
import { runKey, signalKey } from "./_run_key.ts";
import {
  type SampledLatent,
  sampleLatent,
  type Sampling,
} from "./_sample_latent.ts";
import { EmbeddingCache } from "./embeddings.ts";
import {
  type EncodedInputs,
  encodeInputs,
  needsPlainCondition,
  stageOptions,
} from "./encode.ts";
import type { GenerationReport, PipelineListener } from "./events.ts";
import { fingerprint, fingerprintWeights } from "./fingerprint.ts";
import {
  checkMotionSignal,
  type CompleteSettings,
  completeSettings,
  type GenerationInputs,
  type GenerationSettings,
} from "./generation.ts";
import { type OpenedLoras, openLoras } from "./lora_files.ts";
import { checkTraining } from "./training_check.ts";
import { watchMemory } from "./watch_memory.ts";
import type { GenerateOptions, PipelineOptions } from "./pipeline_options.ts";
import {
  checkStored,
  describePlacement,
  networkDtypes,
  placeNetwork,
} from "./placement.ts";
import type { Execution, Placement } from "../wan/network_run.ts";
import { StateFile } from "./_state_file.ts";
import { StageClock } from "./stage_clock.ts";
import { createPassCache, createRunSampler, startingNoise } from "./start.ts";

/** The video that an image will become. */
export interface VideoSize extends LatentSize {
  /** Frames at 16 per second. */
  readonly frameCount: number;
  /** Frames of the latent. */
  readonly latentFrames: number;
}

/** What all stages of a generation share. */
interface Work {
  readonly signal: AbortSignal;
  readonly emit: PipelineListener;
  readonly previewEvery: number;
  readonly clock: StageClock;
  readonly stage: ReturnType<typeof stageOptions>;
}

/** How a network is run by a plan; without one, as by default. */
interface PlannedRun {
  readonly execution?: Execution;
  readonly arenaLimit?: number | undefined;
}

/** What is decided before anything is loaded. */
interface Prepared {
  readonly settings: CompleteSettings;
  readonly size: VideoSize;
  readonly noise: Tensor;
  /** The small decoder, where it decodes. */
  readonly draft: ReturnType<typeof requireTinyVae> | undefined;
  readonly plan: Parameters<typeof explainMemory>[1];
  /** Where and how a network other than the transformer is run. */
  readonly runs: (
    kind: "t5" | "clip" | "vae",
  ) => Placement & PlannedRun;
  readonly vae: AtiPipeline["vae"];
}

/**
 * Generates videos with the model.
 *
 * Leaving an `await using` scope ends generations that are at work and releases
 * what `offloadModel: false` kept.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import {
 *   AtiPipeline,
 *   tensorToFrames,
 *   tinyCheckpoint,
 *   TrackSet,
 *   writeFileAtomic,
 * } from "@ati/ati";
 *
 * // Random weights instead of `-c Wan2.1-ATI-14B-480P`: the video is noise.
 * const checkpoint = await Deno.makeTempDir();
 * const files = await tinyCheckpoint({ folder: checkpoint, seed: 1 });
 * for (const [path, bytes] of Object.entries(files)) {
 *   await writeFileAtomic(path, bytes);
 * }
 *
 * await using pipeline = await AtiPipeline.open({ checkpoint, devices: ["cpu"] });
 * const video = pipeline.generate({
 *   image: { width: 32, height: 32, data: new Uint8Array(3072) },
 *   tracks: TrackSet.fromPoints([[{ x: 16, y: 16, visible: true }]]),
 *   prompt: "a test",
 *   seed: 1,
 * }, { settings: { maxArea: 1024, frameCount: 5, steps: 2 } });
 * let frames = 0;
 * for await (const part of video) {
 *   for (const _picture of tensorToFrames(part)) frames++;
 * }
 * assert.equal(frames, 5);
 * await Deno.remove(checkpoint, { recursive: true });
 * ```
 */
export class AtiPipeline implements AsyncDisposable {
  /** The checkpoint. */
  readonly checkpoint: AtiCheckpoint;
  readonly #options: PipelineOptions;
  readonly #placements: readonly [Placement, Placement?];
  readonly #others: Readonly<Record<"t5" | "clip" | "vae", Placement>>;
  /** Where the encoders run when the device is too small for them. */
  readonly #cpu: Readonly<Record<"t5" | "clip", Placement>> | undefined;
  readonly #loras: OpenedLoras;
  readonly #prompts: PromptReader;
  readonly #predictor: KeptPredictor;
  /** What is planned with; undefined where memory is not limited. */
  readonly #memory:
    | { readonly budget: number; readonly sizes: NetworkSizes }
    | undefined;
  readonly #running = new Running("pipeline");
  #disposing: Promise<void> | undefined;
  #weights: Promise<string> | undefined;

  private constructor(
    checkpoint: AtiCheckpoint,
    found: readonly ProbedDevice[],
    options: PipelineOptions & {
      text: ProbedDevice;
      cpu: ProbedDevice | undefined;
      budget: number | undefined;
      opened: OpenedLoras;
    },
  ) {
    const { transformer, t5, clip, vae } = networkDtypes(
      options.dtype ?? "auto",
    );
    checkStored("transformer", checkpoint.transformer, transformer);
    checkStored("t5", checkpoint.t5, t5);
    const [first, second] = found.map((device) =>
      placeNetwork("transformer", device, transformer)
    );
    this.checkpoint = checkpoint;
    this.#options = options;
    this.#placements = second ? [first!, second] : [first!];
    this.#others = {
      t5: placeNetwork("t5", options.text, t5),
      clip: placeNetwork("clip", found[0]!, clip),
      vae: placeNetwork("vae", found[0]!, vae),
    };
    this.#cpu = options.cpu && {
      t5: placeNetwork("t5", options.cpu),
      clip: placeNetwork("clip", options.cpu),
    };
    this.#memory = options.budget === undefined ? undefined : {
      budget: options.budget,
      sizes: measureNetworks({
        checkpoint,
        placements: { ...this.#others, transformer: first! },
        streams: found.every(({ device }) => canStream(device)),
        adapters: options.opened.adapters,
      }),
    };
    this.#loras = options.opened;
    this.#prompts = new PromptReader(checkpoint.tokenizer);
    this.#predictor = new KeptPredictor({
      component: checkpoint.transformer,
      placements: this.#placements,
      execution: options.execution,
      adapters: options.opened.adapters,
      threads: options.threads,
      offloadModel: options.offloadModel,
    });
  }

  /**
   * Opens the checkpoint (headers only) and tries the devices.
   *
   * @throws {CheckpointError} What is missing or wrong in the checkpoint or in
   * a LoRA.
   * @throws {TypeError} When a network cannot have its precision, on the device
   * or from the file.
   * @throws {RangeError} When `vram` is no size.
   * @throws {Error} When a device that was asked for cannot be used, with why.
   */
  static async open(options: PipelineOptions): Promise<AtiPipeline> {
    const { devices = ["auto"], signal } = options;
    const checkpoint = typeof options.checkpoint === "string"
      ? await openAtiCheckpoint(options.checkpoint)
      : options.checkpoint;
    const resolve = (device: string | ProbedDevice) =>
      typeof device === "string" ? resolveDevice(device, { signal }) : device;
    const found: ProbedDevice[] = [];
    for (const device of devices) {
      if (device !== undefined) found.push(await resolve(device));
    }
    const text = options.textEncoderOnCpu && found[0]!.device.kind !== "cpu"
      ? await resolve(deviceName(CPU))
      : found[0]!;
    const budget = memoryBudget(
      found.map(({ device }) => device),
      options.vram,
    );
    const cpu = budget !== undefined && found[0]!.device.kind !== "cpu"
      ? await resolve(deviceName(CPU))
      : undefined;
    const opened = await openLoras(
      options.loras ?? [],
      checkpoint.transformer.tensors,
    );
    return new AtiPipeline(checkpoint, found, {
      ...options,
      text,
      cpu,
      budget,
      opened,
    });
  }

  /** Where the transformer runs, for people: `cuda, bf16`. */
  get placement(): string {
    return this.#placements.flatMap((placement) =>
      placement ? [describePlacement(placement)] : []
    ).join(" + ");
  }

  /** The precisions as they were asked for; undefined where none was. */
  get dtype(): PipelineOptions["dtype"] {
    return this.#options.dtype;
  }

  /** The LoRAs that act, with what tells their weights from others'. */
  get loras(): OpenedLoras["info"] {
    return this.#loras.info;
  }

  /** How the VAE is run, as it was asked for. */
  get vae(): NonNullable<PipelineOptions["vae"]> {
    return this.#options.vae ?? {};
  }

  /** What is worth knowing about checkpoint and LoRAs. */
  get notes(): readonly string[] {
    return this.#loras.notes;
  }

  /** What the transformer was trained to follow, where that is known. */
  get training(): TrainingFacts | undefined {
    return findTraining(this.checkpoint);
  }

  /**
   * What tells this checkpoint's weights and its tokenizer from others'; 64
   * hexadecimal digits. Those of the small decoder count if it decodes.
   */
  async fingerprint(decoder?: GenerationSettings["decoder"]): Promise<string> {
    const weights = await this.#fingerprint();
    if (decoder !== "tiny") return weights;
    const small = requireTinyVae(this.checkpoint);
    return fingerprint(
      weights,
      await fingerprintWeights(small),
      String(takesRawLatents(small)),
    );
  }

  #fingerprint(): Promise<string> {
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

  /** The size of a job's video. */
  #sizeOf({ image, isFrame }: GenerationInputs, settings: GenerationSettings) {
    const size = this.videoSize(image, settings);
    if (!isFrame) return size;
    const { width, height } = image;
    if (width % 16 !== 0 || height % 16 !== 0) {
      throw new RangeError(
        `Cannot go on from a frame of ${width}x${height} px: expected multiples of 16`,
      );
    }
    const [latentWidth, latentHeight] = [width / 8, height / 8];
    return { ...size, width, height, latentWidth, latentHeight };
  }

  /**
   * How each network is run for a video of that size within the budget of device
   * memory; undefined where memory is not limited.
   *
   * @throws {BudgetError} When the budget is too small; the HINT has the smallest
   * one that can work.
   */
  memoryPlan(
    video: VideoShape,
    settings: GenerationSettings = {},
  ): MemoryPlan | undefined {
    return this.#planned(video, completeSettings(settings))?.plan;
  }

  #planned(
    video: VideoShape,
    { guidanceScale, decoder, nag }: CompleteSettings,
  ) {
    if (!this.#memory) return undefined;
    const { budget, sizes } = this.#memory;
    const { execution, vae, offloadModel = true } = this.#options;
    const options = {
      budget,
      video,
      passes: guidanceScale === 1 || this.#placements[1] ? 1 : 2,
      keepTransformer: !offloadModel,
      execution,
      ...(vae && { vae }),
      decoder,
      isGuided: nag !== undefined,
    } as const;
    return { plan: planMemory(sizes, options), sizes, options };
  }

  /** How a network is run by a plan. */
  #asPlanned(plan: MemoryPlan | undefined, kind: NetworkKind): PlannedRun {
    if (!plan) return {};
    const { execution, peak, activations } = plan.networks[kind];
    const rest = peak - activations;
    return {
      execution,
      // What is free is no limit that was asked for.
      arenaLimit: this.#options.vram === undefined
        ? undefined
        : Math.floor(plan.budget - rest),
    };
  }

  /**
   * Generates one video: parts of `[3, frames, height, width]` in [-1, 1], in
   * the order of time. `tensorToFrames` makes images of them.
   *
   * @throws {RangeError} When settings or inputs cannot be used, or the device
   * has too little memory (`BudgetError`); before anything is loaded.
   * @throws {TypeError} When the pipeline has been disposed, or is while the
   * video is generated.
   * @throws {DOMException} `AbortError`, when `signal` is aborted.
   */
  generate(
    job: GenerationInputs,
    options: GenerateOptions = {},
  ): AsyncGenerator<Tensor, void, void> {
    return this.#running.track((ended) =>
      this.#generate(job, {
        ...options,
        signal: options.signal
          ? AbortSignal.any([options.signal, ended])
          : ended,
      })
    );
  }

  async *#generate(
    job: GenerationInputs,
    options: GenerateOptions & { signal: AbortSignal },
  ): AsyncGenerator<Tensor, void, void> {
    const { signal, onEvent: emit = () => {}, previewEvery = 0 } = options;
    const prepared = this.#prepare(job, options.settings);
    const { settings, draft, plan, runs, vae } = prepared;
    signal.throwIfAborted();
    const { device } = this.#placements[0];
    const watch = watchMemory(
      device.kind === "cuda" ? { gpu: device.index } : {},
    );
    const work: Work = {
      signal,
      emit,
      previewEvery,
      clock: new StageClock(emit),
      stage: stageOptions({ emit, signal, threads: this.#options.threads }),
    };
    let state: StateFile | undefined;
    try {
      const texts = await this.#prompts.idsOf(job, { settings, emit });
      const control = this.#control(settings, emit);
      const sampler = createRunSampler(settings);
      const cache = createPassCache(settings);
      state = options.resume && new StateFile(options.resume, {
        parts: { sampler, cache },
        key: await this.#runKey(job, prepared, texts),
      });
      const saved = await state?.restore(emit);
      const encoded = saved ??
        await this.#encode(job, {
          ...prepared,
          ...work,
          control,
          texts,
          steps: sampler.schedule.timesteps.length,
        });
      const sampled = await this.#sample(job, {
        ...prepared,
        ...work,
        control,
        sampler,
        cache,
        encoded,
        saved,
        state,
      });

      work.clock.start("vae-decode", describePlacement(this.#others.vae));
      const decoding = { ...work.stage("vae-decode"), ...runs("vae") };
      yield* draft
        ? decodeTiny(draft, sampled.latent, decoding)
        : decodeVideo(this.checkpoint.vae, sampled.latent, {
          ...decoding,
          ...vae,
        });
      const { host, device: deviceBytes } = await watch.stop();
      const report: GenerationReport = {
        seconds: work.clock.stop(),
        passes: sampled.passes,
        reusedPasses: cache?.reused ?? 0,
        ...savedBy(cache, sampled.passTimes),
        skippedPasses: sampled.skippedPasses,
        peakHostBytes: host,
        ...(deviceBytes !== undefined && { peakDeviceBytes: deviceBytes }),
      };
      emit({ type: "report", ...report });
    } catch (error) {
      await state?.flush();
      await this.#predictor.release(); // an abort has ended what was kept
      throw explainMemory(error, plan);
    } finally {
      await watch.stop();
    }
  }

  /** What is checked and decided before anything is loaded. */
  #prepare(
    job: GenerationInputs,
    given: GenerationSettings | undefined,
  ): Prepared {
    const settings = completeSettings(given);
    const size = this.#sizeOf(job, settings);
    const noise = startingNoise(job, size);
    checkMotionSignal(job, settings);
    const draft = settings.decoder === "tiny"
      ? requireTinyVae(this.checkpoint)
      : undefined;
    const plan = this.#planned(
      { width: size.width, height: size.height, frames: size.frameCount },
      settings,
    );
    const networks = plan?.plan.networks;
    const runs = (kind: "t5" | "clip" | "vae") => ({
      ...(networks?.[kind].where === "cpu" && kind !== "vae"
        ? this.#cpu?.[kind] ?? this.#others[kind]
        : this.#others[kind]),
      ...this.#asPlanned(plan?.plan, kind),
    });
    const vae = networks?.vae.vae ?? this.vae;
    return { settings, size, noise, draft, plan, runs, vae };
  }

  /** The control method; says what does not suit it. */
  #control(settings: CompleteSettings, emit: PipelineListener): MotionControl {
    const control = createControl(settings.control, settings);
    const { timeToMove, steps } = settings;
    const notes = [
      ...checkTraining(control, this.training),
      ...(timeToMove ? clockNotes(timeToMove, steps) : []),
    ];
    for (const message of notes) emit({ type: "note", message });
    return control;
  }

  async #runKey(
    job: GenerationInputs,
    { settings, noise }: Prepared,
    texts: PromptIds,
  ): Promise<string> {
    return await runKey(job, {
      settings,
      noise,
      texts,
      weights: await this.fingerprint(settings.decoder),
      placements: [this.placement, ...this.#otherPlacements()],
      how: [this.loras, this.vae, await signalKey(job.motionSignal)],
    });
  }

  /** Runs the encoders. */
  async #encode(
    job: GenerationInputs,
    { control, texts, steps, settings, size, runs, vae, ...work }:
      & Prepared
      & Work
      & { control: MotionControl; texts: PromptIds; steps: number },
  ): Promise<EncodedInputs> {
    return await encodeInputs(job, {
      checkpoint: this.checkpoint,
      placements: { t5: runs("t5"), clip: runs("clip"), vae: runs("vae") },
      control,
      needsPlain: needsPlainCondition(control, steps),
      followsSignal: settings.timeToMove !== undefined,
      cache: new EmbeddingCache(
        this.#options.cacheDir,
        (reason) =>
          work.emit({ type: "note", message: `encodes again: ${reason}` }),
      ),
      vae,
      size,
      texts,
      emit: work.emit,
      clock: work.clock,
      stage: work.stage,
    });
  }

  /** Takes the noise, or what was saved, to the clean latent. */
  #sample(
    job: GenerationInputs,
    run: Prepared & Work & Omit<Sampling, "open" | "preview">,
  ): Promise<SampledLatent> {
    const { settings, cache, emit } = run;
    const { tinyVae } = this.checkpoint;
    return sampleLatent(job, {
      ...run,
      open: (latent) => {
        run.clock.start("sampling", this.placement);
        return this.#predictor.lease(latent, cache, {
          ...this.#asPlanned(run.plan?.plan, "transformer"),
          nag: settings.nag,
        });
      },
      ...(tinyVae && {
        preview: smallDecoderPreview(tinyVae, {
          ...this.#others.vae,
          ...run.stage("sampling"),
          onProgress: undefined,
          emit,
        }),
      }),
    });
  }

  /**
   * A prompt in token ids, cleaned as the reference cleans it.
   *
   * @throws {TypeError} When the checkpoint was opened without its tokenizer.
   */
  tokenize(text: string): Promise<PromptTokens> {
    return this.#prompts.tokenize(text);
  }

  /** Where the networks other than the transformer run, as text. */
  #otherPlacements(): string[] {
    return Object.values(this.#others).map(describePlacement);
  }

  /**
   * Ends every generation, suspended ones too, and releases what was kept
   * loaded. Idempotent; `generate` is an error afterwards.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposing ??= this.#dispose();
  }

  async #dispose(): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
    await this.#predictor.release();
  }
}
