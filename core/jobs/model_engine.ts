/**
 * The model as an engine of the job runner.
 *
 * @module
 */

import { fileExists, writeFileAtomic } from "../files/files.ts";
import { encodeImage } from "../media/image.ts";
import type { GenerationReport, PipelineEvent } from "../pipeline/events.ts";
import {
  type ControlSettings,
  createControl,
} from "../control/create_control.ts";
import { checkTraining } from "../pipeline/training_check.ts";
import { chosenClock } from "../control/time_to_move/dual_clock.ts";
import {
  type CompleteSettings,
  completeSettings,
  type GenerationSettings,
  type Overrides,
} from "../pipeline/generation.ts";
import { tensorToFrames } from "../wan/frames/tensor_to_frames.ts";
import { fingerprint } from "../pipeline/fingerprint.ts";
import { storeTensors, tryLoadTensors } from "../pipeline/tensor_store.ts";
import type { AtiPipeline } from "../pipeline/ati_pipeline.ts";
import type { AttentionGuidance } from "../sampling/attention_guidance.ts";
import { VIDEO_FPS } from "../tracks/resample.ts";
import { restoredSeed, storedSeed } from "../base/seed.ts";
import type { Tensor } from "../base/tensor.ts";
import { DEFAULT_NEGATIVE_PROMPT } from "../text/negative_prompt.ts";
import { foreignFile, storedSettings } from "./recipe.ts";
import type {
  Engine,
  EngineProgress,
  RenderInputs,
  WorkDir,
} from "./engine.ts";

/** How the model works on jobs. */
export interface ModelEngineOptions {
  /** The model. The engine closes it. */
  readonly pipeline: AtiPipeline;
  /** Size, length, sampler; the reference's defaults. */
  readonly settings?: GenerationSettings;
  /** The state of a run is written every so many steps; 5. */
  readonly resumeEvery?: number;
  /** A preview image every so many steps; none by default. */
  readonly previewEvery?: number;
  /** Whether the last latent is kept next to the video. */
  readonly keepLatent?: boolean;
  /** Numbers from elsewhere instead of tokenizer and random generator. */
  readonly overrides?: Overrides;
  /** Rewrites prompts before they are used. */
  readonly extendPrompt?: (
    job: RenderInputs,
    signal: AbortSignal | undefined,
  ) => Promise<string>;
}

/** Seeds that are drawn have 32 bits: the generator knows no more. */
const DRAWN_SEEDS = 2 ** 32;

/**
 * An engine that generates with the model.
 *
 * Next to an item's video it keeps, while it works, `.NAME.resume` (the run's
 * state) and `NAME_preview.png`.
 *
 * @throws {RangeError} When the settings make no sense.
 */
export async function createModelEngine(
  options: ModelEngineOptions,
): Promise<Engine> {
  const { pipeline, overrides: inject, extendPrompt } = options;
  const { resumeEvery = 5, previewEvery = 0, keepLatent = false } = options;
  const settings = completeSettings(options.settings);
  const settingsOf = ({ steering }: Pick<RenderInputs, "steering">) =>
    steering ? steeredSettings(options.settings, steering) : settings;
  const { folder, named: parts } = pipeline.checkpoint;
  const weights = await pipeline.fingerprint(settings.decoder);
  const injected = inject && await fingerprintOverrides(inject);
  return {
    name: "model",
    title: "Wan2.1 I2V 14B",
    video(image) {
      const { width, height, frameCount } = pipeline.videoSize(image, settings);
      return { width, height, fps: VIDEO_FPS, frameCount };
    },
    checkSteering(steering) {
      const { control, timeToMove, nag } = steering ??
        { control: settings.control };
      checkTraining(createControl(control), pipeline.training);
      if (!steering) return settings;
      const mode = timeToMove?.mode === "camera" ? "camera" : "object";
      return steeredSettings(options.settings, {
        control,
        ...(timeToMove && { timeToMove: { ...timeToMove, mode } }),
        ...(nag && { nag }),
      });
    },
    recipe: (job) => ({
      ...(job.seed !== undefined && { seed: storedSeed(job.seed) }),
      negative: job.negativePrompt || DEFAULT_NEGATIVE_PROMPT,
      settings: storedSettings(settingsOf(job)),
      checkpoint: {
        folder,
        weights,
        ...(Object.keys(parts).length > 0 && { parts }),
      },
      ...(pipeline.dtype !== undefined &&
        { precision: pipeline.dtype }),
      ...(pipeline.loras.length > 0 && { loras: pipeline.loras }),
      ...(pipeline.vae.tiles && { tiles: pipeline.vae.tiles }),
      placement: pipeline.placement,
      injected: injected ?? null,
    }),
    files: filesOf,
    async prepare(job, { workDir, signal, onNote } = {}) {
      const drawn = await drawSeed(job, {
        workDir,
        onNote,
        hasPreviews: previewEvery > 0,
        extend: extendPrompt && (() => extendPrompt(job, signal)),
      });
      return { ...job, ...drawn };
    },
    async *render(job, { signal, onProgress, onNote, workDir } = {}) {
      const previews = workDir === undefined ? undefined : previewFile(workDir);
      const followed = follow({ onProgress, onNote, previews });
      const { image, tracks, prompt: text, negativePrompt: negative } = job;
      const generated = pipeline.generate({
        image,
        ...(job.isFrame && { isFrame: true }),
        tracks,
        prompt: text,
        seed: job.seed ?? 0,
        ...(negative !== undefined && { negativePrompt: negative }),
        ...(job.steering?.timeToMove &&
          { motionSignal: job.steering.timeToMove.signal }),
        ...(inject && { overrides: inject }),
      }, {
        settings: settingsOf(job),
        signal,
        onEvent: followed.onEvent,
        previewEvery: previews === undefined ? 0 : previewEvery,
        ...(workDir && {
          resume: { path: stateFile(workDir), every: resumeEvery },
        }),
      });
      for await (const part of generated) yield* tensorToFrames(part);
      const latent = await followed.end();
      if (keepLatent && latent && workDir) {
        await storeTensors(latentFile(workDir), {
          tensors: { latent },
          texts: {},
        });
      }
    },
    async checkFiles(workDir) {
      const latent = latentFile(workDir), preview = previewFile(workDir);
      if (keepLatent && await fileExists(latent)) {
        await tryLoadTensors(latent, () => {
          throw foreignFile(latent, "a latent");
        });
      }
      // While it is made, the seed is there, too.
      if (
        previewEvery > 0 && await fileExists(preview) &&
        !await fileExists(seedFile(workDir))
      ) throw foreignFile(preview, "none");
    },
    async cleanup(workDir) {
      const begun = await readBegun(workDir);
      const paths = [stateFile(workDir), seedFile(workDir)];
      // Earlier versions did not say whether there are previews.
      if (begun && begun.hasPreviews !== false) {
        paths.push(previewFile(workDir));
      }
      for (const path of paths) await Deno.remove(path).catch(() => {});
    },
    [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose](),
  };
}

/**
 * The seed and the prompt of an item. A run that was interrupted keeps the seed
 * it had drawn and its prompt.
 */
async function drawSeed(
  job: RenderInputs,
  { workDir, onNote, hasPreviews, extend }: {
    readonly workDir: WorkDir | undefined;
    readonly onNote: ((message: string) => void) | undefined;
    /** Whether the run writes previews. */
    readonly hasPreviews: boolean;
    /** Rewrites the prompt. */
    readonly extend: (() => Promise<string>) | undefined;
  },
): Promise<{ seed: number | bigint; prompt: string }> {
  const begun = workDir && await readBegun(workDir, onNote);
  const kept = begun ?? { hasPreviews: false };
  const seed = job.seed ?? restoredSeed(kept.seed) ??
    Math.floor(Math.random() * DRAWN_SEEDS);
  const prompt = extend && kept.asked === job.prompt
    ? kept.text ?? job.prompt
    : await extend?.() ?? job.prompt;
  if (workDir) {
    const drawn = {
      seed: storedSeed(seed),
      hasPreviews: hasPreviews || kept.hasPreviews !== false,
      // A prompt that was not extended may be, when the run goes on.
      ...(extend && { asked: job.prompt, text: prompt }),
    };
    await storeTensors(seedFile(workDir), {
      tensors: {},
      texts: { drawn: JSON.stringify(drawn) },
    });
  }
  return { seed, prompt };
}

/** What is kept of an item that was begun. */
interface Begun {
  /** The seed that was drawn. */
  readonly seed?: number | string;
  /** The prompt that was extended, and what it became. */
  readonly asked?: string;
  readonly text?: string;
  /** Whether previews were written. */
  readonly hasPreviews?: boolean;
}

async function readBegun(
  workDir: WorkDir,
  onNote?: (message: string) => void,
): Promise<Begun | undefined> {
  const begun = await tryLoadTensors(
    seedFile(workDir),
    (reason) => onNote?.(`draws another seed: ${reason}`),
  );
  return begun && JSON.parse(begun.texts["drawn"] ?? "{}");
}

/** Takes what a generation tells: progress, notes, previews, its latent. */
function follow({ onProgress, onNote, previews }: {
  readonly onProgress: ((progress: EngineProgress) => void) | undefined;
  readonly onNote: ((message: string) => void) | undefined;
  /** The file for previews; undefined for none. */
  readonly previews: string | undefined;
}): {
  readonly onEvent: (event: PipelineEvent) => void;
  /** The last latent, once all previews are written. */
  readonly end: () => Promise<Tensor | undefined>;
} {
  let writing: Promise<void> = Promise.resolve();
  let latent: Tensor | undefined;
  return {
    onEvent(event) {
      const progress = progressOf(event);
      if (progress) onProgress?.(progress);
      if (event.type === "step" || event.type === "resumed") {
        latent = event.latent;
      }
      const note = noteOf(event);
      if (note !== undefined) onNote?.(note);
      if (event.type === "preview" && previews !== undefined) {
        const { image } = event;
        writing = writing.then(async () => {
          const png = await encodeImage(image, "png");
          await writeFileAtomic(previews, png, { overwrite: true });
        }).catch((error) => onNote?.(`no preview: ${error.message}`));
      }
    },
    async end() {
      await writing;
      return latent;
    },
  };
}

/** The settings of an item that says itself how it is steered. */
function steeredSettings(
  settings: GenerationSettings = {},
  { control, timeToMove, nag }: {
    readonly control: ControlSettings;
    readonly timeToMove?: Parameters<typeof chosenClock>[0];
    readonly nag?: AttentionGuidance;
  },
): CompleteSettings {
  const { timeToMove: _clocks, nag: _guidance, ...others } = settings;
  const chosen = completeSettings({ ...others, control, ...(nag && { nag }) });
  return timeToMove
    ? completeSettings({
      ...chosen,
      timeToMove: chosenClock(timeToMove, chosen.steps),
    })
    : chosen;
}

/** What tells numbers from elsewhere from others. */
export function fingerprintOverrides(
  { textIds, negativeIds, noise }: Overrides,
): Promise<string> {
  const ids = JSON.stringify([textIds ?? null, negativeIds ?? null]);
  return noise
    ? fingerprint(ids, noise.dims.join(), noise.data)
    : fingerprint(ids);
}

/** The run's state. */
function stateFile({ folder, name }: WorkDir): string {
  return `${folder}/.${name}.resume`;
}

/** The seed that was drawn, and the prompt. */
function seedFile({ folder, name }: WorkDir): string {
  return `${folder}/.${name}.seed`;
}

function previewFile({ folder, name }: WorkDir): string {
  return `${folder}/${name}_preview.png`;
}

function latentFile({ folder, name }: WorkDir): string {
  return `${folder}/${name}.safetensors`;
}

/** Everything that is written for an item. */
function filesOf(workDir: WorkDir): string[] {
  return [stateFile, seedFile, previewFile, latentFile].map((file) =>
    file(workDir)
  );
}

/** What people call the stages. */
const STAGE_NAMES = {
  "text-encoder": "text encoder",
  "image-encoder": "image encoder",
  "vae-encode": "VAE encode",
  sampling: "sampling",
  "vae-decode": "VAE decode",
} as const;

function progressOf(event: PipelineEvent): EngineProgress | undefined {
  switch (event.type) {
    case "stage":
      return { stage: STAGE_NAMES[event.stage], done: 0, total: 1 };
    case "progress": {
      const { stage, total } = event;
      const done = Math.round(event.done * 10) / 10; // of a step, a tenth
      return { stage: STAGE_NAMES[stage], done, total };
    }
    case "step": {
      const { step: done, total, seconds, secondsLeft } = event;
      return { stage: STAGE_NAMES.sampling, done, total, seconds, secondsLeft };
    }
  }
  return undefined;
}

function noteOf(event: PipelineEvent): string | undefined {
  switch (event.type) {
    case "note":
      return event.message;
    case "resumed":
      return `resumes after step ${event.step}`;
    case "report":
      return describeReport(event);
  }
  return undefined;
}

/** A report in one line. */
function describeReport(report: GenerationReport): string {
  const { seconds, passes, reusedPasses, skippedPasses } = report;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const times = Object.entries(seconds).map(([stage, time]) =>
    `${STAGE_NAMES[stage as keyof typeof STAGE_NAMES]} ${time.toFixed(1)} s`
  );
  const parts = [`${times.join(", ")}; ${passes} passes`];
  if (reusedPasses) {
    const { savedSeconds } = report;
    const time = savedSeconds === undefined
      ? ""
      : ` (about ${savedSeconds.toFixed(1)} s)`;
    parts.push(`${reusedPasses} saved by the step cache${time}`);
  }
  if (skippedPasses) parts.push(`${skippedPasses} without negative prompt`);
  parts.push(`at most ${gigabytes(report.peakHostBytes)} of memory`);
  if (report.peakDeviceBytes !== undefined) {
    parts.push(`${gigabytes(report.peakDeviceBytes)} on the GPU`);
  }
  return parts.join(", ");
}
