/**
 * The options that the commands of `tools/tracks.ts` share, and the reading
 * that they ask for.
 *
 * @module
 */

import { OVERWRITE } from "../shared/common_flags.ts";
import { quote, withHint } from "../../core/base/errors.ts";
import { readFileBytes } from "../../core/files/files.ts";
import { pairedVisibility } from "../../core/jobs/paired_visibility.ts";
import { decodeImage } from "../../core/media/image.ts";
import { MAX_PIXELS } from "../../core/media/image_header.ts";
import type { RgbImage } from "../../core/base/image.ts";
import type { AxisOrder } from "../../core/tracks/array_layout.ts";
import type { Point } from "../../core/base/image.ts";
import { type EasingName, EASINGS } from "../../core/tracks/easing.ts";
import type { CoordinateUnit } from "../../core/tracks/coordinates.ts";
import type { LengthPolicy } from "../../core/tracks/fit_length.ts";
import { LongTracks } from "../../core/tracks/long_tracks.ts";
import {
  fitTracks,
  readRawTracks,
  type ReadTracksOptions,
  type TracksFile,
} from "../../core/tracks/read_tracks.ts";
import { TRACK_FPS, type TrackSet } from "../../core/tracks/track_set.ts";
import {
  createCommand,
  endedAtOnce,
  InvalidArgumentError,
  numberBetween,
  Option,
  printNote,
  UsageError,
} from "../shared/tool.ts";
import {
  ARRAY,
  FPS,
  FROM_SIZE,
  LENGTH,
  ORDER,
  parsePair,
  parseSize,
  type Rate,
  rateOf,
  resolveReading,
  type Size,
  UNIT,
} from "../shared/track_reading.ts";

/** Options that say how a track file is to be understood. */
export interface ReadFlags extends SizeFlags {
  readonly scale?: number | undefined;
  readonly order: AxisOrder;
  readonly array?: string | undefined;
  readonly visibility?: string | undefined;
  readonly unit: CoordinateUnit;
  readonly fromSize?: Size | undefined;
}

/** ... and what is done with other lengths than 121 frames. */
export interface FitFlags extends ReadFlags {
  readonly length: LengthPolicy;
  readonly fps?: Rate | undefined;
}

/** Options of a camera move. */
export interface MoveFlags {
  readonly tracks?: number[] | undefined;
  readonly easing?: EasingName | undefined;
}

/** Options that say how large the image is. */
export interface SizeFlags {
  readonly image?: string | undefined;
  readonly size?: Size | undefined;
}

/** `4x3` as columns and rows. */
function parseGrid(text: string): { columns: number; rows: number } {
  const [columns, rows] = parsePair(text, "x");
  for (const count of [columns, rows]) {
    if (!Number.isInteger(count) || count < 1 || count > 100) {
      throw new InvalidArgumentError(
        "expected columns and rows from 1 to 100, like 4x3.",
      );
    }
  }
  return { columns, rows };
}

function parsePoint(text: string): Point {
  const [x, y] = parsePair(text, ",");
  return { x, y };
}

/** Indices such as `0,2-4`. */
function parseIndices(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const match = /^\s*(\d{1,6})(?:\s*-\s*(\d{1,6}))?\s*$/.exec(part);
    const first = Number(match?.[1]), last = Number(match?.[2] ?? match?.[1]);
    if (!match || last < first) {
      throw new InvalidArgumentError(
        "expected track numbers from 0, like 0,2-4.",
      );
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** A number of px or degrees. */
export const anyNumber = numberBetween(-1e6, 1e6);

/** A subcommand that reads track files of an image. */
export function understanding(name: string) {
  return createCommand(name)
    .option(
      "--scale <number>",
      "stored numbers per px; 8 for ATI's own layout and 1 for all others unless given",
      numberBetween(1e-6, 1e6),
    )
    .addOption(ORDER())
    .addOption(ARRAY())
    .option(
      "--visibility <file>",
      "a .npy with the visibility of the tracks; NAME_visibility.npy or NAME_vis.npy next to NAME_tracks.npy or NAME.npy is found (Wan-Move's pairs)",
    )
    .addOption(UNIT())
    .addOption(FROM_SIZE("--from-size <WxH>"))
    .option("--verbose", "say more about errors");
}

/** A subcommand that reads track files, of an image that may be given. */
export function reading(name: string) {
  return understanding(name).option(...IMAGE).option(...SIZE);
}

/** A subcommand that takes tracks as long as generate would. */
export function fitting(name: string) {
  return reading(name).addOption(LENGTH()).addOption(FPS());
}

/** A subcommand that reads one track file and writes another. */
export function transforming(name: string) {
  return fitting(name)
    .argument("<in>", "the track file to read")
    .argument("<out>", "the track file to write")
    .option(...OVERWRITE);
}

/** A subcommand that puts a camera move on top of tracks. */
export function moving(name: string) {
  return transforming(name)
    .addOption(
      new Option(
        "--easing <name>",
        "how the move starts and stops; at an even pace unless given",
      ).choices(Object.keys(EASINGS) as EasingName[]),
    )
    .option(...TRACKS);
}

/** ... about a point. */
export function turning(name: string) {
  return moving(name)
    .option(...CENTER);
}

/** The image. */
export const IMAGE = [
  "--image <file>",
  "the image that the tracks belong to",
] as const;
/** The size in its place. */
export const SIZE = [
  "--size <WxH>",
  "its size in px, instead of the image",
  parseSize,
] as const;
/** The center of a zoom or rotation. */
export const CENTER = [
  "--center <X,Y>",
  "what stays in its place, in px; the image's center unless given",
  parsePoint,
] as const;
/** The anchors of a grid. */
export const GRID = [
  "--grid <CxR>",
  "columns and rows (default: 4x3)",
  parseGrid,
] as const;
/** A selection of tracks. */
export const TRACKS = [
  "--tracks <list>",
  "which tracks to move, like 0,2-4; all unless given",
  parseIndices,
] as const;

/** The options of the reader. */
export async function readOptions(
  path: string,
  flags: ReadFlags,
): Promise<ReadTracksOptions> {
  const { scale, order, array, visibility, unit, fromSize } = flags;
  const image = await readImageOrSize(flags);
  const seen = visibility === undefined
    ? await pairedVisibility(path, printNote)
    : await readFileBytes(visibility);
  return {
    name: path,
    order,
    unit,
    ...image && { image: { width: image.width, height: image.height } },
    ...fromSize && { fromSize },
    ...scale !== undefined && { scale },
    ...array !== undefined && { array },
    ...seen && { visibility: seen },
  };
}

/** A file's tracks: of 121 frames, or longer. */
export interface WholeFile extends Pick<TracksFile, "notes" | "warnings"> {
  readonly tracks: TrackSet | LongTracks;
}

/**
 * A file's tracks, of 121 frames; those of more than five seconds as long as
 * they are, unless `--length` says otherwise: as generate takes them.
 */
export async function readWhole(
  path: string,
  flags: FitFlags,
): Promise<WholeFile> {
  const { length, fps } = flags;
  checkRate(flags);
  const bytes = await readFileBytes(path);
  const options = await readOptions(path, flags);
  const fitting = {
    name: path,
    length,
    ...await resolveReading(rateOf(fps)),
  };
  return await endedAtOnce(async () => {
    const raw = await readRawTracks(bytes, options);
    const fitted = fitTracks(raw, fitting);
    const long = LongTracks.fromReading(raw, fitting);
    return long
      ? {
        tracks: long,
        notes: raw.notes,
        warnings: [...raw.warnings, long.describe()],
      }
      : fitted;
  });
}

/** {@linkcode readWhole} for what is of 121 frames only: `purpose` says what. */
export async function readFitted(
  path: string,
  flags: FitFlags,
  purpose: string,
): Promise<WholeFile & { readonly tracks: TrackSet }> {
  const { tracks, ...file } = await readWhole(path, flags);
  return { ...file, tracks: fiveSeconds(tracks, path, purpose) };
}

/**
 * The tracks, if they last no more than five seconds.
 *
 * @throws {UsageError} When they last longer.
 */
export function fiveSeconds(
  tracks: TrackSet | LongTracks,
  path: string,
  purpose: string,
): TrackSet {
  if (!(tracks instanceof LongTracks)) return tracks;
  throw new UsageError(
    withHint(
      `Cannot ${purpose} with ${quote(path)}: its tracks last ${
        secondsOf(tracks)
      } seconds, expected at most 5`,
      "--length pad cuts them after 5 seconds, --length resample squeezes them into 5.",
    ),
  );
}

/** How long tracks last, such as `10.0`. */
export function secondsOf({ frames }: { readonly frames: number }): string {
  return ((frames - 1) / TRACK_FPS).toFixed(1);
}

/** Refuses a rate where nothing is resampled. */
export function checkRate({ length, fps }: FitFlags): void {
  if (fps === undefined || length === "auto" || length === "resample") return;
  throw new UsageError(
    withHint(
      `Cannot use --fps with --length ${length}: nothing is resampled`,
      "Leave --length away, or make it resample.",
    ),
  );
}

/** The image that is given, or only its size; undefined without both. */
export async function readImageOrSize(
  flags: SizeFlags,
): Promise<RgbImage | Size | undefined> {
  const { image, size } = flags;
  if (image !== undefined && size !== undefined) {
    throw new UsageError(
      "Cannot use --image and --size together, expected one of them",
    );
  }
  if (image === undefined) return size;
  return await decodeImage(await readFileBytes(image), { name: image });
}

/** As {@linkcode readImageOrSize}, for commands that cannot do without it. */
export async function requireImageOrSize(
  flags: SizeFlags,
  purpose: string,
): Promise<RgbImage | Size> {
  const imageOrSize = await readImageOrSize(flags);
  if (imageOrSize) return imageOrSize;
  throw new UsageError(
    withHint(
      `Cannot ${purpose}: the image's size is not known`,
      "Add --image FILE, or --size WxH.",
    ),
  );
}

/** The image itself, or a dark one where only the size is known. */
export function asImage(imageOrSize: RgbImage | Size): RgbImage {
  if ("data" in imageOrSize) return imageOrSize;
  const { width, height } = imageOrSize;
  if (width * height > MAX_PIXELS) {
    throw new UsageError(
      `Cannot draw on ${quote(`${width}x${height}`)}: it has ${
        width * height
      } pixels, expected at most ${MAX_PIXELS}`,
    );
  }
  return { width, height, data: new Uint8Array(3 * width * height).fill(40) };
}
