/**
 * What command lines cannot say, and what of them has no effect.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import { DRAFT, PART_FLAGS } from "../shared/checkpoint_options.ts";
import { UsageError } from "../shared/tool.ts";
import { TRAINED_AREA } from "./input_flags.ts";
import { CONTROL_FLAGS } from "./control_flags.ts";
import type { GenerateOptions } from "./options.ts";
import type { Flags } from "./program.ts";
import { REFUSED } from "./reference_flags.ts";
import { SIZES } from "./values.ts";

/** Flags about the steps of sampling. */
const SAMPLING_FLAGS = [
  "sample_solver",
  "sample_steps",
  "sample_shift",
  "sample_guide_scale",
  "sample_sigmas",
  "skip_negative",
  "step_cache",
  "use_ret_steps",
  "mag_cache",
  "mag_cache_k",
  "mag_cache_retention",
] as const;

/** Flags about how a track file is to be read. */
const READING_FLAGS = ["length", "fps", "unit", "from_size", "array", "order"];

/** Flags that a recipe replaces. */
const RECIPE_FLAGS = [
  "jobs",
  "prompt",
  "image",
  "track",
  ...READING_FLAGS,
  "negative",
  "size",
  "frame_num",
  "overlap",
  "crf",
  ...SAMPLING_FLAGS,
  "base_seed",
  "compat",
  "lora",
  "tile",
  "use_prompt_extend",
  ...CONTROL_FLAGS,
] as const;

/** Flags that only the model looks at. */
const MODEL_FLAGS = [
  "gpus",
  "device",
  "cuda_provider",
  "dtype",
  ...SAMPLING_FLAGS,
  "resume_every",
  "preview_every",
  "cache",
  "lora",
  "tile",
  "tiny_vae",
  "inject",
  "keep_latent",
  "threads",
  "use_prompt_extend",
  "prompt_extend_model",
  "prompt_extend_target_lang",
  "base_seed",
  "negative",
  "offload_model",
  "t5_cpu",
  "vram",
  "execution",
  ...CONTROL_FLAGS,
] as const;

/** A command line, flag by flag. */
export interface GivenFlags {
  /** What the flags say, defaults included. */
  readonly flags: Flags;
  /** Whether a flag was really given. */
  readonly given: (name: string) => boolean;
  /** Arguments without a flag. */
  readonly stray: readonly string[];
}

/** Throws a {@linkcode UsageError} for what cannot be said, alone or together. */
export function refuse({ flags, given, stray }: GivenFlags): void {
  for (const [name, hint] of Object.entries(REFUSED)) {
    if (given(name)) {
      throw new UsageError(withHint(`Cannot use --${name}`, hint));
    }
  }
  const [first] = stray;
  if (first !== undefined) {
    throw new UsageError(withHint(
      `Cannot use ${quote(first)}: unexpected argument`,
      /\.ya?ml$/i.test(first)
        ? `A job file is passed by -p: -p ${first}`
        : "Quote prompts that contain spaces; --help lists all flags.",
    ));
  }
  if ((flags.ulysses_size ?? 1) > 1 || (flags.ring_size ?? 1) > 1) {
    throw new UsageError(
      withHint(
        "Cannot split one video over several GPUs by --ulysses_size or --ring_size, expected 1",
        "Use -g N: several items are spread over the GPUs.",
      ),
    );
  }
  if ((flags.json || flags.json_progress) && flags.quiet) {
    throw new UsageError("Cannot use both --json and --quiet");
  }
  if (flags.watch !== undefined) {
    const other = ["jobs", "prompt", "image", "track", "from", "save_file"]
      .find(given);
    if (other !== undefined) {
      throw new UsageError(withHint(
        `Cannot use --${other} together with --watch`,
        "--watch runs the job files of a folder; their results go to folders below -o.",
      ));
    }
  }
  if (flags.from === undefined) return;
  if (flags.vae === DRAFT) {
    throw new UsageError(
      "Cannot use --vae tiny together with --from: the recipe sets it",
    );
  }
  const taken = RECIPE_FLAGS.filter(given);
  if (taken.length > 0) {
    throw new UsageError(withHint(
      `Cannot use --${taken[0]} together with --from: the recipe sets it`,
      "Change a copy of the recipe, or omit --from.",
    ));
  }
}

/** Flags that were given and change nothing or are risky, in plain words. */
export function notesOn(
  { flags, given }: GivenFlags,
  engine: GenerateOptions["engine"],
): string[] {
  const notes: string[] = [];
  for (const name of ["t5_fsdp", "dit_fsdp"] as const) {
    if (flags[name]) notes.push(`--${name} has no effect: nothing is sharded.`);
  }
  if (flags.size.area > TRAINED_AREA) {
    notes.push(
      `The model was trained at ${
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
  if (given("prompt_extend_method")) {
    notes.push(
      "--prompt_extend_method has no effect: any chat server will do.",
    );
  }
  return notes;
}
