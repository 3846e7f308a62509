/**
 * The inputs of an item, loaded and looked through.
 *
 * @module
 */

import { inSteps, letOthersRun } from "../base/steps.ts";
import { optionalFileExists, readFileBytes } from "../files/files.ts";
import { decodeImage } from "../media/image.ts";
import type { RgbImage } from "../base/image.ts";
import { type MotionObject, objectsPath } from "../tracks/motion_objects.ts";
import { fitTracks, readRawTracks } from "../tracks/read_tracks.ts";
import { LongTracks } from "../tracks/long_tracks.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { type TrackIssue, validateInSteps } from "../tracks/validate.ts";
import { findSignalFiles } from "./item_signal.ts";
import { markedObjects } from "./marked_objects.ts";
import { NO_TRACKS } from "./signal_folder.ts";
import { fileSha256, sha256 } from "./_sha256.ts";
import { pairedVisibility, pairedVisibilityPath } from "./paired_visibility.ts";
import type { RunItem } from "./plan_run.ts";

/** An image and its tracks, ready to be rendered. */
export interface ItemInputs {
  /** The image, turned as EXIF says. */
  readonly image: RgbImage;
  /** The tracks, in px of the image; of longer ones the first five seconds. */
  readonly tracks: TrackSet;
  /** All of the tracks, if they last longer than five seconds. */
  readonly long?: LongTracks;
  /** The objects that were marked with them, the farthest first. */
  readonly objects: readonly MotionObject[];
  /** How the track file was understood, and what is risky about the tracks. */
  readonly notes: readonly string[];
  /** What was decided about the track file, for the user to see without asking. */
  readonly warnings: readonly string[];
  /** SHA-256 of the files, hexadecimal. */
  readonly hashes: FileHashes;
}

/** SHA-256 of an item's files, 64 hexadecimal digits each. */
export interface FileHashes {
  /** Of the image file. */
  readonly image: string;
  /** Of the track file. */
  readonly track: string;
  /** Of the file with the visibility of a pair, if there is one. */
  readonly visibility?: string;
  /** Of the file with the marked objects, if there is one. */
  readonly objects?: string;
}

/** A thousand tracks are 1.5 MB, in JSON 3 MB. */
const TRACK_LIMIT = 256 * 1024 * 1024;

/**
 * Loads the inputs of an item.
 *
 * @throws {FormatError} When the image or the track file is not what it
 * should be. @throws {RangeError} When the tracks cannot be used, with every
 * finding that makes them so. @throws {Error} When a file cannot be read.
 * @throws {AggregateError} When both the image and the tracks cannot be used,
 * with both errors.
 */
export async function loadInputs(
  item: Pick<RunItem, "image" | "track" | "trackReading" | "inOneSegment">,
  options: {
    /** Ends the work between two steps. */
    readonly signal?: AbortSignal;
  } = {},
): Promise<ItemInputs> {
  const { signal } = options;
  const errors: unknown[] = [];
  const image = await loadImage(item).catch((error) => void errors.push(error));
  const tracks = await loadTracks(item, image?.image, signal)
    .catch((error) => void errors.push(error));
  signal?.throwIfAborted();
  if (errors.length === 0 && image && tracks) {
    return {
      ...tracks,
      image: image.image,
      hashes: { image: image.hash, ...tracks.hashes },
    };
  }
  // A missing permission is the same for both.
  const denied = errors.find((error) =>
    error instanceof Deno.errors.NotCapable
  );
  if (denied ?? errors.length === 1) throw denied ?? errors[0];
  throw new AggregateError(
    errors,
    errors.map((error) => (error as Error).message).join("\n"),
  );
}

/**
 * What is wrong with inputs of which one may be missing; empty where those that
 * are there can be used.
 *
 * @throws {Deno.errors.NotCapable} When a permission is missing.
 */
export async function inputErrors(
  { image: imageFile, track, trackReading }:
    & Partial<Pick<RunItem, "image" | "track">>
    & Pick<RunItem, "trackReading">,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  const keep = (error: unknown) => {
    if (error instanceof Deno.errors.NotCapable) throw error;
    errors.push(error);
  };
  const image = imageFile === undefined
    ? undefined
    : await loadImage({ image: imageFile }).catch(keep);
  if (track !== undefined) {
    const item = { track, ...(trackReading && { trackReading }) };
    await loadTracks(item, image?.image).catch(keep);
  }
  return errors;
}

async function loadImage({ image: path }: Pick<RunItem, "image">) {
  const bytes = await readFileBytes(path);
  return {
    image: await decodeImage(bytes, { name: path }),
    hash: await sha256(bytes),
  };
}

/** The tracks; as far as they can be judged where the image is missing. */
async function loadTracks(
  { track: name, trackReading = {}, inOneSegment }: Pick<
    RunItem,
    "track" | "trackReading" | "inOneSegment"
  >,
  image: RgbImage | undefined,
  signal?: AbortSignal,
) {
  if (name === NO_TRACKS) {
    return {
      tracks: TrackSet.fromPoints([]),
      objects: [],
      notes: [],
      warnings: [],
      hashes: { track: await sha256(new Uint8Array()) },
    };
  }
  const bytes = await readFileBytes(name, { limit: TRACK_LIMIT });
  const denied: string[] = [];
  const visibility = await pairedVisibility(
    name,
    (note) => denied.push(note),
  );
  const { length = "auto", fps, times, fromSize, ...reading } = trackReading;
  const raw = await readRawTracks(bytes, {
    name,
    ...visibility && { visibility },
    ...image && { image: { width: image.width, height: image.height } },
    ...image && fromSize && { fromSize },
    ...reading,
  });
  if (!image && raw.unit === "share") return undefined;
  await letOthersRun(signal);
  const fitted = fitTracks(raw, {
    name,
    length,
    ...fps !== undefined && { fps },
    ...times && { times },
  });
  const long = inOneSegment
    ? undefined
    : LongTracks.fromReading(raw, { name, length, fps, times });
  const { tracks, notes, warnings } = long
    ? {
      tracks: long.piece(0, { keepHidden: true }).tracks,
      notes: raw.notes,
      warnings: [...raw.warnings, long.describe()],
    }
    : fitted;
  const findings = await inSteps(
    validateInSteps(
      long?.toRaw() ?? tracks,
      image ?? { width: 1, height: 1 },
      long && { frames: long.frames },
    ),
    signal,
  );
  const faults = findings.filter(({ severity }) => severity === "error");
  if (faults.length > 0) {
    throw new RangeError(
      `Cannot use the tracks of ${JSON.stringify(name)}: ${
        faults.map(describe).join("; ")
      }`,
    );
  }
  const { objects, note } = image
    ? await markedObjects(name, { trackCount: tracks.count, image })
    : { objects: [], note: undefined };
  return {
    tracks,
    objects,
    notes: [...notes, ...findings.map(describe)],
    warnings: [...warnings, ...denied, ...(note === undefined ? [] : [note])],
    ...long && { long },
    hashes: {
      track: await sha256(bytes),
      ...visibility && { visibility: await sha256(visibility) },
      ...await objectsHash(name),
    },
  };
}

/**
 * The hashes of an item's files, without reading more into them.
 *
 * @param hash the hash of a file
 * @throws {Error} When one cannot be read.
 */
export async function hashFiles(
  { image, track }: Pick<RunItem, "image" | "track">,
  hash: (path: string) => Promise<string> = fileSha256,
): Promise<FileHashes> {
  if (track === NO_TRACKS) {
    return { image: await hash(image), track: await sha256(new Uint8Array()) };
  }
  const visibility = await pairedVisibilityPath(track, () => {});
  return {
    image: await hash(image),
    track: await hash(track),
    ...visibility !== undefined && { visibility: await hash(visibility) },
    ...await objectsHash(track, hash),
  };
}

async function objectsHash(
  track: string,
  hash: (path: string) => Promise<string> = fileSha256,
): Promise<Pick<FileHashes, "objects">> {
  const path = objectsPath(track);
  return await optionalFileExists(path, () => {})
    ? { objects: await hash(path) }
    : {};
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
  const objects = objectsPath(track);
  return [
    image,
    track,
    await pairedVisibilityPath(track),
    await optionalFileExists(objects) ? objects : undefined,
    signal,
    mask,
  ].filter((path) => path !== undefined && path !== NO_TRACKS) as string[];
}

function describe({ message }: TrackIssue): string {
  return message;
}
