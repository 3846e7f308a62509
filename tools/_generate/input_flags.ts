/**
 * The flags that every run has: inputs, outputs, size, what is printed.
 *
 * @module
 */

import { VERSION } from "../../core/pipeline/fingerprint.ts";
import { OVERWRITE, VERBOSE } from "../shared/common_flags.ts";
import { type Command, numberBetween, Option } from "../shared/tool.ts";
import {
  ARRAY,
  FPS,
  FROM_SIZE,
  LENGTH,
  ORDER,
  UNIT,
} from "../shared/track_reading.ts";
import {
  parseFrames,
  parseSeed,
  parseShard,
  parseSize,
  SIZES,
} from "./values.ts";

/** The area that the model was trained at, in px. */
export const TRAINED_AREA = 832 * 480;

/** Adds the flags to a program. */
export function addInputFlags(program: Command) {
  return program
    .optionsGroup("Inputs:")
    .option(
      "-p, --jobs <file>",
      "the job file, a YAML list of entries",
    )
    .option("--image <file>", "a single image: JPEG, PNG or WebP")
    .option("--track <file>", "its tracks: .pth, .npz, .npy or .json")
    .option("--prompt <text>", "its prompt")
    .option(
      "--negative <text>",
      "negative prompt (default: the model's own)",
    )
    .option(
      "--watch <folder>",
      "run every job file of a folder, and those that are added, until stopped; results go to OUTPUT/<job file>",
    )
    .option(
      "--from <recipe.json>",
      "reproduce a video from its recipe",
    )
    .addOption(
      new Option(
        "--shard <index/count>",
        "shard INDEX of COUNT of the items, for example 2/8; for batch systems",
      ).argParser(parseShard).default([1, 1] as [number, number], "1/1"),
    )
    .optionsGroup("Track files:")
    .addOption(LENGTH())
    .addOption(FPS())
    .addOption(UNIT())
    .addOption(FROM_SIZE("--from_size <WxH>"))
    .addOption(ARRAY())
    .addOption(ORDER())
    .optionsGroup("Outputs:")
    .option(
      "-o, --output <folder>",
      'the folder for the results (default: "samples")',
    )
    .option(
      "--save_file <pattern>",
      'names for the videos, for example "videos/%03d.mp4"; without -o nothing else is written',
    )
    .option(...OVERWRITE)
    .option(
      "--crf <number>",
      "H.264 quality, 0 (lossless) to 51, lower is better; reference: 10",
      numberBetween(0, 51, "integer"),
      10,
    )
    .optionsGroup("Sampling:")
    .addOption(
      new Option(
        "--size <W*H>",
        `its area in px, for example ${
          SIZES.join(", ")
        }; the aspect is always the image's`,
      ).argParser(parseSize).default(
        { text: SIZES[0] as string, area: TRAINED_AREA },
        SIZES[0],
      ),
    )
    .option(
      "--frame_num <number>",
      "frames at 16 per second: 4n + 1, from 5 to 81; trained with 81",
      parseFrames,
      81,
    )
    .option(
      "--overlap <frames>",
      "longer videos: frames in which a segment fades into the next; even (default: 0)",
      numberBetween(0, 78, "integer"),
    )
    .option(
      "--base_seed <number>",
      "seed of the noise; -1 draws one for each video",
      parseSeed,
      -1,
    );
}

/** Adds the flags that say what is printed. */
export function addPrintFlags(program: Command) {
  return program
    .optionsGroup("Run:")
    .option("--json", "one line of JSON per item and nothing else")
    .option("--json_progress", "as --json, with a line for every step as well")
    .option("--quiet", "errors only")
    .option(
      "--heartbeat <seconds>",
      "print a line with metrics every so many seconds; 0: never (default: 0, with --watch 60)",
      numberBetween(0, 86_400, "integer"),
    )
    .option(
      "--retries <number>",
      "try an item again after an error that may pass (disk full, GPU lost), after 10 s, 20 s, ... up to 10 min (default: 0, with --watch 10)",
      numberBetween(0, 1000, "integer"),
    )
    .option(...VERBOSE)
    .version(VERSION, "-V, --version", "show the version")
    .addHelpOption(
      new Option("-h, --help", "show this help").helpGroup("Run:"),
    );
}
