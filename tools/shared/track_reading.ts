/**
 * The flags that say how a track file is to be read, for every tool.
 *
 * @module
 */

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
    "tracks that do not have 121 frames: auto (4n + 1 samples up to 81 are the frames of a video at 16 per second, other counts are spread over 5 seconds), pad (24 per second, invisible after their end), resample (spread), error",
  ).choices(LENGTH_POLICIES).default("auto" as const);

/** `--fps`. */
export const FPS = () =>
  new Option(
    "--fps <rate>",
    "the rate at which the tracks were sampled, to keep their speed",
  ).argParser(numberBetween(0.1, 1000));

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
  readonly fps?: number | undefined;
  readonly unit: CoordinateUnit;
  readonly fromSize?: Size | undefined;
  readonly from_size?: Size | undefined;
}

/** What the flags say. */
export function trackReadingOf(
  { length, fps, unit, fromSize, from_size }: ReadingFlags,
): TrackReading {
  const size = fromSize ?? from_size;
  return {
    length,
    ...fps !== undefined && { fps },
    ...unit !== "auto" && { unit },
    ...size && { fromSize: size },
  };
}
