/**
 * The flags that say how a track file is to be read, for every tool.
 *
 * @module
 */

import { AXIS_ORDERS, type AxisOrder } from "../../core/tracks/array_layout.ts";
import {
  COORDINATE_UNITS,
  type CoordinateUnit,
} from "../../core/tracks/coordinates.ts";
import {
  LENGTH_POLICIES,
  type LengthPolicy,
} from "../../core/tracks/fit_length.ts";
import type { TrackReading } from "../../core/tracks/read_tracks.ts";
import { InvalidArgumentError, numberBetween, Option } from "./tool.ts";

/** A size in px. */
export interface Size {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
}

/** Two numbers such as `832x480`. */
export function parsePair(text: string, separator: string): [number, number] {
  const parts = text.split(separator).map((part) =>
    part.trim() === "" ? NaN : Number(part)
  );
  if (parts.length !== 2 || !parts.every(Number.isFinite)) {
    throw new InvalidArgumentError(
      `expected two numbers, like 832${separator}480.`,
    );
  }
  return parts as [number, number];
}

/** A size such as `832x480`. */
export function parseSize(text: string): Size {
  const [width, height] = parsePair(text, "x");
  for (const length of [width, height]) {
    if (!Number.isInteger(length) || length < 1 || length > 100_000) {
      throw new InvalidArgumentError("expected whole px, like 832x480.");
    }
  }
  return { width, height };
}

/** `--length`. */
export const LENGTH = () =>
  new Option(
    "--length <policy>",
    "tracks that do not have 121 frames: auto (4n + 1 samples up to 81 are the frames of a video at 16 per second, more than 121 last longer at 24 per second, other counts are spread over 5 seconds), pad (24 per second, invisible after their end), resample (spread), error",
  ).choices(LENGTH_POLICIES).default("auto" as const);

const RATE =
  "the rate at which the tracks were sampled, such as 30 or 30000/1001, to keep their speed";

/** `--fps`. */
export const FPS = () =>
  new Option(
    "--fps <rate>",
    `${RATE}; or the video of which each frame has a sample, its rate may vary`,
  ).argParser(parseRate);

/** `--fps` of a tool that reads no videos. */
export const PLAIN_FPS = () =>
  new Option("--fps <rate>", RATE).argParser(parseNumber);

/** A rate as a number, or as a fraction such as `30000/1001`. */
function parseNumber(text: string): number {
  const [, over, under] = /^\s*(\d+)\s*\/\s*([1-9]\d*)\s*$/.exec(text) ?? [];
  return numberBetween(0.1, 1000)(
    over === undefined ? text : String(Number(over) / Number(under)),
  );
}

/** A rate, or the path of a video. */
export type Rate = number | { readonly video: string };

function parseRate(text: string): Rate {
  const isFraction = /^[\d\s/]+$/.test(text);
  if (!isFraction && /[/\\]|\.[a-z]\w*$/i.test(text)) return { video: text };
  return parseNumber(text);
}

/** `--array`. */
export const ARRAY = () =>
  new Option(
    "--array <name>",
    "which array to take where there are several",
  );

/** `--order`. */
export const ORDER = () =>
  new Option(
    "--order <which>",
    "which axis of an array comes first; needed when none is 121 or 81",
  ).choices(AXIS_ORDERS).default("auto" as const);

/** `--unit`. */
export const UNIT = () =>
  new Option(
    "--unit <which>",
    "what coordinates are measured in: px, share (0 to 1 of the image), or auto",
  ).choices(COORDINATE_UNITS).default("auto" as const);

/** `--from-size`, spelled as the tool spells its flags. */
export const FROM_SIZE = <Flag extends string>(flag: Flag) =>
  new Option(
    flag,
    "the size of the image on which the tracks were made, if it is another",
  ).argParser(parseSize);

/** The values of these flags, in either spelling. */
export interface ReadingFlags {
  readonly length: LengthPolicy;
  readonly fps?: Rate | undefined;
  readonly unit: CoordinateUnit;
  readonly fromSize?: Size | undefined;
  readonly from_size?: Size | undefined;
  readonly array?: string | undefined;
  readonly order: AxisOrder;
}

/** What the flags say; the times of a video are not looked up yet. */
export interface AskedReading extends TrackReading {
  /** The video of which each frame has a sample. */
  readonly video?: string;
}

/** What the flags say. */
export function trackReadingOf(
  { length, fps, unit, fromSize, from_size, array, order }: ReadingFlags,
): AskedReading {
  const size = fromSize ?? from_size;
  return {
    length,
    ...rateOf(fps),
    ...unit !== "auto" && { unit },
    ...size && { fromSize: size },
    ...array !== undefined && { array },
    ...order !== "auto" && { order },
  };
}

/** The rate or the video of `--fps`. */
export function rateOf(
  fps: Rate | undefined,
): Pick<AskedReading, "fps" | "video"> {
  return typeof fps === "object" ? fps : fps === undefined ? {} : { fps };
}

/** The files that a reading needs besides the tracks. */
export function readingInputs({ video }: AskedReading): string[] {
  return video === undefined ? [] : [video];
}

/**
 * A reading with the times of its video.
 *
 * @throws {FormatError} When the video is damaged.
 */
export async function resolveReading(
  { video, ...reading }: AskedReading,
): Promise<TrackReading> {
  if (video === undefined) return reading;
  const { openVideo } = await import("../../core/media/video_reader.ts");
  return { ...reading, times: await (await openVideo(video)).times() };
}
