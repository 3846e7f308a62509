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
import {
  clockNotes,
  followSignal,
} from "../control/time_to_move/dual_clock.ts";
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
import type { PassTime } from "../wan/transformer/prediction.ts";
import type { PromptTokens } from "../text/tokenizer.ts";
import { KeptPredictor } from "./_kept_predictor.ts";
import { explainMemory, memoryBudget } from "./_memory_budget.ts";
import {
  measureNetworks,
  type MemoryPlan,
  type NetworkSizes,
  planMemory,
} from "./memory_plan.ts";
import { PromptReader } from "./_prompt_reader.ts";
import { Running } from "./_running.ts";
import { requireTinyVae, smallDecoderPreview } from "./_small_decoder.ts";
import { savedBy } from "./saved_seconds.ts";
import { runKey, signalKey } from "./_run_key.ts";
import { denoise } from "./denoise.ts";
import { EmbeddingCache } from "./embeddings.ts";
import {
  conditionsOfStep,
  type EncodedInputs,
  encodeInputs,
  needsPlainCondition,
  stageOptions,
} from "./encode.ts";
import type { GenerationReport } from "./events.ts";
import { fingerprint, fingerprintWeights } from "./fingerprint.ts";
import {
  checkMotionSignal,
  type CompleteSettings,
  completeSettings,
  type GenerationInputs,
  type GenerationSettings,
  guidanceOptions,
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
import type { Placement } from "../wan/network_run.ts";
import { captureRun, restoreRun } from "./saved_run.ts";
import { StageClock } from "./stage_clock.ts";
import {
  createPassCache,
  createRunSampler,
  keptNoise,
  startingNoise,
} from "./start.ts";
import { type StoredTensors, storeTensors } from "./tensor_store.ts";

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

  #planned(video: VideoShape, { guidanceScale }: CompleteSettings) {
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
    } as const;
    return { plan: planMemory(sizes, options), sizes, options };
  }

  /** How a network is run by a plan. */
  #asPlanned(plan: MemoryPlan | undefined, kind: NetworkKind) {
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
    const { signal, onEvent: emit = () => {}, resume, previewEvery = 0 } =
      options;
    const settings = completeSettings(options.settings);
    const size = this.#sizeOf(job, settings);
    const noise = startingNoise(job, size);
    checkMotionSignal(job, settings);
    const { tinyVae } = this.checkpoint;
    const draft = settings.decoder === "tiny"
      ? requireTinyVae(this.checkpoint)
      : undefined;
    const planned = this.#planned(
      { width: size.width, height: size.height, frames: size.frameCount },
      settings,
    );
    const plan = planned?.plan;
    const runs = (kind: "t5" | "clip" | "vae") => ({
      ...(plan?.networks[kind].where === "cpu" && kind !== "vae"
        ? this.#cpu?.[kind] ?? this.#others[kind]
        : this.#others[kind]),
      ...this.#asPlanned(plan, kind),
    });
    const vae = plan?.networks.vae.vae ?? this.vae;
    signal.throwIfAborted();
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
    let unsaved: StoredTensors | undefined;
    try {
      const texts = await this.#prompts.idsOf(job, { settings, emit });
      const control = createControl(settings.control, settings);
      for (const message of checkTraining(control, this.training)) {
        emit({ type: "note", message });
      }
      if (settings.timeToMove) {
        for (const message of clockNotes(settings.timeToMove, settings.steps)) {
          emit({ type: "note", message });
        }
      }
      const sampler = createRunSampler(settings);
      const cache = createPassCache(settings);
      const parts = { sampler, cache };
      const key = resume && await runKey(job, {
        settings,
        noise,
        texts,
        weights: await this.fingerprint(settings.decoder),
        placements: [this.placement, ...this.#otherPlacements()],
        how: [this.loras, this.vae, await signalKey(job.motionSignal)],
      });
      const saved = resume && key !== undefined
        ? await restoreRun(resume.path, parts, {
          key,
          onDamaged: (reason) =>
            emit({
              type: "note",
              message: `starts again, the saved state is unusable: ${reason}`,
            }),
        })
        : undefined;
      if (saved) {
        emit({ type: "resumed", step: sampler.step, latent: saved.latent });
      }
      const steps = sampler.schedule.timesteps.length;
      const encoded: EncodedInputs = saved ??
        await encodeInputs(job, {
          checkpoint: this.checkpoint,
          placements: { t5: runs("t5"), clip: runs("clip"), vae: runs("vae") },
          control,
          needsPlain: needsPlainCondition(control, steps),
          followsSignal: settings.timeToMove !== undefined,
          cache: new EmbeddingCache(
            this.#options.cacheDir,
            (reason) =>
              emit({ type: "note", message: `encodes again: ${reason}` }),
          ),
          vae,
          size,
          texts,
          emit,
          clock,
          stage,
        });

      const follow = settings.timeToMove && encoded.signal &&
        followSignal(settings.timeToMove, {
          reference: { ...encoded.signal, noise: keptNoise(job, noise) },
          sigmas: sampler.schedule.sigmas,
        });
      let latent = saved?.latent ?? follow?.start ?? noise;
      let passes = saved?.passes ?? 0;
      let skippedPasses = saved?.skippedPasses ?? 0;
      let passTimes: readonly PassTime[] = [];
      if (sampler.step < sampler.schedule.timesteps.length) {
        clock.start("sampling", this.placement);
        const dims = latent.dims.slice(1) as [number, number, number];
        await using lease = await this.#predictor.lease(
          dims,
          cache,
          this.#asPlanned(plan, "transformer"),
        );
        ({ latent, passes, skippedPasses, passTimes } = await denoise({
          predictor: lease.predictor,
          sampler,
          guidance: guidanceOptions(settings),
          conditionsAt: (step) =>
            conditionsOfStep(encoded, control, { step, steps }),
          ...(follow && { afterStep: follow.afterStep }),
          latent,
          remember: cache !== undefined,
          lastAsked: saved?.lastAsked ?? new Map(),
          passes: { done: passes, skipped: skippedPasses },
        }, {
          signal,
          emit,
          previewEvery,
          ...(tinyVae && {
            preview: smallDecoderPreview(tinyVae, {
              ...this.#others.vae,
              ...stage("sampling"),
              onProgress: undefined,
              emit,
            }),
          }),
          save: async (state) => {
            const { step, schedule } = sampler;
            if (!resume || key === undefined) return;
            unsaved = captureRun(parts, {
              key,
              state: {
                ...state,
                conditions: encoded.conditions,
                plainCondition: encoded.plainCondition,
                signal: encoded.signal,
              },
            });
            if (step % resume.every && step < schedule.timesteps.length) return;
            await storeTensors(resume.path, unsaved);
            unsaved = undefined;
          },
        }));
      }

      clock.start("vae-decode", describePlacement(this.#others.vae));
      const decoding = { ...stage("vae-decode"), ...runs("vae") };
      yield* draft ? decodeTiny(draft, latent, decoding) : decodeVideo(
        this.checkpoint.vae,
        latent,
        { ...decoding, ...vae },
      );
      const { host, device: deviceBytes } = await watch.stop();
      const report: GenerationReport = {
        seconds: clock.stop(),
        passes,
        reusedPasses: cache?.reused ?? 0,
        ...savedBy(cache, passTimes),
        skippedPasses,
        peakHostBytes: host,
        ...(deviceBytes !== undefined && { peakDeviceBytes: deviceBytes }),
      };
      emit({ type: "report", ...report });
    } catch (error) {
      // The steps since the last writing of the state are not lost. Why it
      // ends matters more than that this fails.
      if (resume && unsaved) {
        await storeTensors(resume.path, unsaved).catch(() => {});
      }
      await this.#predictor.release(); // an abort has ended what was kept
      throw explainMemory(error, planned);
    } finally {
      await watch.stop();
    }
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
