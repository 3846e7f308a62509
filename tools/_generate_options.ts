/**
 * The command line of `generate.ts`: the flags of the reference's
 * `generate.py` and `run_example.sh` under their own names, and ours. Parsed
 * and validated as a whole before anything is read.
 *
 * @module
 */

import { quote, withHint } from "../core/errors.ts";
import {
  createCommand,
  InvalidArgumentError,
  numberBetween,
  Option,
  UsageError,
} from "./_tool.ts";

/** What `generate.ts` is to do. */
export interface GenerateOptions {
  /** A job file, or one item given by flags. */
  readonly input:
    | { readonly kind: "jobs"; readonly path: string }
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
  /** What is printed. */
  readonly print: "people" | "json" | "nothing";
  /** Whether people are told more. */
  readonly verbose: boolean;
  /** What concerns the model alone. */
  readonly model: ModelOptions;
  /** Flags that were given and change nothing, in plain words. */
  readonly notes: readonly string[];
}

/** What concerns the model alone. */
export interface ModelOptions {
  readonly checkpoint: string | undefined;
  readonly gpus: number | undefined;
  readonly device: "auto" | "cuda" | "webgpu" | "cpu";
  readonly dtype: "auto" | "bf16" | "fp16" | "fp32";
  readonly solver: "unipc" | "dpm++";
  readonly steps: number;
  readonly shift: number;
  readonly guidance: number;
  readonly offload: boolean | undefined;
  readonly t5Cpu: boolean;
}

/** The area that ATI was trained at. */
const TRAINED_AREA = 832 * 480;

const SIZES = ["832*480", "480*832", "1280*720", "720*1280"] as const;

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
  use_prompt_extend:
    "Prompts cannot be extended yet; write what the video shows in full sentences.",
  prompt_extend_method:
    "Prompts cannot be extended yet; write what the video shows in full sentences.",
  prompt_extend_model:
    "Prompts cannot be extended yet; write what the video shows in full sentences.",
  prompt_extend_target_lang:
    "Prompts cannot be extended yet; write what the video shows in full sentences.",
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
        "the area of the videos, one of " + SIZES.join(", ") +
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
    .addOption(
      new Option("--dtype <name>", "its precision")
        .choices(["auto", "bf16", "fp16", "fp32"] as const)
        .default("auto" as const),
    )
    .addOption(
      new Option("--sample_solver <name>", "how noise is taken away")
        .choices(["unipc", "dpm++"] as const).default("unipc" as const),
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
  if (flags.json && flags.quiet) {
    throw new UsageError("Cannot take both --json and --quiet");
  }
  const engine = flags.engine === "auto"
    ? flags.ckpt_dir === undefined ? "preview" : "model"
    : flags.engine;
  if (engine === "model" && flags.ckpt_dir === undefined) {
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
    const idle = MODEL_FLAGS.filter(given).map((name) => `--${name}`);
    if (flags.ckpt_dir !== undefined) idle.unshift("--ckpt_dir");
    if (idle.length > 0) {
      notes.push(`Without effect on a motion preview: ${idle.join(", ")}.`);
    }
  }
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
    print: flags.json ? "json" : flags.quiet ? "nothing" : "people",
    verbose: flags.verbose ?? false,
    model: {
      checkpoint: flags.ckpt_dir,
      gpus: flags.gpus,
      device: flags.device,
      dtype: flags.dtype,
      solver: flags.sample_solver,
      steps: flags.sample_steps,
      shift: flags.sample_shift,
      guidance: flags.sample_guide_scale,
      offload: flags.offload_model,
      t5Cpu: flags.t5_cpu ?? false,
    },
    notes,
  };
}

function inputOf(
  flags: {
    prompt?: string | undefined;
    image?: string | undefined;
    track?: string | undefined;
  },
): GenerateOptions["input"] {
  const { prompt, image, track } = flags;
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

function parseSize(text: string): { text: string; area: number } {
  const size = text.replace("x", "*");
  if (!SIZES.includes(size as typeof SIZES[number])) {
    throw new InvalidArgumentError(`expected one of ${SIZES.join(", ")}.`);
  }
  const [width, height] = size.split("*").map(Number);
  return { text: size, area: width! * height! };
}

function parseFrames(text: string): number {
  const frames = numberBetween(5, 81, "integer")(text);
  if (frames % 4 !== 1) {
    throw new InvalidArgumentError(
      `expected 4n + 1, for example ${frames - ((frames + 3) % 4)}.`,
    );
  }
  return frames;
}

function parseBoolean(text: string): boolean {
  const value = text.toLowerCase();
  if (["yes", "true", "t", "y", "1", "on"].includes(value)) return true;
  if (["no", "false", "f", "n", "0", "off"].includes(value)) return false;
  throw new InvalidArgumentError("expected yes or no.");
}
