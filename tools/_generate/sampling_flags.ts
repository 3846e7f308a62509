/**
 * The flags of the sampler, and those that compare with the reference.
 *
 * @module
 */

import { type Command, numberBetween, Option } from "../shared/tool.ts";
import { parseRange, parseSigmas } from "./values.ts";

/** Adds the flags to a program. */
export function addSamplingFlags(program: Command) {
  return program
    .optionsGroup("Sampling:")
    .addOption(
      new Option("--sample_solver <name>", "solver")
        .choices(["unipc", "dpm++", "euler"] as const).default(
          "unipc" as const,
        ),
    )
    .option(
      "--sample_steps <number>",
      "number of denoising steps, 1 to 100; reference: 40",
      numberBetween(1, 100, "integer"),
      40,
    )
    .option(
      "--sample_shift <number>",
      "flow shift; higher: more steps on layout and motion (default: 5; Wan-Move at 480p: 3)",
      numberBetween(0.01, 100),
    )
    .option(
      "--sample_guide_scale <number>",
      "CFG scale; 1 disables guidance, twice as fast",
      numberBetween(0, 100),
      5,
    )
    .option(
      "--sample_sigmas <list>",
      "custom noise levels instead of steps and shift, for example 1,0.94,0.83,0.63",
      parseSigmas,
    )
    .option(
      "--skip_negative <from-to>",
      "steps without the negative prompt, for example 28-40",
      parseRange,
    )
    .option(
      "--step_cache <threshold>",
      "TeaCache threshold; 0.13 high fidelity, 0.26 fast, 0 off",
      numberBetween(0, 10),
      0,
    )
    .option(
      "--use_ret_steps",
      "TeaCache: compute the first 5 steps, compare the time projection; threshold about 0.26",
    )
    .option(
      "--mag_cache <threshold>",
      "MagCache threshold, instead of TeaCache; 0.12 high fidelity, 0.24 fast",
      numberBetween(0.001, 10),
    )
    .option(
      "--mag_cache_k <number>",
      "MagCache: how many passes in a row may be reused (default: 2)",
      numberBetween(1, 100, "integer"),
    )
    .option(
      "--mag_cache_retention <fraction>",
      "MagCache: the first steps that are always computed (default: 0.2)",
      numberBetween(0, 1),
    );
}

/** Adds the flags that help to compare two implementations. */
export function addCompareFlags(program: Command) {
  return program
    .optionsGroup("Run:")
    .addOption(
      new Option(
        "--compat <name>",
        "reference: round the video's size as the reference does",
      )
        .choices(["exact", "reference"] as const).default("exact" as const),
    )
    .option(
      "--inject <folder>",
      "override token ids and noise with prompt.ids.npy, negative.ids.npy and noise.npy in it",
    );
}
