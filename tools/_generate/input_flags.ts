/**
 * The flags that every run has: what is made, where it goes, what is printed.
 *
 * @module
 */

import { VERSION } from "../../core/pipeline/fingerprint.ts";
import { type Command, numberBetween, Option } from "../shared/tool.ts";
import { FPS, FROM_SIZE, LENGTH, UNIT } from "../shared/track_reading.ts";
import { parseFrames, parseShard, parseSize, SIZES } from "./values.ts";

/** The area that ATI was trained at, in px. */
export const TRAINED_AREA = 832 * 480;

/** Adds the flags to a program. */
export function addInputFlags(program: Command) {
  return program
    .optionsGroup("What is made:")
    .option(
      "-p, --prompt <JOBS.yaml|text>",
      "the job file, a YAML list; or with --image and --track the prompt of one picture",
    )
    .option("--image <file>", "one picture: JPEG, PNG or WebP")
    .option("--track <file>", "its tracks: .pth, .npz, .npy or .json")
    .option(
      "--negative <text>",
      "what the videos shall not show (default: the model's own)",
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
    .optionsGroup("How the track files are read:")
    .addOption(LENGTH())
    .addOption(FPS())
    .addOption(UNIT())
    .addOption(FROM_SIZE("--from_size <WxH>"))
    .optionsGroup("Where it goes:")
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
    .optionsGroup("The video:")
    .addOption(
      new Option(
        "--size <W*H>",
        `its area in px, for example ${
          SIZES.join(", ")
        }; the aspect is always the picture's`,
      ).argParser(parseSize).default(
        { text: SIZES[0] as string, area: TRAINED_AREA },
        SIZES[0],
      ),
    )
    .option(
      "--frame_num <number>",
      "frames at 16 per second: 4n + 1, from 5 to 81; ATI was trained with 81",
      parseFrames,
      81,
    )
    .option(
      "--base_seed <number>",
      "the seed of the model's noise; -1 draws one for each video",
      numberBetween(-1, Number.MAX_SAFE_INTEGER, "integer"),
      -1,
    )
    .option(
      "--crf <number>",
      "H.264 quality, 0 to 51: 0 is lossless, 10 as the original, 18 smaller",
      numberBetween(0, 51, "integer"),
      10,
    )
    .optionsGroup("What is printed:")
    .option("--json", "one line of JSON per item and nothing else")
    .option("--json_progress", "as --json, with a line for every step as well")
    .option("--quiet", "errors only")
    .option(
      "--verbose",
      "also where files were found and what is risky; the stack of an error",
    )
    .version(VERSION, "-V, --version", "the version")
    .addHelpOption(
      new Option("-h, --help", "this text").helpGroup("What is printed:"),
    );
}
