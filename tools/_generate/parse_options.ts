/**
 * A command line of `generate.ts`, parsed and validated as a whole before
 * anything is read.
 *
 * @module
 */

import type { ComponentPaths } from "../../core/checkpoint/checkpoint.ts";
import { quote, withHint } from "../../core/base/errors.ts";
import {
  completeSettings,
  type GenerationSettings,
} from "../../core/pipeline/generation.ts";
import type { ControlValues } from "../../core/control/control_values.ts";
import { resolveSteering } from "../../core/control/resolve_control.ts";
import {
  FIRST_FRAME,
  isSignalFolder,
  NO_TRACKS,
} from "../../core/jobs/signal_folder.ts";
import { DRAFT, namedParts, PART_FLAGS } from "../shared/checkpoint_options.ts";
import { UsageError } from "../shared/tool.ts";
import { trackReadingOf } from "../shared/track_reading.ts";
import { controlOf } from "./control_flags.ts";
import type { GenerateOptions } from "./options.ts";
import { createProgram, type Flags } from "./program.ts";
import { type GivenFlags, notesOn, refuse } from "./rules.ts";

/**
 * Parses and validates a command line.
 *
 * @throws {CommanderError} For unknown flags and values out of range.
 * @throws {UsageError} For flags that do not go together.
 */
export function parseGenerateOptions(
  args: readonly string[],
): GenerateOptions {
  const { program, flags: read } = createProgram();
  program.parse(args.map(asUnderscores), { from: "user" });
  const flags = read();
  const line = {
    flags,
    given: (name: string) => program.getOptionValueSource(name) === "cli",
    stray: program.args,
  };
  refuse(line);
  const input = inputOf(flags);
  const parts = namedParts(flags);
  const engine = engineOf(flags, parts);
  const control = controlOf(flags);
  return {
    input,
    control,
    trackReading: trackReadingOf(flags),
    engine,
    out: flags.output ??
      (flags.save_file === undefined ? "samples" : undefined),
    saveFile: flags.save_file,
    maxArea: flags.size.area,
    frameCount: flags.frame_num,
    overlap: flags.overlap,
    crf: flags.crf,
    negativePrompt: flags.negative,
    seed: flags.base_seed < 0 ? undefined : flags.base_seed,
    overwrite: flags.overwrite ?? false,
    shard: flags.shard,
    retries: flags.retries ?? (flags.watch === undefined ? 0 : 10),
    heartbeat: flags.heartbeat ?? (flags.watch === undefined ? 0 : 60),
    print: flags.json_progress
      ? "json-progress"
      : flags.json
      ? "json"
      : flags.quiet
      ? "nothing"
      : "people",
    verbose: flags.verbose ?? false,
    model: {
      checkpoint: flags.ckpt_dir,
      parts,
      gpus: flags.gpus,
      device: flags.device,
      cudaProvider: flags.cuda_provider,
      dtype: flags.dtype,
      settings: settingsOf(line, control),
      offloadModel: flags.offload_model,
      t5Cpu: flags.t5_cpu ?? false,
      vram: flags.vram,
      execution: flags.execution,
      threads: flags.threads,
      resumeEvery: flags.resume_every,
      previewEvery: flags.preview_every,
      cacheDir: flags.cache,
      loras: flags.lora,
      tile: flags.tile,
      inject: flags.inject,
      keepLatent: flags.keep_latent ?? false,
      extend: flags.use_prompt_extend
        ? {
          model: flags.prompt_extend_model,
          language: flags.prompt_extend_target_lang,
        }
        : undefined,
    },
    notes: notesOn(line, engine),
  };
}

/** The model where there is a checkpoint, unless it is said otherwise. */
function engineOf(
  { engine, ckpt_dir, from }: Flags,
  parts: ComponentPaths,
): GenerateOptions["engine"] {
  const hasParts = PART_FLAGS.every((part) => parts[part] !== undefined);
  const hasModel = ckpt_dir !== undefined || from !== undefined || hasParts;
  const [part] = Object.keys(parts).map((name) =>
    name === "tinyVae" ? "tiny_vae" : name
  );
  if (!hasModel && part !== undefined) {
    throw new UsageError(
      withHint(
        `Cannot use --${part} without a checkpoint for the other components`,
        `Pass its folder: -c FOLDER. Without one all components are needed: ${
          PART_FLAGS.map((name) => `--${name}`).join(", ")
        }`,
      ),
    );
  }
  if (engine === "model" && !hasModel) {
    throw new UsageError(
      withHint(
        "Cannot use --engine model without a checkpoint",
        "Pass its folder: -c FOLDER",
      ),
    );
  }
  if (engine !== "auto") return engine;
  return hasModel ? "model" : "preview";
}

/** The settings of the sampler, checked together. */
function settingsOf(
  { flags }: GivenFlags,
  control: ControlValues,
): GenerationSettings {
  const { sample_sigmas: sigmas, skip_negative: skipNegative } = flags;
  try {
    const settings: GenerationSettings = {
      maxArea: flags.size.area,
      frameCount: flags.frame_num,
      solver: flags.sample_solver,
      steps: sigmas?.filter((sigma) => sigma > 0).length ?? flags.sample_steps,
      ...(flags.sample_shift !== undefined &&
        { flowShift: flags.sample_shift }),
      guidanceScale: flags.sample_guide_scale,
      stepCache: flags.step_cache,
      ...(flags.use_ret_steps && { useRetSteps: true }),
      ...(flags.vae === DRAFT && { decoder: "tiny" }),
      compat: flags.compat,
      ...(flags.mag_cache !== undefined && {
        magCache: {
          threshold: flags.mag_cache,
          ...(flags.mag_cache_k !== undefined &&
            { maxReused: flags.mag_cache_k }),
          ...(flags.mag_cache_retention !== undefined &&
            { retention: flags.mag_cache_retention }),
        },
      }),
      ...(sigmas && { sigmas }),
      ...(skipNegative && { skipNegative: skipNegative }),
    };
    const { control: method, nag } = resolveSteering(control);
    completeSettings({ ...settings, control: method, ...(nag && { nag }) });
    return settings;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Printed when nothing is given. */
const FIRST_STEPS = withHint(
  "Nothing to do: expected a job file, or an image and its tracks\n\n" +
    "  The examples:  deno task generate -p examples/test.yaml -o output\n" +
    "  One image:     deno task generate --image examples/images/boat.jpg --track examples/tracks/boat.pth -o output\n" +
    "  Draw tracks:   deno task editor\n",
  "--help lists every flag.",
);

function inputOf(
  { jobs, prompt: text, image, track, from, watch, motion_signal: signal }:
    Flags,
): GenerateOptions["input"] {
  if (watch !== undefined) return { kind: "watch", path: watch };
  if (from !== undefined) return { kind: "recipe", path: from };
  if (jobs !== undefined && text !== undefined) {
    throw new UsageError(
      `Cannot use -p (${quote(jobs)}) together with --prompt (${quote(text)})`,
    );
  }
  // As in the reference -p may be the prompt of an image, and --prompt a job
  // file.
  const prompt = jobs ?? text;
  if (prompt !== undefined && /\.ya?ml$/i.test(prompt)) {
    if (image !== undefined || track !== undefined) {
      throw new UsageError(
        `Cannot use a job file (${
          quote(prompt)
        }) together with --image or --track`,
      );
    }
    return { kind: "jobs", path: prompt };
  }
  if (image === undefined && track === undefined && signal !== undefined) {
    // The folder of Time-to-Move's own tools has the rest.
    if (isSignalFolder(signal)) {
      return {
        kind: "item",
        image: `${signal}/${FIRST_FRAME}`,
        track: NO_TRACKS,
        ...(prompt !== undefined && { text: prompt.trim() }),
      };
    }
  }
  if (track === undefined && image !== undefined && signal !== undefined) {
    return {
      kind: "item",
      image,
      track: NO_TRACKS,
      text: prompt?.trim() ?? "",
    };
  }
  if (image === undefined && track === undefined) {
    throw new UsageError(
      prompt === undefined ? FIRST_STEPS : withHint(
        `Cannot use the prompt ${
          quote(prompt)
        } alone, expected --image and --track with it`,
        "A job file's name ends in .yaml.",
      ),
    );
  }
  if (image === undefined || track === undefined) {
    throw new UsageError(
      `Cannot use --${
        image === undefined ? "track" : "image"
      } alone, expected --${image === undefined ? "image" : "track"} with it`,
    );
  }
  for (const [flag, path] of Object.entries({ image, track })) {
    if (path.trim() !== "") continue;
    throw new UsageError(
      `Cannot use --${flag} ${
        quote(path)
      }: it is empty, expected the path of a file`,
    );
  }
  return { kind: "item", image, track, text: prompt?.trim() ?? "" };
}

/** `--sample-steps` for `--sample_steps`: both spellings are supported. */
function asUnderscores(argument: string): string {
  return argument.replace(
    /^--[a-z0-9]+(-[a-z0-9]+)+(?==|$)/,
    (flag) => "--" + flag.slice(2).replaceAll("-", "_"),
  );
}
