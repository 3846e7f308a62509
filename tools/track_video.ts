#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * Takes tracks out of a video: its motion, to move another image with.
 *
 * With `--compat reference` it follows the points and frames of the reference's
 * `tools/get_track_from_videos.py`, with this project's own tracker.
 *
 * @module
 */

import { basename, dirname, extname, relative } from "node:path";
import { quote, withHint } from "../core/base/errors.ts";
import {
  fileExists,
  readFileBytes,
  readFileText,
  removeStaleTemp,
  writeFileAtomic,
} from "../core/files/files.ts";
import { checkOutput } from "../core/files/check_output.ts";
import { protectInputs } from "../core/files/inputs.ts";
import { upsertJob } from "../core/jobs/edit_jobs.ts";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { loadMedia } from "../core/media/load_media.ts";
import { parsePointChoice } from "../core/tracking/choose_points.ts";
import {
  type MotionPart,
  type PlacedTracks,
  type Placement,
  placeTracks,
} from "../core/tracking/place_tracks.ts";
import type { PointTracks } from "../core/tracking/point_tracker.ts";
import { toTrackSet } from "../core/tracking/sample_tracks.ts";
import type { ImageSize } from "../core/tracks/coordinates.ts";
import {
  WRITABLE_FORMATS,
  type WritableTracksFormat,
  writeTracks,
} from "../core/tracks/write_tracks.ts";
import { deviceName } from "../core/onnx/runtime/device.ts";
import { createProgress } from "./shared/progress.ts";
import { asDashes } from "./shared/batch.ts";
import { CUDA_PROVIDER, OVERWRITE, VERBOSE } from "./shared/common_flags.ts";
import {
  createCommand,
  InvalidArgumentError,
  numberBetween,
  Option,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
  UsageError,
} from "./shared/tool.ts";
import { parseMap, parsePairs, placementOf } from "./_track_video/placement.ts";
import {
  type AllTrackerFollow,
  followWithAllTracker,
} from "./_track_video/follow_with_alltracker.ts";
import { nextFiles, writeFrames } from "./_track_video/reference_folder.ts";
import { report } from "./_track_video/report.ts";
import { type FollowedFile, trackFile } from "./_track_video/track_file.ts";
import { writeOverlay } from "./_track_video/write_overlay.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/track_video.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

function command() {
  return createCommand("track_video.ts")
    .description(
      "Follows points through a video and writes their tracks, 121 samples at 24 per second. No weights are needed; with AllTracker's (--tracker) points are followed where their looks do not tell them apart.",
    )
    .argument("<video>", "an MP4 or QuickTime file")
    .requiredOption(
      "-o, --out <file>",
      "the track file to write (.pth, .npz, .json); with --compat reference also a folder, filled as the original does: images, videos, tracks, test.yaml",
    )
    .option(
      "--points <which>",
      'which points: "auto:20" (of every motion, at most 20), "grid:49", or positions in px of the video, "x,y;x,y"',
      choice,
      choice("auto:20"),
    )
    .option(
      "--from <seconds>",
      "where in the video to begin",
      numberBetween(0, 1e6),
      0,
    )
    .option(
      "--seconds <seconds>",
      "how much of it to follow",
      numberBetween(0.05, 5),
      5,
    )
    .option("--image <file>", "put the tracks onto this image")
    .addOption(
      new Option("--fit <how>", "lay the frame over the image")
        .choices(["cover", "contain", "stretch"] as const),
    )
    .option(
      "--map <settings>",
      'or move it: "scale=1.2,rotate=10,mirror=1,dx=30,dy=-5", about the centers',
      parseMap,
    )
    .option(
      "--pairs <points>",
      'or match points of the video and of the image: "x,y:X,Y;x,y:X,Y"',
      parsePairs,
    )
    .addOption(
      new Option(
        "--motion <whose>",
        "whose motion to take: the camera's, the objects', or both",
      ).choices(["both", "object", "camera"] as const).default("both" as const),
    )
    .option(
      "--tracker <file>",
      "follow the points with AllTracker: its weights, alltracker.pth or alltracker_tiny.pth (deno task download --variant alltracker or alltracker-tiny)",
    )
    .addOption(
      new Option(
        "--device <name>",
        "where AllTracker runs: auto is the first of cuda, webgpu, cpu that passes a self-test",
      ).choices(["auto", "cuda", "webgpu", "cpu"] as const),
    )
    .option(
      "--area <W*H>",
      "most px of the frames that AllTracker looks at (default: 768*448 on a GPU, 448*256 on the CPU)",
      parseArea,
    )
    .option(...CUDA_PROVIDER)
    .option("--overlay <file>", "also write the video with its tracks (.mp4)")
    .option("--jobs <file>", "also add an entry to this job file")
    .option("--prompt <text>", "the prompt of that entry", "")
    .addOption(
      new Option(
        "--compat <what>",
        "the points and frames of the original: 7x7, frames by number, shorter videos refused",
      ).choices(["reference"] as const),
    )
    .option("--json", "print JSON")
    .option(...OVERWRITE)
    .option(...VERBOSE)
    .addHelpText(
      "after",
      `
The entry of --jobs uses --image, or else the first frame, which is then written
next to the track file as .png.

Exit code: 0 done, 2 nothing was done.

Examples:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} dance.mp4 -o dance.pth --overlay dance_tracks.mp4
  ... ${TOOL.script} dance.mp4 -o dance.pth --tracker alltracker_tiny.pth
  ... ${TOOL.script} dance.mp4 -o robot.pth --image robot.png --fit cover \\
      --from 1.5 --jobs robots.yaml --prompt "A robot dances."`,
    );
}

/** `448*256` as a number of px. */
function parseArea(text: string): number {
  const [, width, height] = /^(\d{2,4})[*x](\d{2,4})$/.exec(text) ?? [];
  const area = Number(width) * Number(height);
  if (area >= 128 * 128) return area;
  throw new InvalidArgumentError("expected W*H, at least 128*128.");
}

function choice(text: string): ReturnType<typeof parsePointChoice> {
  try {
    return parsePointChoice(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

type Options = ReturnType<ReturnType<typeof command>["opts"]>;

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  const program = command().parse(asDashes(args), { from: "user" });
  const [input] = program.processedArgs;
  const options = program.opts();
  const placement = placementOf(options);
  const { from, seconds, image, compat } = options;
  const outputs = await outputsOf(options);
  const { jobs } = outputs;
  checkTogether(options);
  await checkFiles(input, filesOf(outputs), {
    ...options,
    ...(jobs !== undefined && { jobs }),
  });
  const jobText = jobs === undefined || !await fileExists(jobs)
    ? ""
    : await readFileText(jobs);
  await loadMedia(["image", "video"]);
  const target = image === undefined
    ? undefined
    : await decodeImage(await readFileBytes(image), { name: image });

  const began = performance.now();
  using network = await openNetwork(options, signal);
  const followed = await trackFile(input, {
    choice: options.points,
    from,
    seconds,
    signal,
    camera: options.motion !== "both",
    ...(compat ? { compat } : {}),
    ...(network ? { follow: network.follow } : {}),
  });
  const placed = placeFollowed(followed, {
    input,
    placement,
    motion: options.motion,
    ...(target && { image: { ...target, path: image! } }),
  });
  await writeOutputs(placed.tracks, outputs, {
    ...options,
    input,
    followed,
    jobText,
    signal,
  });
  report(followed, placed, {
    input,
    files: [...filesOf(outputs), ...(jobs === undefined ? [] : [jobs])],
    seconds: (performance.now() - began) / 1000,
    json: options.json ?? false,
    ...(network ? { device: network.device } : {}),
  });
  return 0;
}

/**
 * Puts the tracks onto the image, or keeps them where they are.
 *
 * @throws {UsageError} When all begin outside of the image.
 */
function placeFollowed(
  { width, height, tracks, camera }: FollowedFile,
  options: {
    readonly input: string;
    readonly placement: Placement;
    readonly motion: MotionPart;
    readonly image?: ImageSize & { readonly path: string };
  },
): PlacedTracks {
  const { input, placement, motion, image } = options;
  const placed = placeTracks(tracks, {
    video: { width, height },
    image: image ?? { width, height },
    placement,
    motion,
    ...(camera ? { camera } : {}),
  });
  if (placed.tracks.count > 0) return placed;
  throw new UsageError(
    withHint(
      `Cannot put the tracks of ${quote(input)} onto ${
        quote(image?.path ?? input)
      }: all begin outside of it`,
      "Choose another --fit, --map or --pairs.",
    ),
  );
}

/** Writes all files; the track file and the job entry last. */
async function writeOutputs(
  placed: PointTracks,
  { out, format, overlay, still, clip, jobs }: Outputs,
  options: Options & {
    readonly input: string;
    readonly followed: FollowedFile;
    /** The job file as it is. */
    readonly jobText: string;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { input, followed, image, from, signal, jobText } = options;
  const overwrite = options.overwrite ?? false;
  const bytes = await writeTracks(toTrackSet(placed), format, {
    folder: basename(out, extname(out)),
  });
  signal.throwIfAborted();
  if (overlay !== undefined) {
    await writeOverlay(input, overlay, followed.tracks, options);
  }
  if (still !== undefined) {
    const png = await encodeImage(followed.first, "png");
    await writeFileAtomic(still, png, { overwrite });
  }
  if (clip !== undefined) {
    const numbers = followed.sampled!;
    await writeFrames(input, clip, { numbers, from, signal });
  }
  await writeFileAtomic(out, bytes, { overwrite });
  if (jobs === undefined) return;
  const near = (path: string) =>
    relative(dirname(jobs), path).replaceAll("\\", "/");
  const entry = {
    image: near(image ?? still!),
    text: options.prompt,
    track: near(out),
  };
  const text = upsertJob(jobText, entry, { file: jobs });
  await writeFileAtomic(jobs, text, { overwrite: true });
}

/** What is written where. */
interface Outputs {
  /** The track file. */
  readonly out: string;
  readonly format: WritableTracksFormat;
  /** The video with its tracks. */
  readonly overlay?: string;
  /** The first frame. */
  readonly still?: string;
  /** The frames that were followed. */
  readonly clip?: string;
  readonly jobs?: string;
}

/** The files that are written; the job file is only added to. */
function filesOf({ out, overlay, still, clip }: Outputs): string[] {
  return [out, overlay, still, clip].filter((path) => path !== undefined);
}

/**
 * The outputs that the options name: a track file and what belongs to it, or
 * the next files of a folder as the original's tool fills it.
 */
async function outputsOf(options: Options): Promise<Outputs> {
  const { out, image, jobs, overlay, compat } = options;
  const shown = overlay !== undefined && { overlay };
  const ending = extname(out).toLowerCase();
  if (compat === "reference" && ending === "") {
    if (image !== undefined || jobs !== undefined) {
      throw new UsageError(
        `Cannot use --${
          image === undefined ? "jobs" : "image"
        } with the folder ${
          quote(out)
        }, which has its own, expected a track file for -o`,
      );
    }
    const files = await nextFiles(out);
    return {
      out: files.track,
      format: "pth",
      ...shown,
      still: files.image,
      clip: files.video,
      jobs: files.jobs,
    };
  }
  const format = WRITABLE_FORMATS.find((known) => `.${known}` === ending);
  if (!format) {
    throw new UsageError(
      `Cannot write ${quote(out)}: unknown file extension, expected ${
        WRITABLE_FORMATS.map((known) => `.${known}`).join(", ")
      }${compat ? ", or a folder" : ""}`,
    );
  }
  const stem = out.slice(0, -extname(out).length);
  return {
    out,
    format,
    ...shown,
    ...(jobs !== undefined && { jobs }),
    ...(jobs !== undefined && image === undefined && { still: `${stem}.png` }),
  };
}

/** Refuses flags of AllTracker without it. */
function checkTogether(options: Options): void {
  if (options.tracker !== undefined) return;
  for (const flag of ["device", "area", "cuda_provider"] as const) {
    if (options[flag] === undefined) continue;
    throw new UsageError(
      withHint(
        `Cannot use --${flag} without --tracker: the tracker that needs no weights runs on the CPU`,
        "Add --tracker alltracker_tiny.pth, or omit it.",
      ),
    );
  }
}

/** AllTracker with its weights and device, if it is asked for; shows how far it is. */
async function openNetwork(
  { tracker, device = "auto", area, cuda_provider, json }: Options,
  signal: AbortSignal,
): Promise<(AllTrackerFollow & Disposable) | undefined> {
  if (tracker === undefined) return undefined;
  const progress = createProgress({
    terminal: Deno.stderr.isTerminal(),
    print: (line) => {
      if (!json) printLine(line);
    },
  });
  try {
    const network = await followWithAllTracker({
      tracker,
      device,
      area,
      cudaProvider: cuda_provider,
      signal,
      onProgress: ({ window, windows, iteration, iterations }) => {
        progress.step(tracker, {
          stage: "refinements",
          done: window * iterations + iteration,
          total: windows * iterations,
        });
        if (iteration === iterations && window + 1 < windows) {
          progress.line(`${tracker}: ${window + 1} of ${windows} windows`);
        }
      },
    });
    progress.line(`${tracker}: AllTracker on ${deviceName(network.device)}`);
    return { ...network, [Symbol.dispose]: () => progress.stop() };
  } catch (error) {
    progress.stop();
    throw error;
  }
}

/** Refuses inputs that are missing and outputs that cannot be written. */
async function checkFiles(
  input: string,
  outputs: readonly string[],
  { image, tracker, jobs, overlay, overwrite }: Options,
): Promise<void> {
  const inputs = [input, image, tracker].filter((path) => path !== undefined);
  for (const path of inputs) {
    if (await fileExists(path)) continue;
    const message = `Cannot read ${quote(path)}: no such file`;
    throw new UsageError(
      path === tracker
        ? withHint(
          message,
          "deno task download -c FOLDER --variant alltracker-tiny fetches it.",
        )
        : message,
    );
  }
  if (overlay !== undefined && extname(overlay).toLowerCase() !== ".mp4") {
    throw new UsageError(
      `Cannot write ${quote(overlay)}: expected a name that ends in .mp4`,
    );
  }
  await protectInputs(inputs); // until the run ends
  for (const path of [...outputs, ...(jobs === undefined ? [] : [jobs])]) {
    await checkOutput(path);
    await removeStaleTemp(path);
  }
  for (const path of outputs) {
    if (overwrite || !await fileExists(path)) continue;
    throw new UsageError(
      withHint(
        `Cannot write ${quote(path)}: it already exists`,
        "Choose another name, or add --overwrite.",
      ),
    );
  }
}

if (import.meta.main) await runTool(TOOL, main);
