#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX
/**
 * Draws the tracks of a job file over its images.
 *
 * Mirrors the reference's `tools/plot_user_inputs.py`; other than there a
 * track with one visible sample is drawn, no input is ever overwritten, and
 * the exit code tells whether all went well.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { quote, withHint } from "../core/base/errors.ts";
import { checkOutput } from "../core/files/check_output.ts";
import {
  fileExists,
  readFileBytes,
  removeStaleTemp,
  writeFileAtomic,
} from "../core/files/files.ts";
import { protectInputs } from "../core/files/inputs.ts";
import { JobFileError } from "../core/jobs/job_file.ts";
import { pairedVisibility } from "../core/jobs/paired_visibility.ts";
import { type Job, tryReadJobs } from "../core/jobs/read_jobs.ts";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { plotTracks } from "../core/media/plot_tracks.ts";
import { NO_TRACKS } from "../core/jobs/signal_folder.ts";
import { loadMedia } from "../core/media/load_media.ts";
import { LongTracks } from "../core/tracks/long_tracks.ts";
import { fitTracks, readRawTracks } from "../core/tracks/read_tracks.ts";
import { asDashes, reportProblems } from "./shared/batch.ts";
import { OVERWRITE, VERBOSE } from "./shared/common_flags.ts";
import {
  createCommand,
  describeError,
  endedAtOnce,
  numberBetween,
  Option,
  printError,
  printLine,
  printNote,
  runTool,
  type ToolContext,
  type ToolOptions,
} from "./shared/tool.ts";

import {
  ARRAY,
  FROM_SIZE,
  LENGTH,
  ORDER,
  PLAIN_FPS,
  trackReadingOf,
  UNIT,
} from "./shared/track_reading.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/plot_user_inputs.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX",
};

const FORMATS = { jpg: "jpeg", png: "png", webp: "webp" } as const;

function command() {
  return createCommand("plot_user_inputs.ts")
    .description(
      "Draws the tracks of a job file over its images: a line from green to red, a dot where it starts, an arrow head where it ends.",
    )
    .argument("<jobs>", "the job file, a YAML list of entries")
    .option(
      "--save-dir <folder>",
      "where the images go (default: images_tracks next to the job file)",
    )
    .addOption(
      new Option("--format <kind>", "what to write").choices(
        ["jpg", "png", "webp"] as const,
      ).default("jpg" as const),
    )
    .option(
      "--line-width <px>",
      "how thick the lines are",
      numberBetween(2, 1000),
      10,
    )
    .option(
      "--dot-radius <px>",
      "how large the dots at the start are; 0 for none",
      numberBetween(0, 1000),
      10,
    )
    .addOption(LENGTH())
    .addOption(PLAIN_FPS())
    .addOption(UNIT())
    .addOption(FROM_SIZE("--from-size <WxH>"))
    .addOption(ARRAY())
    .addOption(ORDER())
    .option("--legend", "write each track's number next to its start")
    .option(...OVERWRITE)
    .addOption(
      new Option(
        "--compat <what>",
        "draw pixel for pixel as the reference: hard edges, gaps at the joints, EXIF orientation ignored",
      ).choices(["reference"] as const),
    )
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
One image is written for each entry: 00.jpg, 01.jpg, ... or the entry's name.
An entry that cannot be drawn is reported, and the others are drawn all the same.

Exit code: 0 all are there, 1 some could not be drawn, 2 nothing was started.

Example:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} examples/test.yaml --save-dir plots --legend`,
    );
}

type Options = ReturnType<ReturnType<typeof command>["opts"]>;

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const program = command().parse(asDashes(args), { from: "user" });
  const [jobFile] = program.processedArgs;
  const options = program.opts();
  const saveDir = options.saveDir ?? join(dirname(jobFile), "images_tracks");
  const found = await tryReadJobs(jobFile, { text: "optional" });
  const { problems } = found;
  // An entry with a motion signal may have no tracks to plot.
  const jobs = found.jobs.filter(({ track }) => track !== NO_TRACKS);
  if (found.jobs.length === 0) throw new JobFileError(jobFile, problems);
  await loadMedia(["image"]);
  reportProblems(jobFile, problems);

  using _inputs = await protectInputs([
    jobFile,
    ...jobs.flatMap(({ imageFile, trackFile }) => [
      imageFile.path,
      trackFile.path,
    ]),
  ]);
  await removeStaleTemp(join(saveDir, "any"));
  let failed = problems.length;
  for (const job of jobs) {
    signal.throwIfAborted();
    const stem = job.name ?? String(job.index).padStart(2, "0");
    const output = join(saveDir, `${stem}.${options.format}`);
    try {
      await checkOutput(output);
      printLine(await plotJob(job, output, options));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failed++;
      printError(`item ${job.index}: ${describeError(error, TOOL)}`);
    }
  }
  return failed > 0 ? 1 : 0;
}

/** Draws one image and says in a line what was done. */
async function plotJob(
  { imageFile, trackFile }: Job,
  output: string,
  options: Options,
): Promise<string> {
  const { lineWidth, dotRadius, legend = false, overwrite = false } = options;
  if (!overwrite && await fileExists(output)) {
    return `${output}: already exists, skipped (--overwrite to replace)`;
  }
  const compat = options.compat ? { compat: options.compat } : {};
  const image = await decodeImage(await readFileBytes(imageFile.path), {
    name: imageFile.path,
    onNote: printNote,
    ...compat,
  });
  const bytes = await readFileBytes(trackFile.path);
  const visibility = await pairedVisibility(trackFile.path, printNote);
  const { length, fps, times, ...reading } = trackReadingOf(options);
  const name = trackFile.path;
  const raw = await endedAtOnce(() =>
    readRawTracks(bytes, {
      name,
      ...visibility && { visibility },
      image: { width: image.width, height: image.height },
      ...reading,
    })
  );
  const fitting = {
    name,
    length: length ?? "auto",
    ...fps !== undefined && { fps },
    ...times && { times },
  };
  // As generate draws them: longer ones make a longer video.
  const fitted = fitTracks(raw, fitting);
  const long = LongTracks.fromReading(raw, fitting);
  const { tracks, notes, warnings } = long
    ? {
      tracks: long,
      notes: raw.notes,
      warnings: [...raw.warnings, long.describe()],
    }
    : fitted;
  if (tracks.count === 0) {
    throw new TypeError(
      withHint(
        `Cannot plot ${quote(trackFile.path)}: it has no tracks`,
        "Draw some tracks first; tools/tracks.ts inspect shows what a file holds.",
      ),
    );
  }
  const plotted = await endedAtOnce(() =>
    plotTracks(image, tracks, { lineWidth, dotRadius, legend, ...compat })
  );
  const encoded = await encodeImage(plotted, FORMATS[options.format]);
  await writeFileAtomic(output, encoded, { overwrite });
  for (const note of [...options.verbose ? notes : [], ...warnings]) {
    printLine(`${trackFile.path}: ${note}`);
  }
  const found = options.verbose
    ? ` from ${imageFile.path} (${imageFile.from}) and ${trackFile.path} (${trackFile.from})`
    : "";
  const count = tracks.count === 1 ? "1 track" : `${tracks.count} tracks`;
  return `${output}: ${image.width}x${image.height}, ${count}${found}`;
}

if (import.meta.main) await runTool(TOOL, main);
