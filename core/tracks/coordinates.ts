/**
 * Stored coordinates as px of the image that the tracks belong to.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import type { RawTracks } from "./raw_tracks.ts";

/** Width and height in px. */
export interface ImageSize {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
}

/** What coordinates are measured in. */
export type CoordinateUnit =
  /** Px, or shares where it is sure; asked for where it cannot be known. */
  | "auto"
  /** Px, whatever the numbers are. */
  | "px"
  /** Shares of the width and the height, from 0 to 1. */
  | "share";

/** The values of {@linkcode CoordinateUnit}. */
export const COORDINATE_UNITS: readonly CoordinateUnit[] = [
  "auto",
  "px",
  "share",
];

/** How coordinates become px. */
export interface CoordinatesOptions {
  /** What to call the file in an error. */
  readonly name: string;
  /** What they are measured in; `auto` unless given. */
  readonly unit?: CoordinateUnit;
  /** The image that the tracks belong to. */
  readonly image?: ImageSize;
  /** The size of the image on which they were made, if it is another. */
  readonly fromSize?: ImageSize;
}

/** Tracks in px. */
export interface PixelTracks {
  /** The tracks. */
  readonly tracks: RawTracks;
  /** What a user should be told: decisions, and what looks doubtful. */
  readonly warnings: readonly string[];
}

/** The corner that tracks of a smaller image would fill, as a share. */
const CORNER = 0.5;

/** What coordinates look like. */
export type CoordinateLook = "px" | "share" | "unclear";

/** The share of numbers below 2 px from which px are doubted. */
const DOUBTED = 0.75;

/**
 * What the coordinates look like, those of visible samples if there are any:
 * shares when all of them are from 0 to 1 and some lie between; unclear when
 * they are only zeros and ones, or of those that are not 0 (lost points are at
 * (0, 0)) three quarters are from -1 to 2, as shares are of what leaves the
 * image; px otherwise. An image is larger than 2 px.
 */
export function lookOfCoordinates(tracks: RawTracks): CoordinateLook {
  return look(tracks, true) ?? look(tracks, false) ?? "px";
}

/** What they look like, the visible or all; undefined when there are none. */
function look(
  tracks: RawTracks,
  onlyVisible: boolean,
): CoordinateLook | undefined {
  let least = Infinity, most = -Infinity, whole = true, small = 0, count = 0;
  for (const track of tracks) {
    for (let at = 0; at < track.length; at += 3) {
      if (onlyVisible && !(track[at + 2]! > 0)) continue;
      for (const value of [track[at]!, track[at + 1]!]) {
        if (!Number.isFinite(value)) continue;
        least = Math.min(least, value);
        most = Math.max(most, value);
        whole &&= Number.isInteger(value);
        if (value === 0) continue;
        if (value >= -1 && value < 2) small++;
        count++;
      }
    }
  }
  if (most === -Infinity) return undefined;
  if (whole && (most >= 2 || least <= -1)) return "px";
  if (most >= 2 || least < -1) {
    return small > DOUBTED * count ? "unclear" : "px";
  }
  // Hidden samples at (0, 0) say nothing.
  if (!onlyVisible && most === 0 && least === 0) return undefined;
  if (whole || most > 1 || least < 0) return "unclear";
  return "share";
}

/**
 * Tracks in px of the image. Shares from 0 to 1 are multiplied by its size;
 * px of an image of another size, `fromSize`, are scaled.
 *
 * @throws {FormatError} When shares or another size are meant and the image's
 * size is not known, or when it cannot be told what is meant.
 */
export function toPixels(
  tracks: RawTracks,
  options: CoordinatesOptions,
): PixelTracks {
  const { name, unit = "auto", image, fromSize } = options;
  const look = unit !== "auto" ? unit : lookOfCoordinates(tracks);
  if (look === "unclear") {
    throw new FormatError(
      withHint(
        `Cannot tell whether the coordinates of ${
          quote(name)
        } are px or shares of the image: most of them are below 2 px, expected px or 0 to 1`,
        `Say which: unit "px" or unit "share".${
          tracks.some((track) => track.some((v, i) => i % 3 < 2 && v < 0))
            ? " Numbers from -1 to 1 about the center are neither: (x + 1) / 2 is a share."
            : ""
        }`,
      ),
    );
  }
  if (look === "share") {
    if (fromSize) {
      throw new FormatError(
        `Cannot scale ${
          quote(name)
        } from ${fromSize.width}x${fromSize.height}: its coordinates are shares from 0 to 1, expected px`,
      );
    }
    const size = needImage(
      image,
      `Cannot place the tracks of ${
        quote(name)
      }: their coordinates are shares of the image from 0 to 1, and its size is not known`,
    );
    return {
      tracks: scaled(tracks, [size.width, size.height]),
      warnings: [
        `Coordinates from 0 to 1 were taken as shares of the image, ${size.width}x${size.height}, y downwards (unit "px" takes them as they are).`,
      ],
    };
  }
  if (fromSize) {
    const size = needImage(
      image,
      `Cannot scale the tracks of ${
        quote(name)
      } from ${fromSize.width}x${fromSize.height}: the image's size is not known`,
    );
    const factors = [
      size.width / fromSize.width,
      size.height / fromSize.height,
    ] as const;
    if (factors[0] === 1 && factors[1] === 1) return { tracks, warnings: [] };
    return {
      tracks: scaled(tracks, factors),
      warnings: [
        `Coordinates were scaled from ${fromSize.width}x${fromSize.height} to the image's ${size.width}x${size.height}.`,
      ],
    };
  }
  return {
    tracks,
    warnings: image && fillsCorner(tracks, image)
      ? [
        `All tracks are in the upper left quarter of the image of ${image.width}x${image.height}: if they were made on a smaller one, say its size (from-size).`,
      ]
      : [],
  };
}

/** The image's size, or the error that it is missing. */
function needImage(image: ImageSize | undefined, message: string): ImageSize {
  if (image) return image;
  throw new FormatError(
    withHint(`${message}, expected it`, "Give the image, or its size."),
  );
}

function scaled(
  tracks: RawTracks,
  [x, y]: readonly [number, number],
): RawTracks {
  return tracks.map((track) =>
    track.map((value, i) =>
      i % 3 === 0 ? value * x : i % 3 === 1 ? value * y : value
    )
  );
}

/** Whether three or more tracks stay in the upper left quarter and fill it. */
function fillsCorner(tracks: RawTracks, image: ImageSize): boolean {
  if (tracks.length < 3) return false;
  const right = CORNER * image.width, bottom = CORNER * image.height;
  let mostX = 0, mostY = 0;
  for (const track of tracks) {
    for (let at = 0; at < track.length; at += 3) {
      if (!(track[at + 2]! > 0)) continue;
      const x = track[at]!, y = track[at + 1]!;
      if (x > right || y > bottom) return false;
      mostX = Math.max(mostX, x);
      mostY = Math.max(mostY, y);
    }
  }
  // Tracks of a smaller image reach across it.
  return mostX > right / 3 && mostY > bottom / 3;
}
