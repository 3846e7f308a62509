/**
 * The inputs of an item, loaded and looked through.
 *
 * @module
 */

import { readFileBytes } from "../files/files.ts";
import { decodeImage } from "../media/image.ts";
import type { RgbImage } from "../base/image.ts";
import { readTracks } from "../tracks/read_tracks.ts";
import type { TrackSet } from "../tracks/track_set.ts";
import { type TrackIssue, validateTracks } from "../tracks/validate.ts";
import { findSignalFiles } from "./item_signal.ts";
import { sha256 } from "./_sha256.ts";
import { pairedVisibility } from "./paired_visibility.ts";
import type { RunItem } from "./plan_run.ts";

/** An image and its tracks, ready to be rendered. */
export interface ItemInputs {
  /** The image, turned as EXIF says. */
  readonly image: RgbImage;
  /** The tracks, in px of the image. */
  readonly tracks: TrackSet;
  /** How the track file was understood, and what is risky about the tracks. */
  readonly notes: readonly string[];
  /** What was decided about the track file, for the user to see without asking. */
  readonly warnings: readonly string[];
  /** SHA-256 of the two files, hexadecimal. */
  readonly hashes: { readonly image: string; readonly track: string };
}

/** A thousand tracks are 1.5 MB, in JSON 3 MB. */
const TRACK_LIMIT = 256 * 1024 * 1024;

/**
 * Loads the inputs of an item.
 *
 * @throws {FormatError} When the image or the track file is not what it
 * should be. @throws {RangeError} When the tracks cannot be used, with every
 * finding that makes them so. @throws {Error} When a file cannot be read.
 */
export async function loadInputs(
  item: Pick<RunItem, "image" | "track" | "trackReading">,
): Promise<ItemInputs> {
  const imageBytes = await readFileBytes(item.image);
  const trackBytes = await readFileBytes(item.track, { limit: TRACK_LIMIT });
  const image = await decodeImage(imageBytes, { name: item.image });
  const visibility = await pairedVisibility(item.track);
  const { tracks, notes, warnings } = await readTracks(trackBytes, {
    name: item.track,
    ...visibility && { visibility },
    image: { width: image.width, height: image.height },
    ...item.trackReading,
  });
  const findings = validateTracks(tracks, image);
  const faults = findings.filter(({ severity }) => severity === "error");
  if (faults.length > 0) {
    throw new RangeError(
      `Cannot use the tracks of ${JSON.stringify(item.track)}: ${
        faults.map(describe).join("; ")
      }`,
    );
  }
  return {
    image,
    tracks,
    notes: [...notes, ...findings.map(describe)],
    warnings,
    hashes: {
      image: await sha256(imageBytes),
      track: await sha256(trackBytes),
    },
  };
}

/**
 * The files that an item reads.
 *
 * @throws {TypeError} When its motion signal has no mask.
 */
export async function inputFiles(
  { image, track, steering }: Pick<RunItem, "image" | "track" | "steering">,
): Promise<string[]> {
  const { timeToMove } = steering ?? {};
  const { signal, mask } = timeToMove ? await findSignalFiles(timeToMove) : {};
  return [image, track, signal, mask].filter((path) => path !== undefined);
}

function describe({ message }: TrackIssue): string {
  return message;
}
