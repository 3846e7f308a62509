#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * Paints the tracks of a run over its videos.
 *
 * Mirrors the reference's `tools/visualize_trajectory.py`; other than there the
 * job file may have any name, points outside of the image are not drawn on
 * its border, and the videos keep their speed.
 *
 * @module
 */

import { basename, dirname, extname, join } from "node:path";
import { quote, withHint } from "../core/base/errors.ts";
import { fileError } from "../core/files/file_error.ts";
import { checkOutput } from "../core/files/check_output.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
  removeStaleTemp,
} from "../core/files/files.ts";
import { protectInputs } from "../core/files/inputs.ts";
import type { ParsedJob } from "../core/jobs/job_file.ts";
import { pairedVisibility } from "../core/jobs/paired_visibility.ts";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { resolveFrom } from "../core/jobs/read_jobs.ts";
import { decodeImage } from "../core/media/image.ts";
import { loadMedia } from "../core/media/load_media.ts";
import { overlayTracks } from "../core/media/overlay_tracks.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { VIDEO_PRESETS } from "../core/media/video_writer.ts";
import { readOverlayTracks } from "./shared/video_tracks.ts";
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
  UsageError,
} from "./shared/tool.ts";

import {
  ARRAY,
  FPS,
  FROM_SIZE,
  LENGTH,
  ORDER,
  readingInputs,
  resolveReading,
  trackReadingOf,
  UNIT,
} from "./shared/track_reading.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/visualize_trajectory.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

function command() {
  return createCommand("visualize_trajectory.ts")
    .description(
      "Paints the tracks of a run over its videos: discs with a trail that shrinks and turns from red to blue as it grows older.",
    )
    .option(
      "--base-dir <folder>",
      "the folder of a run: its videos and the job file they were made from",
    )
    .option("--video-dir <folder>", "the videos' folder in there", "outputs")
    .option(
      "--track-dir <folder>",
      "a folder in there with the track files, if they are no longer where the job file says",
    )
    .option(
      "--output-appendix <text>",
      "suffix of the videos' folder for the results",
      "_vis",
    )
    .option("--video <file>", "paint over this one video instead of a run")
    .option("--track <file>", "with --video: the tracks")
    .option(
      "--image <file>",
      "with --video: the image they were drawn on, if its size differs from the video's",
    )
    .option(
      "--output <file>",
      "with --video: what to write (default: NAME_viz.mp4 next to the video)",
    )
    .option(
      "--radius <px>",
      "the radius of the newest disc",
      numberBetween(1, 1000, "integer"),
      6,
    )
    .option(
      "--trail <frames>",
      "how many frames back a trail reaches",
      numberBetween(1, 1000, "integer"),
      50,
    )
    .option(
      "--crf <number>",
      "the quality, 0 (lossless) to 51 (poor)",
      numberBetween(0, 51),
      18,
    )
    .addOption(
      new Option("--preset <name>", "x264 preset (speed vs. size)").choices(
        VIDEO_PRESETS,
      ).default("faster" as const),
    )
    .addOption(LENGTH())
    .addOption(FPS())
    .addOption(UNIT())
    .addOption(FROM_SIZE("--from-size <WxH>"))
    .addOption(ARRAY())
    .addOption(ORDER())
    .option(...OVERWRITE)
    .addOption(
      new Option(
        "--compat <what>",
        "paint as the reference: points outside of the image move to its border, EXIF orientation is ignored",
      ).choices(["reference"] as const),
    )
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
Of a run, OUT/outputs/000.mp4 becomes OUT/outputs_vis/000_viz.mp4. The number (or
the name) of a video leads to its entry in OUT/test.yaml, or in the one other job
file in OUT. A video that cannot be painted is reported, and the others are
painted all the same.

Exit code: 0 all are there, 1 some could not be painted, 2 nothing was started.

Examples:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} --base-dir samples
  deno run ${TOOL.permissions} \\
    ${TOOL.script} --video a.mp4 --track a.pth --image a.jpg`,
    );
}

type Options = ReturnType<ReturnType<typeof command>["opts"]>;

/** One video to paint. */
interface Task {
  readonly video: string;
  readonly track: string;
  readonly image: string | undefined;
  readonly output: string;
}

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const options = command().parse(asDashes(args), { from: "user" }).opts();
  const { tasks, failed: missing, jobFile } = options.video !== undefined
    ? {
      tasks: [await singleTask(options, options.video)],
      failed: 0,
      jobFile: undefined,
    }
    : await tasksOfRun(options);
  const hasImage = tasks.some(({ image }) => image !== undefined);
  await loadMedia(hasImage ? ["image", "video"] : ["video"]);

  using _inputs = await protectInputs([
    ...(jobFile === undefined ? [] : [jobFile]),
    ...readingInputs(trackReadingOf(options)),
    ...tasks.flatMap(({ video, track, image }) =>
      image === undefined ? [video, track] : [video, track, image]
    ),
  ]);
  for (const folder of new Set(tasks.map(({ output }) => dirname(output)))) {
    await removeStaleTemp(join(folder, "any"));
  }
  let failed = missing;
  for (const task of tasks) {
    signal.throwIfAborted();
    try {
      await checkOutput(task.output);
      printLine(await paintTask(task, options, signal));
    } catch (error) {
      if (signal.aborted || error instanceof Deno.errors.NotCapable) {
        throw error;
      }
      failed++;
      printError(about(task.video, describeError(error, TOOL)));
    }
  }
  return failed > 0 ? 1 : 0;
}

/** A message with the video that it is about, unless it names it already. */
function about(video: string, message: string): string {
  return message.includes(quote(video)) ? message : `${video}: ${message}`;
}

async function singleTask(options: Options, video: string): Promise<Task> {
  const { track, image, baseDir } = options;
  if (baseDir !== undefined) {
    throw new UsageError(
      "Cannot paint both a run and one video: expected --base-dir or --video",
    );
  }
  if (track === undefined) {
    throw new UsageError(
      withHint(
        "Cannot paint a video without tracks, expected --track",
        `${TOOL.script} --video ${video} --track FILE.pth`,
      ),
    );
  }
  for (const path of [video, track, image]) {
    if (path !== undefined) await requireFile(path);
  }
  const stem = basename(video, extname(video));
  const output = options.output ?? join(dirname(video), `${stem}_viz.mp4`);
  return { video, track, image, output };
}

async function tasksOfRun(
  options: Options,
): Promise<{ tasks: Task[]; failed: number; jobFile: string }> {
  const { baseDir, trackDir, videoDir, outputAppendix } = options;
  if (baseDir === undefined) {
    throw new UsageError(
      withHint(
        "Cannot begin: expected --base-dir with the folder of a run, or --video with --track",
        `For example: ${TOOL.script} --base-dir output`,
      ),
    );
  }
  if ([options.track, options.image, options.output].some((path) => path)) {
    throw new UsageError(
      "Cannot use --track, --image or --output with a run, expected --video with them",
    );
  }
  if (outputAppendix === "" || /[\\/]/.test(outputAppendix)) {
    throw new UsageError(
      `Cannot use ${
        quote(outputAppendix)
      } as --output-appendix, expected some letters to put behind a folder's name`,
    );
  }
  const source = await descend(join(baseDir, videoDir));
  const videos = (await list(source)).filter(({ isFile, name }) =>
    isFile && name.endsWith(".mp4") && !name.startsWith(".")
  ).map(({ name }) => name).sort();
  if (videos.length === 0) {
    throw new UsageError(
      `Cannot find a video in ${quote(source)}: it has no .mp4 file`,
    );
  }
  const jobFile = await findJobFile(baseDir);
  const { jobs, problems } = parseJobs(await readFileText(jobFile), {
    text: "optional",
  });
  reportProblems(jobFile, problems);

  const tasks: Task[] = [];
  let failed = problems.length;
  for (const name of videos) {
    const video = join(source, name);
    const stem = basename(name, ".mp4");
    try {
      const job = findJob(jobs, stem, jobFile);
      const places = [dirname(jobFile), "."];
      tasks.push({
        video,
        image: await locate(job.image, places),
        track: trackDir === undefined
          ? await locate(job.track, places)
          : await locate(basename(job.track), [join(baseDir, trackDir)]),
        output: join(
          baseDir,
          videoDir.replace(/[\\/]+$/, "") + outputAppendix,
          `${stem}_viz.mp4`,
        ),
      });
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      failed++;
      printError(about(video, describeError(error, TOOL)));
    }
  }
  return { tasks, failed, jobFile };
}

/** The folder itself, or the one below it where the videos are: a run may nest them. */
async function descend(folder: string): Promise<string> {
  const entries = await list(folder);
  const folders = entries.filter(({ isDirectory }) => isDirectory);
  const hasVideo = entries.some(({ name }) => name.endsWith(".mp4"));
  return !hasVideo && folders.length === 1
    ? await descend(join(folder, folders[0]!.name))
    : folder;
}

async function list(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new UsageError(
        `Cannot look into ${quote(folder)}: no such folder`,
        { cause },
      );
    }
    throw fileError("look into", folder, cause);
  }
}

/** `test.yaml`, as the original has it, or the only other job file. */
async function findJobFile(folder: string): Promise<string> {
  const names = (await list(folder)).filter(({ isFile, name }) =>
    isFile && /^[^.].*\.ya?ml$/.test(name)
  ).map(({ name }) => name).sort();
  const chosen = names.includes("test.yaml")
    ? "test.yaml"
    : names.length === 1
    ? names[0]
    : undefined;
  if (chosen !== undefined) return join(folder, chosen);
  throw new UsageError(
    withHint(
      `Cannot find the job file in ${quote(folder)}: there ${
        names.length === 0
          ? "is none"
          : `are ${names.map((name) => quote(name)).join(", ")}`
      }, expected test.yaml or one other`,
      "Copy the job file that the videos were made from to there.",
    ),
  );
}

/** The entry of a video: by its name, else by the number that its name begins with. */
function findJob(
  jobs: readonly ParsedJob[],
  stem: string,
  jobFile: string,
): ParsedJob {
  const number = /^\d+(?=$|[._])/.exec(stem)?.[0];
  const job = jobs.find(({ name }) => name === stem) ??
    jobs.find(({ index }) => number !== undefined && index === Number(number));
  if (job) return job;
  throw new TypeError(
    `Cannot tell which entry of ${
      quote(jobFile)
    } it belongs to, expected a name like 000.mp4 or an entry's own name`,
  );
}

async function locate(
  path: string,
  folders: readonly string[],
): Promise<string> {
  const places = folders.map((folder) =>
    folder === "." ? path : resolveFrom(folder, path)
  );
  for (const place of places) if (await fileExists(place)) return place;
  throw new TypeError(
    `Cannot find ${quote(path)}: no such file in ${
      folders.map((folder) => quote(folder)).join(" or ")
    }`,
  );
}

async function requireFile(path: string): Promise<void> {
  if (await fileExists(path)) return;
  throw new UsageError(`Cannot read ${quote(path)}: no such file`);
}

/** Paints one video and says in a line what was done. */
async function paintTask(
  { video, track, image, output }: Task,
  options: Options,
  signal: AbortSignal,
): Promise<string> {
  const { overwrite = false, radius, trail, crf, preset } = options;
  if (!overwrite && await fileExists(output)) {
    return `${output}: already exists, skipped (--overwrite to replace)`;
  }
  const compat = options.compat ? { compat: options.compat } : {};
  const drawnOver = image === undefined ? {} : {
    image: await decodeImage(await readFileBytes(image), {
      name: image,
      onNote: printNote,
      ...compat,
    }),
  };
  const visibility = await pairedVisibility(track, printNote);
  const reader = await openVideo(video);
  const { width, height } = drawnOver.image ?? reader;
  const bytes = await readFileBytes(track);
  const reading = await resolveReading(trackReadingOf(options));
  const { tracks, notes, warnings } = await endedAtOnce(() =>
    readOverlayTracks(bytes, reader, {
      name: track,
      ...visibility && { visibility },
      image: { width, height },
      ...reading,
    })
  );
  for (const note of [...options.verbose ? notes : [], ...warnings]) {
    printLine(`${track}: ${note}`);
  }
  const frames = await overlayTracks(video, output, {
    tracks,
    radius,
    trail,
    crf,
    preset,
    overwrite,
    signal,
    ...drawnOver,
    ...compat,
  });
  const from = options.verbose ? ` from ${track}` : "";
  const count = tracks.count === 1 ? "1 track" : `${tracks.count} tracks`;
  return `${output}: ${frames} frames, ${count}${from}`;
}

if (import.meta.main) await runTool(TOOL, main);
