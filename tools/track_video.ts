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
import type { RgbImage } from "../core/base/image.ts";
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
import { createTrackPainter } from "../core/media/track_painter.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { createVideo } from "../core/media/video_writer.ts";
import { cameraMotion } from "../core/tracking/clip_points.ts";
import { parsePointChoice } from "../core/tracking/choose_points.ts";
import { placeTracks } from "../core/tracking/place_tracks.ts";
import type { PointTracks } from "../core/tracking/point_tracker.ts";
import { toTrackSet } from "../core/tracking/sample_tracks.ts";
import { TRACK_FPS, TRACK_FRAMES } from "../core/tracks/track_set.ts";
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
import { cropped } from "./_track_video/cropped.ts";
import { parseMap, parsePairs, placementOf } from "./_track_video/placement.ts";
import {
  type AllTrackerFollow,
  followWithAllTracker,
} from "./_track_video/follow_with_alltracker.ts";
import { nextFiles, writeFrames } from "./_track_video/reference_folder.ts";
import { framesBetween, trackFile } from "./_track_video/track_file.ts";

const TOOL: ToolOptions = {
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

async function main({ args, signal }: ToolContext): Promise<number> {
  const program = command().parse(asDashes(args), { from: "user" });
  const [input] = program.processedArgs;
  const options = program.opts();
  const placement = placementOf(options);
  const { from, seconds, image, overlay, motion, compat } = options;
  const { out, format, still, clip, jobs } = await outputsOf(options);
  const outputs = [out, overlay, still, clip].filter((path) =>
    path !== undefined
  );
  checkTogether(options);
  await checkFiles(input, outputs, {
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
    ...(compat ? { compat } : {}),
    ...(network ? { follow: network.follow } : {}),
  });
  const { width, height, first, tracks, chosen } = followed;
  const notes: string[] = [];
  if (tracks.frames < TRACK_FRAMES) {
    notes.push(
      `${input}: only ${tracks.frames} of ${TRACK_FRAMES} samples, the last position is held out of sight`,
    );
  }
  for (const { reason, count } of countReasons(chosen?.dropped ?? [])) {
    notes.push(`${count} of the candidates left out: ${reason}`);
  }
  const camera = motion === "both"
    ? undefined
    : cameraMotion(tracks, chosen?.segments);
  const placed = placeTracks(tracks, {
    video: { width, height },
    image: target ?? { width, height },
    placement,
    motion,
    ...(camera ? { camera } : {}),
  });
  if (placed.outside.length > 0) {
    notes.push(
      `${placed.outside.length} of ${tracks.count} tracks left out: they begin outside of the image`,
    );
  }
  if (placed.tracks.count === 0) {
    throw new UsageError(
      withHint(
        `Cannot put the tracks of ${quote(input)} onto ${
          quote(image ?? input)
        }: all begin outside of it`,
        "Choose another --fit, --map or --pairs.",
      ),
    );
  }
  const set = toTrackSet(placed.tracks);
  const overwrite = options.overwrite ?? false;
  const bytes = await writeTracks(set, format, {
    folder: basename(out, extname(out)),
  });
  signal.throwIfAborted();
  if (overlay !== undefined) {
    await writeOverlay(input, overlay, tracks, { ...options, signal });
  }
  if (still !== undefined) {
    const png = await encodeImage(first, "png");
    await writeFileAtomic(still, png, { overwrite });
  }
  if (clip !== undefined) {
    const numbers = followed.sampled!;
    await writeFrames(input, clip, { numbers, from, signal });
  }
  await writeFileAtomic(out, bytes, { overwrite });
  if (jobs !== undefined) {
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
  const took = (performance.now() - began) / 1000;
  if (options.json) {
    printLine(JSON.stringify({
      video: input,
      width,
      height,
      frames: followed.frames,
      samples: tracks.frames,
      tracks: set.count,
      segments: chosen?.segments.map(({ kind, points }) => ({
        kind,
        candidates: points.length,
      })),
      dropped: chosen?.dropped,
      ...(network ? { device: deviceName(network.device) } : {}),
      outside: placed.outside,
      seconds: Math.round(took * 100) / 100,
      outputs: [...outputs, ...(jobs === undefined ? [] : [jobs])],
    }));
    return 0;
  }
  notes.forEach(printLine);
  const motions = chosen
    ? `, ${chosen.segments.map(({ kind }) => kind).join(" + ") || "no"} motion`
    : "";
  printLine(
    `${out}: ${
      set.count === 1 ? "1 track" : `${set.count} tracks`
    } over ${tracks.frames} samples${motions}, ${took.toFixed(1)} s`,
  );
  return 0;
}

/** What is written where. */
interface Outputs {
  /** The track file. */
  readonly out: string;
  readonly format: WritableTracksFormat;
  /** The first frame. */
  readonly still?: string;
  /** The frames that were followed. */
  readonly clip?: string;
  readonly jobs?: string;
}

/**
 * The outputs that the options name: a track file and what belongs to it, or
 * the next files of a folder as the original's tool fills it.
 */
async function outputsOf(options: Options): Promise<Outputs> {
  const { out, image, jobs, compat } = options;
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
  await protectInputs(inputs); // until the process ends
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

function countReasons(
  dropped: readonly { reason: string }[],
): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of dropped) {
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

/** The video at 24 frames per second with the tracks painted over it. */
async function writeOverlay(
  input: string,
  output: string,
  tracks: PointTracks,
  options: Options & { signal: AbortSignal },
): Promise<void> {
  const { from, seconds, signal } = options;
  const overwrite = options.overwrite ?? false;
  const video = await openVideo(input);
  const width = video.width & ~1, height = video.height & ~1;
  const { count, frames, positions: points, visible } = tracks;
  const paint = createTrackPainter({ count, frames, points, visible });
  await using overlaid = await createVideo(output, {
    width,
    height,
    fps: TRACK_FPS,
    crf: 18,
    preset: "faster",
    overwrite,
    signal,
  });
  let sample = 0;
  let shown: RgbImage | undefined;
  const writeUntil = async (time: number) => {
    for (
      ;
      shown && sample < frames && sample / TRACK_FPS < time - 1e-6;
      sample++
    ) {
      const frame = cropped(shown, width, height);
      paint(frame, sample);
      await overlaid.write(frame);
    }
  };
  for await (const frame of framesBetween(video, { from, seconds, signal })) {
    await writeUntil(frame.time);
    shown = frame;
  }
  await writeUntil(Infinity);
  await overlaid.finish();
}

if (import.meta.main) await runTool(TOOL, main);
