/**
 * The model as an engine: the pipeline behind the seam that the job runner
 * knows.
 *
 * @module
 */

import { removeUnfinished, writeFileWhole } from "../files/files.ts";
import { encodeImage } from "../media/image.ts";
import type { GenerationReport, PipelineEvent } from "../pipeline/events.ts";
import {
  completeSettings,
  type GenerationSettings,
  type Injected,
} from "../pipeline/generation.ts";
import { filmFrames } from "../wan/frames/tensor_to_frames.ts";
import { loadTensors, storeTensors } from "../pipeline/tensor_store.ts";
import { type AtiPipeline, VIDEO_FPS } from "../pipeline/ati_pipeline.ts";
import type { Tensor } from "../base/tensor.ts";
import { DEFAULT_NEGATIVE_PROMPT } from "../text/negative_prompt.ts";
import type { Engine, EngineJob, EngineProgress, Scratch } from "./engine.ts";

/** How the model works on jobs. */
export interface ModelEngineOptions {
  /** The model. The engine closes it. */
  readonly pipeline: AtiPipeline;
  /** Size, length, sampler; the reference's defaults. */
  readonly settings?: GenerationSettings;
  /** The state of a run is written every so many steps; 5. */
  readonly resumeEvery?: number;
  /** A preview picture every so many steps; none by default. */
  readonly previewEvery?: number;
  /** Whether the last latent is kept beside the video. */
  readonly keepLatent?: boolean;
  /** Numbers from elsewhere instead of tokenizer and random generator. */
  readonly inject?: Injected;
  /** Rewrites prompts before they are used. */
  readonly extendPrompt?: (
    job: EngineJob,
    signal: AbortSignal | undefined,
  ) => Promise<string>;
}

/** Seeds that are drawn have 32 bits: the generator knows no more. */
const DRAWN_SEEDS = 2 ** 32;

/**
 * An engine that generates with the model.
 *
 * Beside an item's video it keeps, while it works, `.NAME.resume` (the run's
 * state) and `NAME_preview.png`.
 *
 * @throws {RangeError} When the settings make no sense.
 */
export async function createModelEngine(
  options: ModelEngineOptions,
): Promise<Engine> {
  const { pipeline, inject, extendPrompt } = options;
  const { resumeEvery = 5, previewEvery = 0, keepLatent = false } = options;
  const settings = completeSettings(options.settings);
  const { folder, named: parts } = pipeline.checkpoint;
  const weights = await pipeline.fingerprint();
  return {
    name: "model",
    title: "ATI, Wan2.1 I2V 14B",
    video(image) {
      const { width, height, frameCount } = pipeline.videoSize(image, settings);
      return { width, height, fps: VIDEO_FPS, frameCount };
    },
    recipe: (job) => ({
      ...(job.seed !== undefined && { seed: job.seed }),
      negative: job.negative || DEFAULT_NEGATIVE_PROMPT,
      settings,
      checkpoint: {
        folder,
        weights,
        ...(Object.keys(parts).length > 0 && { parts }),
      },
      ...(pipeline.precision !== undefined &&
        { precision: pipeline.precision }),
      ...(pipeline.loras.length > 0 && { loras: pipeline.loras }),
      ...(pipeline.film.tiles && { tiles: pipeline.film.tiles }),
      placement: pipeline.placement,
    }),
    async prepare(job, { scratch, signal } = {}) {
      if (scratch) {
        for (const path of filesOf(scratch)) await removeUnfinished(path);
      }
      // A run that was broken off keeps the seed it had drawn and its words.
      const begun = scratch && await loadTensors(seedFile(scratch)).catch(
        () => undefined,
      );
      const kept = begun ? JSON.parse(begun.texts["drawn"] ?? "{}") : {};
      const same = kept.asked === job.text;
      const seed = job.seed ?? kept.seed ??
        Math.floor(Math.random() * DRAWN_SEEDS);
      const text = same && extendPrompt
        ? kept.text
        : await extendPrompt?.(job, signal) ?? job.text;
      if (scratch) {
        await storeTensors(seedFile(scratch), {
          tensors: {},
          texts: { drawn: JSON.stringify({ seed, asked: job.text, text }) },
        });
      }
      return { ...job, seed, text };
    },
    async *render(job, { signal, onProgress, onNote, scratch } = {}) {
      const previews = scratch === undefined ? undefined : previewFile(scratch);
      let writing: Promise<void> = Promise.resolve();
      let latent: Tensor | undefined;
      const onEvent = (event: PipelineEvent) => {
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
            await writeFileWhole(previews, png, { overwrite: true });
          }).catch((error) => onNote?.(`no preview: ${error.message}`));
        }
      };
      const { image, tracks, text, negative } = job;
      const film = pipeline.generate({
        image,
        tracks,
        text,
        seed: job.seed ?? 0,
        ...(negative !== undefined && { negative }),
        ...(inject && { inject }),
      }, {
        settings,
        signal,
        onEvent,
        previewEvery: previews === undefined ? 0 : previewEvery,
        ...(scratch && {
          resume: { path: stateFile(scratch), every: resumeEvery },
        }),
      });
      for await (const part of film) yield* filmFrames(part);
      await writing;
      if (keepLatent && latent && scratch) {
        await storeTensors(latentFile(scratch), {
          tensors: { latent },
          texts: {},
        });
      }
    },
    async clean(scratch) {
      for (
        const path of [
          stateFile(scratch),
          seedFile(scratch),
          previewFile(scratch),
        ]
      ) await Deno.remove(path).catch(() => {});
    },
    [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose](),
  };
}

/** The run's state. */
function stateFile({ folder, name }: Scratch): string {
  return `${folder}/.${name}.resume`;
}

/** The seed that was drawn, and the words. */
function seedFile({ folder, name }: Scratch): string {
  return `${folder}/.${name}.seed`;
}

function previewFile({ folder, name }: Scratch): string {
  return `${folder}/${name}_preview.png`;
}

function latentFile({ folder, name }: Scratch): string {
  return `${folder}/${name}.safetensors`;
}

/** Everything that is written for an item. */
function filesOf(scratch: Scratch): string[] {
  return [stateFile, seedFile, previewFile, latentFile].map((file) =>
    file(scratch)
  );
}

/** What people call the stages. */
const STAGE_NAMES = {
  text: "words",
  image: "image",
  film: "first frame",
  sampling: "steps",
  decoding: "frames",
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
      return `goes on after step ${event.step}`;
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
  if (reusedPasses) parts.push(`${reusedPasses} saved by the step cache`);
  if (skippedPasses) parts.push(`${skippedPasses} without negative prompt`);
  parts.push(`at most ${gigabytes(report.peakHostBytes)} of memory`);
  if (report.peakDeviceBytes !== undefined) {
    parts.push(`${gigabytes(report.peakDeviceBytes)} on the GPU`);
  }
  return parts.join(", ");
}
