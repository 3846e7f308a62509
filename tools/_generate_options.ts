/**
 * The command line of `generate.ts`: the flags of the reference's
 * `generate.py` and `run_example.sh` under their own names, and ours. Parsed
 * and validated as a whole before anything is read.
 *
 * @module
 */

import { quote, withHint } from "../core/errors.ts";
import type { NamedParts } from "../core/checkpoint/components.ts";
import type { LoraChoice } from "../core/pipeline/pipeline_options.ts";
import type { PartPrecisions, Precision } from "../core/pipeline/placement.ts";
import {
  type CompleteSettings,
  completeSettings,
} from "../core/pipeline/generation.ts";
import {
  namedParts,
  PART_FLAGS,
  PART_OPTIONS,
  PARTS_TITLE,
} from "./_checkpoint_options.ts";
import {
  parseBoolean,
  parseDtype,
  parseFrames,
  parseLora,
  parseRange,
  parseShard,
  parseSigmas,
  parseSize,
  parseTile,
  SIZES,
} from "./_option_values.ts";
import { createCommand, numberBetween, Option, UsageError } from "./_tool.ts";

/** What `generate.ts` is to do. */
export interface GenerateOptions {
  /** A job file, or one item given by flags. */
  readonly input:
    | { readonly kind: "jobs"; readonly path: string }
    | { readonly kind: "recipe"; readonly path: string }
    | {
      readonly kind: "item";
      readonly image: string;
      readonly track: string;
      readonly text: string;
    };
  /** Which engine works. */
  readonly engine: "preview" | "model";
  /** The folder that gets the three folders; undefined: only the videos. */
  readonly out: string | undefined;
  /** Names of the videos, if not `<out>/outputs/%03d.mp4`. */
  readonly saveFile: string | undefined;
  /** About how many px a frame has. */
  readonly maxArea: number;
  /** Frames of a video, 4n + 1. */
  readonly frameCount: number;
  /** Quality of the videos, 0 to 51. */
  readonly crf: number;
  /** The negative prompt for entries that have none. */
  readonly negative: string | undefined;
  /** The seed for entries that have none. */
  readonly seed: number | undefined;
  /** Whether finished outputs are made anew. */
  readonly overwrite: boolean;
  /** Which part of the items is done here, `[1, 1]` for all. */
  readonly shard: readonly [part: number, of: number];
  /** What is printed. */
  readonly print: "people" | "json" | "json-progress" | "nothing";
  /** Whether people are told more. */
  readonly verbose: boolean;
  /** What concerns the model alone. */
  readonly model: ModelOptions;
  /** Flags that were given and change nothing, in plain words. */
  readonly notes: readonly string[];
}

/** What concerns the model alone. */
export interface ModelOptions {
  /** The folder of the checkpoint. */
  readonly checkpoint: string | undefined;
  /** Files to take instead of those in the folder. */
  readonly parts: NamedParts;
  readonly gpus: number | undefined;
  readonly device: "auto" | "cuda" | "webgpu" | "cpu";
  /** The transformer's precision, or those of single networks. */
  readonly dtype: Precision | PartPrecisions | undefined;
  /** How videos are sampled; checked. */
  readonly settings: CompleteSettings;
  readonly offload: boolean | undefined;
  readonly t5Cpu: boolean;
  /** Threads on the CPU. */
  readonly threads: number | undefined;
  /** Steps between two writings of the state. */
  readonly resumeEvery: number;
  /** Steps between two preview pictures; 0 for none. */
  readonly previewEvery: number;
  /** The folder that keeps features of texts and images. */
  readonly cache: string | undefined;
  /** LoRAs and how strongly they act. */
  readonly loras: readonly LoraChoice[];
  /** Side of the autoencoder's tiles in px; undefined for whole pictures. */
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

/** The area that ATI was trained at. */
const TRAINED_AREA = 832 * 480;

/** Flags that a recipe stands for. */
const RECIPE_FLAGS = [
  "prompt",
  "image",
  "track",
  "negative",
  "size",
  "frame_num",
  "crf",
  "sample_solver",
  "sample_steps",
  "sample_shift",
  "sample_guide_scale",
  "sample_sigmas",
  "skip_negative",
  "step_cache",
  "base_seed",
  "compat",
  "lora",
  "tile",
  "use_prompt_extend",
] as const;

/** Flags of generate.py that cannot mean anything here, and what to do instead. */
const REFUSED = {
  src_video:
    "It belongs to VACE, another model. ATI takes --image and --track.",
  src_mask: "It belongs to VACE, another model. ATI takes --image and --track.",
  src_ref_images:
    "It belongs to VACE, another model. ATI takes --image and --track.",
  first_frame:
    "It belongs to the first-last-frame model. ATI's first frame is --image.",
  last_frame:
    "It belongs to the first-last-frame model. ATI's tracks say where things end.",
} as const;

/** Flags that only the model looks at. */
const MODEL_FLAGS = [
  "gpus",
  "device",
  "dtype",
  "sample_solver",
  "sample_steps",
  "sample_shift",
  "sample_guide_scale",
  "sample_sigmas",
  "skip_negative",
  "step_cache",
  "resume_every",
  "preview_every",
  "cache",
  "lora",
  "tile",
  "inject",
  "keep_latent",
  "threads",
  "use_prompt_extend",
  "base_seed",
  "negative",
  "offload_model",
  "t5_cpu",
] as const;

function createProgram() {
  const program = createCommand("generate.ts")
    .description(
      "Turns pictures, tracks and prompts into videos that move along the tracks.\n\n" +
        "Takes a job file (a YAML list of image, text and track) or one picture, and\n" +
        "leaves three folders: outputs/ with the videos, images_tracks/ with the\n" +
        "pictures and their tracks, outputs_vis/ with the videos and their tracks.\n\n" +
        "Without a checkpoint (-c) it makes motion previews: the picture itself, bent\n" +
        "along the tracks. That shows where things will go; nothing is generated.",
    )
    .option(
      "-p, --prompt <JOBS.yaml|text>",
      "the job file; or the prompt of one picture, with --image and --track",
    )
    .option("--image <file>", "one picture: JPEG, PNG or WebP")
    .option("--track <file>", "its tracks: .pth, .npz, .npy or .json")
    .option(
      "--negative <text>",
      "what the videos shall not show (default: the model's own)",
    )
    .option(
      "-o, --output <folder>",
      'the folder for the results (default: "samples")',
    )
    .option(
      "--save_file <pattern>",
      'names for the videos, for example "videos/%03d.mp4"; without -o nothing else is written',
    )
    .option(
      "--overwrite",
      "make finished results anew instead of skipping them",
    )
    .option(
      "--from <recipe.json>",
      "make the video again that this recipe lies beside",
    )
    .addOption(
      new Option(
        "--shard <part/of>",
        "do one part of the items, for example 2/8; for batch systems",
      ).argParser(parseShard).default([1, 1] as [number, number], "1/1"),
    )
    .option("-c, --ckpt_dir <folder>", "the checkpoint of the model")
    .addOption(
      new Option("--engine <name>", "what makes the videos")
        .choices(["auto", "preview", "model"] as const).default(
          "auto" as const,
        ),
    )
    .addOption(
      new Option(
        "--size <W*H>",
        "the area of the videos, for example " + SIZES.join(", ") +
          "; the aspect is always the picture's",
      ).argParser(parseSize).default(
        { text: SIZES[0] as string, area: TRAINED_AREA },
        SIZES[0],
      ),
    )
    .option(
      "--frame_num <number>",
      "frames of a video at 16 per second, 4n + 1 up to 81",
      parseFrames,
      81,
    )
    .option(
      "--crf <number>",
      "quality of the videos: 0 is lossless, 10 as the original, 18 smaller",
      numberBetween(0, 51, "integer"),
      10,
    )
    .option("--json", "print one line of JSON per item and nothing else")
    .option("--json_progress", "as --json, with a line for every step as well")
    .option("--quiet", "print errors only")
    .option("--verbose", "also print where files were found and what is risky")
    .optionsGroup("Model:")
    .addOption(
      new Option("--task <name>", "the model").choices(["ati-14B"] as const)
        .default("ati-14B" as const),
    )
    .option(
      "-g, --gpus <number>",
      "how many GPUs to use (default: all)",
      numberBetween(1, 64, "integer"),
    )
    .addOption(
      new Option("--device <name>", "where the model runs")
        .choices(["auto", "cuda", "webgpu", "cpu"] as const)
        .default("auto" as const),
    )
    .option(
      "--dtype <name>",
      "its precision: auto, bf16, fp16 or fp32; or a list for single networks, for example dit=fp8,t5=bf16,clip=fp16,vae=fp32 (default: auto)",
      parseDtype,
    )
    .addOption(
      new Option("--sample_solver <name>", "how noise is taken away")
        .choices(["unipc", "dpm++", "euler"] as const).default(
          "unipc" as const,
        ),
    )
    .option(
      "--sample_steps <number>",
      "in how many steps; 40 is the original's, fewer is faster",
      numberBetween(1, 100, "integer"),
      40,
    )
    .option(
      "--sample_shift <number>",
      "more keeps the steps longer at the layout, less at the detail",
      numberBetween(0.01, 100),
      5,
    )
    .option(
      "--sample_guide_scale <number>",
      "how closely to follow the prompt; 1 saves half of the time",
      numberBetween(0, 100),
      5,
    )
    .option(
      "--base_seed <number>",
      "the seed; -1 draws one",
      numberBetween(-1, Number.MAX_SAFE_INTEGER, "integer"),
      -1,
    )
    .option(
      "--offload_model <yes|no>",
      "free each network when it is done (default: yes)",
      parseBoolean,
    )
    .option("--t5_cpu", "run the text encoder on the CPU")
    .option(
      "--sample_sigmas <list>",
      "noise levels of your own instead of steps and shift, for example 1,0.94,0.83,0.63",
      parseSigmas,
    )
    .option(
      "--skip_negative <from-to>",
      "steps that are taken without the negative prompt, for example 28-40",
      parseRange,
    )
    .option(
      "--step_cache <threshold>",
      "TeaCache: leave out steps that change little; 0.13 is faithful, 0.26 fast",
      numberBetween(0, 10),
      0,
    )
    .option(
      "--preview_every <steps>",
      "write a rough picture of the video every so many steps",
      numberBetween(0, 100, "integer"),
      0,
    )
    .option(
      "--resume_every <steps>",
      "write the state every so many steps; a run that was killed goes on there",
      numberBetween(1, 100, "integer"),
      5,
    )
    .option(
      "--cache <folder>",
      "keep features of texts and images; a second seed starts at the transformer",
    )
    .addOption(
      new Option(
        "--lora <file[=strength]>",
        "add a LoRA, for example motion.safetensors=0.8; may be given several times",
      ).argParser(parseLora).default([] as LoraChoice[], "none"),
    )
    .option(
      "--tile <px>",
      "encode and decode pictures in tiles of this size, to save GPU memory: 256 or more",
      parseTile,
    )
    .option(
      "--threads <number>",
      "threads of the CPU to use (default: all)",
      numberBetween(1, 1024, "integer"),
    )
    .option(
      "--use_prompt_extend",
      "let a language model write longer prompts: a chat server at PROMPT_EXTEND_URL",
    )
    .option(
      "--prompt_extend_model <name>",
      "which of its models (default: PROMPT_EXTEND_MODEL)",
    )
    .addOption(
      new Option("--prompt_extend_target_lang <name>", "in which language")
        .choices(["zh", "en"] as const).default("zh" as const),
    )
    .addOption(
      new Option("--prompt_extend_method <name>").choices(
        ["dashscope", "local_qwen"] as const,
      ).hideHelp(),
    )
    .option(
      "--keep_latent",
      "keep the video's latent beside it, as .safetensors",
    )
    .option(
      "--inject <folder>",
      "take token ids and noise from a folder instead of making them: prompt.ids.npy, negative.ids.npy, noise.npy; to compare implementations",
    )
    .addOption(
      new Option(
        "--compat <name>",
        "round the video's size as the original does",
      )
        .choices(["exact", "reference"] as const).default("exact" as const),
    )
    .optionsGroup(PARTS_TITLE)
    .addOption(PART_OPTIONS.transformer)
    .addOption(PART_OPTIONS.vae)
    .addOption(PART_OPTIONS.t5)
    .addOption(PART_OPTIONS.clip)
    .addOption(PART_OPTIONS.tokenizer)
    // Accepted, without an effect here.
    .addOption(
      new Option("--ulysses_size <number>").argParser(
        numberBetween(1, 1024, "integer"),
      ).hideHelp(),
    )
    .addOption(
      new Option("--ring_size <number>").argParser(
        numberBetween(1, 1024, "integer"),
      ).hideHelp(),
    )
    .addOption(new Option("--t5_fsdp").hideHelp())
    .addOption(new Option("--dit_fsdp").hideHelp())
    .addHelpText(
      "after",
      "\nExamples:\n" +
        "  generate.ts -p examples/test.yaml -o output\n" +
        '  generate.ts --image cat.jpg --track cat.pth --prompt "A cat walks." -o output\n' +
        "  generate.ts -p examples/test.yaml -c Wan2.1-ATI-14B-480P -o output\n" +
        "  generate.ts -p examples/test.yaml -c Wan2.1-ATI-14B-480P --transformer q4.safetensors\n" +
        "  generate.ts --from output/outputs/000.json -o again\n" +
        "\nExit codes: 0 done, 1 some items failed, 2 wrong usage or input (nothing was\nstarted), 130 interrupted.",
    );
  for (const name of Object.keys(REFUSED)) {
    program.addOption(new Option(`--${name} [value]`).hideHelp());
  }
  return program;
}

/**
 * Parses and validates a command line.
 *
 * @throws {CommanderError} For unknown flags and values out of range.
 * @throws {UsageError} For flags that do not go together.
 */
export function parseGenerateOptions(
  args: readonly string[],
): GenerateOptions {
  const program = createProgram();
  program.parse(args.map(asUnderscores), { from: "user" });
  const flags = program.opts();
  const given = (name: string) => program.getOptionValueSource(name) === "cli";
  for (const [name, hint] of Object.entries(REFUSED)) {
    if (given(name)) {
      throw new UsageError(withHint(`Cannot use --${name}`, hint));
    }
  }
  if ((flags.ulysses_size ?? 1) > 1 || (flags.ring_size ?? 1) > 1) {
    throw new UsageError(
      withHint(
        "Cannot split one video over several GPUs by --ulysses_size or --ring_size, expected 1",
        "Say -g N: several items are spread over the GPUs.",
      ),
    );
  }
  if ((flags.json || flags.json_progress) && flags.quiet) {
    throw new UsageError("Cannot take both --json and --quiet");
  }
  const fromRecipe = flags.from !== undefined;
  const parts = namedParts(flags);
  const hasParts = PART_FLAGS.every((part) => parts[part] !== undefined);
  const hasModel = flags.ckpt_dir !== undefined || fromRecipe || hasParts;
  const engine = flags.engine === "auto"
    ? hasModel ? "model" : "preview"
    : flags.engine;
  const [part] = Object.keys(parts);
  if (!hasModel && part !== undefined) {
    throw new UsageError(
      withHint(
        `Cannot take --${part} without a checkpoint for the other parts`,
        `Say where it lies: -c FOLDER. Without one all parts are needed: ${
          PART_FLAGS.map((name) => `--${name}`).join(", ")
        }`,
      ),
    );
  }
  if (engine === "model" && !hasModel) {
    throw new UsageError(
      withHint(
        "Cannot use --engine model without a checkpoint",
        "Say where it lies: -c FOLDER",
      ),
    );
  }

  const notes: string[] = [];
  for (const name of ["t5_fsdp", "dit_fsdp"] as const) {
    if (flags[name]) notes.push(`--${name} has no effect: nothing is sharded.`);
  }
  if (flags.size.area > TRAINED_AREA) {
    notes.push(
      `ATI was trained at ${
        SIZES[0]
      }; ${flags.size.text} takes longer and may follow the tracks less well.`,
    );
  }
  if (engine === "preview") {
    const idle = [...MODEL_FLAGS, ...PART_FLAGS].filter(given).map((name) =>
      `--${name}`
    );
    if (flags.ckpt_dir !== undefined) idle.unshift("--ckpt_dir");
    if (idle.length > 0) {
      notes.push(`Without effect on a motion preview: ${idle.join(", ")}.`);
    }
  }
  if (fromRecipe) {
    const taken = RECIPE_FLAGS.filter(given);
    if (taken.length > 0) {
      throw new UsageError(withHint(
        `Cannot take --${taken[0]} together with --from: the recipe says it`,
        "Change a copy of the recipe, or leave --from away.",
      ));
    }
  }
  if (given("prompt_extend_method")) {
    notes.push(
      "--prompt_extend_method has no effect: any chat server will do.",
    );
  }
  const settings = settingsOf(flags);
  const { save_file: saveFile, output } = flags;
  return {
    input: inputOf(flags),
    engine,
    out: output ?? (saveFile === undefined ? "samples" : undefined),
    saveFile,
    maxArea: flags.size.area,
    frameCount: flags.frame_num,
    crf: flags.crf,
    negative: flags.negative,
    seed: flags.base_seed < 0 ? undefined : flags.base_seed,
    overwrite: flags.overwrite ?? false,
    shard: flags.shard,
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
      dtype: flags.dtype,
      settings,
      offload: flags.offload_model,
      t5Cpu: flags.t5_cpu ?? false,
      threads: flags.threads,
      resumeEvery: flags.resume_every,
      previewEvery: flags.preview_every,
      cache: flags.cache,
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
    notes,
  };
}

/** The settings of the sampler, checked together. */
function settingsOf(flags: {
  size: { area: number };
  frame_num: number;
  sample_solver: CompleteSettings["solver"];
  sample_steps: number;
  sample_shift: number;
  sample_guide_scale: number;
  sample_sigmas?: number[];
  skip_negative?: [number, number];
  step_cache: number;
  compat: CompleteSettings["compat"];
}): CompleteSettings {
  const { sample_sigmas: sigmas, skip_negative: skipUnconditional } = flags;
  try {
    return completeSettings({
      maxArea: flags.size.area,
      frameCount: flags.frame_num,
      solver: flags.sample_solver,
      steps: sigmas?.filter((sigma) => sigma > 0).length ?? flags.sample_steps,
      shift: flags.sample_shift,
      guidance: flags.sample_guide_scale,
      stepCache: flags.step_cache,
      compat: flags.compat,
      ...(sigmas && { sigmas }),
      ...(skipUnconditional && { skipUnconditional }),
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function inputOf(
  flags: {
    from?: string | undefined;
    prompt?: string | undefined;
    image?: string | undefined;
    track?: string | undefined;
  },
): GenerateOptions["input"] {
  const { prompt, image, track, from } = flags;
  if (from !== undefined) return { kind: "recipe", path: from };
  if (prompt !== undefined && /\.ya?ml$/i.test(prompt)) {
    if (image !== undefined || track !== undefined) {
      throw new UsageError(
        `Cannot take a job file (${
          quote(prompt)
        }) together with --image or --track`,
      );
    }
    return { kind: "jobs", path: prompt };
  }
  if (image === undefined && track === undefined) {
    throw new UsageError(
      prompt === undefined
        ? withHint("Nothing to do", "Say -p JOBS.yaml, or --image and --track.")
        : withHint(
          `Cannot use the prompt ${
            quote(prompt)
          } alone, expected --image and --track with it`,
          "A job file's name ends in .yaml.",
        ),
    );
  }
  if (image === undefined || track === undefined) {
    throw new UsageError(
      `Cannot take --${
        image === undefined ? "track" : "image"
      } alone, expected --${image === undefined ? "image" : "track"} with it`,
    );
  }
  return { kind: "item", image, track, text: prompt?.trim() ?? "" };
}

/** `--sample-steps` for `--sample_steps`: both spellings are understood. */
function asUnderscores(argument: string): string {
  return argument.replace(
    /^--[a-z0-9]+(-[a-z0-9]+)+(?==|$)/,
    (flag) => "--" + flag.slice(2).replaceAll("-", "_"),
  );
}
