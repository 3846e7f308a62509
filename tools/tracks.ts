#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE
/**
 * Inspects, validates, and converts track files; adds camera moves; makes tracks
 * for a camera in a scene.
 *
 * @module
 */

import { extname } from "node:path";
import { quote } from "../core/base/errors.ts";
import { readFileBytes, writeFileAtomic } from "../core/files/files.ts";
import { encodeImage } from "../core/media/image.ts";
import type { ImageFormat } from "../core/media/image_format.ts";
import { plotTracks } from "../core/media/plot_tracks.ts";
import {
  anchorGrid,
  applyCameraMoves,
  type CameraMove,
  mergeTracks,
} from "../core/tracks/camera.ts";
import type { Point } from "../core/base/image.ts";
import type { RawTracks } from "../core/tracks/raw_tracks.ts";
import {
  fitTracks,
  type RawTracksFile,
  readRawTracks,
  type TrackReading,
} from "../core/tracks/read_tracks.ts";
import type { LengthPolicy } from "../core/tracks/fit_length.ts";
import { LongTracks } from "../core/tracks/long_tracks.ts";
import { TRACK_FRAMES, type TrackSet } from "../core/tracks/track_set.ts";
import { validateTracks } from "../core/tracks/validate.ts";
import { scoreCommand } from "./_tracks/score.ts";
import {
  anyNumber,
  asImage,
  checkRate,
  type FitFlags,
  fitting,
  GRID,
  type MoveFlags,
  moving,
  type ReadFlags,
  readImageOrSize,
  reading,
  readOptions,
  readWhole,
  requireImageOrSize,
  secondsOf,
  type SizeFlags,
  turning,
  type WholeFile,
} from "./_tracks/track_options.ts";
import { cameraCommand } from "./_tracks/camera.ts";
import { joinCommand } from "./_tracks/join.ts";
import { convertCommand } from "./_tracks/convert.ts";
import {
  countTracks,
  prepareFile,
  prepareOutput,
  writeOutput,
} from "./_tracks/output.ts";
import {
  FPS,
  rateOf,
  resolveReading,
  type Size,
} from "./shared/track_reading.ts";
import {
  formatFinding,
  formatTable,
  trackFigures,
} from "./_tracks/track_table.ts";
import { OVERWRITE } from "./shared/common_flags.ts";
import {
  type Command,
  createCommand,
  endedAtOnce,
  numberBetween,
  printLine,
  runTool,
  type ToolContext,
  type ToolOptions,
  UsageError,
} from "./shared/tool.ts";

/** This tool. */
export const TOOL: ToolOptions = {
  script: "tools/tracks.ts",
  permissions:
    "--allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE",
};

const PLOT_FORMATS: Readonly<Record<string, ImageFormat>> = {
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".png": "png",
  ".webp": "webp",
};

/** What it does; returns its exit code. */
export async function main({ args, signal }: ToolContext): Promise<number> {
  let code = 0;
  const done: Done = async (work) => {
    code = await work;
  };

  const program = createCommand("tracks.ts")
    .description(
      "Inspects, validates, and converts track files; adds camera moves. Reads .pth (ATI, torch.save), .npz, .npy, .json (ComfyUI, Python), After Effects' keyframe data, Nuke's trackers and tables; writes .pth, .npz and .json by the output's ending, and with convert those of other programs and control videos.",
    )
    .addHelpText(
      "after",
      `
Each command has its own --help. Tracks are counted from 0, frames from 0 to 120
at 24 per second; x goes right and y down, in px of the image. Tracks of more
than five seconds stay as long as they are; --length resample squeezes them into
121 frames, --length pad cuts them. An existing file is kept unless --overwrite
is given.

Exit code: 0 done, 1 validate found errors, 2 nothing was done.

Examples:
  deno run ${TOOL.permissions} \\
    ${TOOL.script} inspect fish.pth --image fish.jpg --plot fish_tracks.png
  ... ${TOOL.script} convert spline.json fish.pth
  ... ${TOOL.script} anchor fish.pth anchored.pth --grid 4x2 --image fish.jpg
  ... ${TOOL.script} zoom anchored.pth closer.pth --factor 1.3 --image fish.jpg \\
      --easing ease-in-out
  ... ${TOOL.script} camera fish.jpg -o orbit.pth --move orbit:20,dolly:0.3`,
    );

  addFileCommands(program, { signal, done });
  addMoveCommands(program, { signal, done });
  program.addCommand(
    fitting("anchor")
      .description(
        "Add a grid of static anchors: they hold the background, or follow a camera move.",
      )
      .argument("<in>", "the track file to read, or - to start with no tracks")
      .argument("<out>", "the track file to write")
      .option(...GRID)
      .option(...OVERWRITE)
      .action((input, output, flags) =>
        done(anchor(input, output, { flags, signal }))
      ),
  );
  program.addCommand(cameraCommand(signal, done));
  program.addCommand(scoreCommand(done, signal));
  await program.parseAsync(args, { from: "user" });
  return code;
}

/** What a command does after its options are read. */
type Done = (work: Promise<number>) => Promise<void>;

/** The commands that look at files, convert, and put them together. */
function addFileCommands(
  program: Command,
  { signal, done }: { readonly signal: AbortSignal; readonly done: Done },
): void {
  program.addCommand(
    reading("inspect")
      .description("Print what a track file holds, as a table.")
      .argument("<file>", "the track file")
      .option(
        "--plot <file>",
        "draw the tracks over the image (.png, .jpg, .webp)",
      )
      .option("--json", "print JSON")
      .option(...OVERWRITE)
      .action((file, flags) => done(inspect(file, flags))),
  );
  program.addCommand(
    fitting("validate")
      .description(
        "Report what is wrong with tracks (error) or may not work well (warning).",
      )
      .argument("<file>", "the track file")
      .option("--strict", "count warnings as errors")
      .option("--json", "print JSON")
      .action((file, flags) => done(validate(file, flags))),
  );
  program.addCommand(convertCommand(signal, done));
  program.addCommand(
    reading("resample")
      .description("Stretch tracks in time to 121 frames at 24 per second.")
      .argument("<in>", "the track file to read")
      .argument("<out>", "the track file to write")
      .addOption(FPS())
      .option(...OVERWRITE)
      .action((input, output, flags) =>
        done(
          transform(
            input,
            output,
            { flags: { ...flags, length: "resample" }, signal },
            (tracks) => tracks,
          ),
        )
      ),
  );
  program.addCommand(
    fitting("merge")
      .description(
        "Write the tracks of several files into one, in their order.",
      )
      .argument("<files...>", "the track files to read")
      .requiredOption("--out <file>", "the track file to write")
      .option(...OVERWRITE)
      .action((files, flags) => done(merge(files, flags, signal))),
  );
  program.addCommand(joinCommand(signal, done));
}

/** The camera moves of the plane. */
function addMoveCommands(
  program: Command,
  { signal, done }: { readonly signal: AbortSignal; readonly done: Done },
): void {
  program.addCommand(
    moving("pan")
      .description(
        "Pan, flat: dx > 0 moves the image's content right, as if the camera panned left. For a camera that moves in a scene, see camera.",
      )
      .requiredOption("--dx <px>", "px per frame to the right", anyNumber)
      .requiredOption("--dy <px>", "px per frame downwards", anyNumber)
      .action((input, output, flags) =>
        done(move(input, output, { flags, signal }, () => ({
          kind: "pan",
          dx: flags.dx,
          dy: flags.dy,
        })))
      ),
  );
  program.addCommand(
    turning("zoom")
      .description("Zoom in or out.")
      .requiredOption(
        "--factor <number>",
        "the size at the end over that at the start: 1.3 zooms in, 0.8 zooms out",
        numberBetween(0.01, 100),
      )
      .action((input, output, flags) =>
        done(move(input, output, { flags, signal }, async () => ({
          kind: "zoom",
          factor: flags.factor,
          center: await centerOf(flags, "zoom"),
        })))
      ),
  );
  program.addCommand(
    turning("rotate")
      .description("Rotate about a point.")
      .requiredOption(
        "--degrees <angle>",
        "the angle at the end, clockwise on the screen",
        anyNumber,
      )
      .action((input, output, flags) =>
        done(move(input, output, { flags, signal }, async () => ({
          kind: "rotate",
          degrees: flags.degrees,
          center: await centerOf(flags, "rotate"),
        })))
      ),
  );
}

/** Prints a table or JSON, and draws a plot when asked. */
async function inspect(
  path: string,
  flags: ReadFlags & SizeFlags & {
    plot?: string | undefined;
    json?: true | undefined;
    overwrite?: true | undefined;
  },
): Promise<number> {
  const { plot, json } = flags;
  const format = plot === undefined ? undefined : plotFormat(plot);
  if (plot !== undefined) await prepareFile(plot, [path], flags);
  const picture = plot === undefined
    ? await readImageOrSize(flags)
    : await requireImageOrSize(flags, "draw the tracks");
  const bytes = await readFileBytes(path);
  const options = await readOptions(path, flags);
  const raw = await endedAtOnce(() => readRawTracks(bytes, options));
  const figures = trackFigures(raw.tracks);
  const judgement = raw.unit === "px"
    ? judged(raw, path, { length: "auto" })
    : undefined;
  const findings = picture && judgement &&
    await endedAtOnce(() =>
      validateTracks(judgement.tracks, picture, judgement)
    );
  if (plot !== undefined && format && picture) {
    const tracks = judgement?.long ??
      fitTracks(raw, { name: path, length: "auto" }).tracks;
    const image = await endedAtOnce(() =>
      plotTracks(asImage(picture), tracks, { legend: true })
    );
    await writeFileAtomic(plot, await encodeImage(image, format), {
      overwrite: flags.overwrite ?? false,
    });
  }
  if (json) {
    printLine(JSON.stringify({
      file: path,
      format: raw.format,
      notes: raw.notes,
      warnings: raw.warnings,
      unit: raw.unit,
      tracks: figures,
      ...findings && { findings },
    }));
    return 0;
  }
  printLine(`${path}: ${raw.format}, ${countTracks(figures.length)}`);
  const { long } = judgement ?? {};
  for (
    const note of [
      ...raw.notes,
      ...raw.warnings,
      ...(long ? [long.describe()] : []),
    ]
  ) printLine(`  ${note}`);
  if (raw.unit !== "px") {
    printLine(
      raw.unit === "share"
        ? "  Coordinates are shares of the image from 0 to 1: add --image or --size for px."
        : "  Coordinates are all below 2: say --unit px or --unit share.",
    );
  }
  if (figures.length > 0) formatTable(figures).forEach(printLine);
  findings?.map(formatFinding).forEach(printLine);
  if (plot !== undefined) printLine(`${plot}: drawn`);
  return 0;
}

/** Prints the findings; 1 when there are errors. */
async function validate(
  path: string,
  flags: FitFlags & {
    strict?: true | undefined;
    json?: true | undefined;
  },
): Promise<number> {
  checkRate(flags);
  const picture = await requireImageOrSize(flags, "validate the tracks");
  const bytes = await readFileBytes(path);
  const options = await readOptions(path, flags);
  const raw = await endedAtOnce(() => readRawTracks(bytes, options));
  const { tracks, frames, warnings: decisions } = judged(raw, path, {
    length: flags.length,
    ...await resolveReading(rateOf(flags.fps)),
  });
  const findings = await endedAtOnce(() =>
    validateTracks(tracks, picture, { frames })
  );
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  if (flags.json) {
    printLine(JSON.stringify({ file: path, warnings: decisions, findings }));
  } else {
    decisions.forEach(printLine);
    findings.map(formatFinding).forEach(printLine);
    printLine(
      `${path}: ${
        countTracks(raw.tracks.length)
      }, ${errors} errors, ${warnings} warnings`,
    );
  }
  return errors > 0 || (flags.strict && warnings > 0) ? 1 : 0;
}

/**
 * What generate would take, or the tracks as they stand there where a number
 * is none: then every such number is found, not the first alone.
 */
function judged(
  raw: RawTracksFile,
  name: string,
  reading: Pick<TrackReading, "fps" | "times"> & {
    readonly length: LengthPolicy;
  },
): {
  tracks: TrackSet | RawTracks;
  /** Frames that each is to have. */
  frames: number;
  /** Where they make a video of more than five seconds. */
  long?: LongTracks;
  warnings: readonly string[];
} {
  const frames = TRACK_FRAMES;
  const finite = raw.tracks.every((track) => track.every(Number.isFinite));
  if (raw.unit === "px" && (!finite || reading.length === "error")) {
    return { ...raw, frames };
  }
  const fitted = fitTracks(raw, { name, ...reading });
  const long = LongTracks.fromReading(raw, { name, ...reading });
  if (!long) return { ...fitted, frames };
  return {
    tracks: long.toRaw(),
    frames: long.frames,
    long,
    warnings: [...raw.warnings, long.describe()],
  };
}

/** What every command that writes is given besides its files. */
interface WriteContext<Flags> {
  readonly flags: Flags & { overwrite?: true | undefined };
  readonly signal: AbortSignal;
}

/** Reads a file, changes its tracks and writes them. */
async function transform(
  input: string,
  output: string,
  context: WriteContext<FitFlags>,
  change: (
    tracks: TrackSet | LongTracks,
  ) => TrackSet | LongTracks | Promise<TrackSet | LongTracks>,
): Promise<number> {
  await prepareOutput(output, [input], context.flags);
  const file = await readWhole(input, context.flags);
  await writeOutput(await change(file.tracks), output, {
    ...context,
    notes: notesOf(file),
  });
  return 0;
}

/** All that was found out and decided about a file. */
function notesOf({ notes, warnings }: WholeFile): string[] {
  return [...notes, ...warnings];
}

/** {@linkcode transform} with a camera move. */
async function move(
  input: string,
  output: string,
  context: WriteContext<FitFlags & MoveFlags>,
  camera: () => CameraMove | Promise<CameraMove>,
): Promise<number> {
  const { tracks: chosen, easing } = context.flags;
  const step = await camera();
  const options = {
    ...chosen && { tracks: chosen },
    ...easing && { easing },
  };
  return await transform(
    input,
    output,
    context,
    (tracks) => applyCameraMoves(tracks, step, options),
  );
}

async function merge(
  inputs: readonly string[],
  flags: FitFlags & { out: string; overwrite?: true | undefined },
  signal: AbortSignal,
): Promise<number> {
  await prepareOutput(flags.out, inputs, flags);
  const files: WholeFile[] = [];
  for (const input of inputs) files.push(await readWhole(input, flags));
  const merged = mergeTracks(...files.map(({ tracks }) => tracks));
  await writeOutput(merged, flags.out, {
    flags,
    signal,
    notes: files.flatMap((file, i) =>
      [...notesOf(file), ...shorterNotes(file, merged)].map((note) =>
        `${inputs[i]}: ${note}`
      )
    ),
  });
  return 0;
}

/** What becomes of tracks among longer ones. */
function shorterNotes(
  { tracks }: WholeFile,
  merged: TrackSet | LongTracks,
): string[] {
  return tracks.count === 0 || tracks.frames === merged.frames ? [] : [
    `The tracks last ${secondsOf(tracks)} of ${
      secondsOf(merged)
    } seconds: static anchors are held to the end, others are hidden from then on.`,
  ];
}

async function anchor(
  input: string,
  output: string,
  context: WriteContext<
    FitFlags & SizeFlags & {
      grid?: { columns: number; rows: number } | undefined;
    }
  >,
): Promise<number> {
  const { flags } = context;
  const picture = await requireImageOrSize(flags, "spread anchors");
  const anchors = anchorGrid(picture, flags.grid ?? { columns: 4, rows: 3 });
  if (input !== "-") {
    return await transform(
      input,
      output,
      context,
      (tracks) => mergeTracks(tracks, anchors),
    );
  }
  await prepareOutput(output, [], flags);
  await writeOutput(anchors, output, { ...context, notes: [] });
  return 0;
}

async function centerOf(
  flags: SizeFlags & { center?: Point | undefined },
  action: string,
): Promise<Point> {
  if (flags.center) return flags.center;
  const { width, height }: Size = await requireImageOrSize(
    flags,
    `${action} about the image's center`,
  );
  return { x: width / 2, y: height / 2 };
}

function plotFormat(path: string): ImageFormat {
  const format = PLOT_FORMATS[extname(path).toLowerCase()];
  if (format) return format;
  throw new UsageError(
    `Cannot draw ${quote(path)}: unknown file extension, expected ${
      Object.keys(PLOT_FORMATS).join(", ")
    }`,
  );
}

if (import.meta.main) await runTool(TOOL, main);
