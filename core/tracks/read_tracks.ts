/**
 * Track files of every kind: told apart by their first bytes and what is
 * inside, never by their name.
 *
 * | format | content | scale |
 * |---|---|---|
 * | `pth` | the reference's track file, {@link readAtiFile}; or tensors, {@link torchArrays} | 8; 1 |
 * | `npz` | NumPy's archive, {@link tracksFromArrays} | 8 for (N, T, 1, 3), else 1 |
 * | `npy` | one NumPy array | 8 for (N, T, 1, 3), else 1 |
 * | `json` | ComfyUI's, Python's and our own text, {@link readJsonTracks} | 1 |
 * | `after-effects` | keyframe data, {@link parseAfterEffects} | 1 |
 * | `nuke` | tracker nodes, {@link parseNuke} | 1 |
 * | `csv` | a table, {@link parsePointTable} | 1 |
 *
 * A PNG is read by the text that it holds: a scene of Spline-Path-Control, or
 * the workflow of ComfyUI, as `json`.
 *
 * Coordinates from 0 to 1 are shares of the image, {@link toPixels}. Other
 * lengths than 121 frames follow {@link lengthRule}.
 *
 * @module
 */

import { memorySource } from "../base/byte_source.ts";
import { readNpy } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { letOthersRun } from "../base/steps.ts";
import { readZipDirectory } from "../formats/zip.ts";
import {
  type AxisOrder,
  type LayoutOptions,
  type LayoutResult,
  scaleNote,
  tracksFromArray,
} from "./array_layout.ts";
import { ATI_SCALE, readAtiFile, tensorMembers } from "./ati_file.ts";
import {
  type CoordinateUnit,
  type ImageSize,
  lookOfCoordinates,
  toPixels,
} from "./coordinates.ts";
import { decodeText } from "./decode_text.ts";
import { fitLength, type LengthPolicy, lengthRule } from "./fit_length.ts";
import { isAfterEffects, parseAfterEffects } from "./exchange/after_effects.ts";
import { isNuke, parseNuke } from "./exchange/nuke.ts";
import { isPointTable, parsePointTable } from "./exchange/point_csv.ts";
import type { StoredPoints } from "./exchange/stored_points.ts";
import { type JsonTracks, readJsonTracks } from "./json_tracks.ts";
import { openNpz } from "../formats/npz.ts";
import {
  lengthOf,
  MAX_TRACKS,
  type RawTrack,
  type RawTracks,
} from "./raw_tracks.ts";
import { isPng, pngTexts } from "../formats/png_text.ts";
import { sceneText } from "./spline_scene.ts";
import { torchArrays } from "./torch_arrays.ts";
import { tracksFromArrays } from "./track_arrays.ts";
import { scaleCurves, type TrackCurve } from "./track_curve.ts";
import { TRACK_FPS, TRACK_FRAMES, TrackSet } from "./track_set.ts";

/** The kinds of track files. */
export type TracksFormat =
  | "pth"
  | "npz"
  | "npy"
  | "json"
  | "after-effects"
  | "nuke"
  | "csv";

/** How a track file is read. Only `name` is needed. */
export interface ReadTracksOptions {
  /** What to call the file in an error, usually its path. */
  readonly name: string;
  /** Stored numbers per px; found out when absent or `auto`. */
  readonly scale?: number | "auto";
  /** Which axis of an array is time; found out when absent or `auto`. */
  readonly order?: AxisOrder;
  /** What coordinates are measured in; found out when absent or `auto`. */
  readonly unit?: CoordinateUnit;
  /** The size of the image that the tracks belong to, for shares of it. */
  readonly image?: ImageSize;
  /** The size of the image on which the tracks were made, if it is another. */
  readonly fromSize?: ImageSize;
  /** The name of the array to take where there are several. */
  readonly array?: string;
  /** A second file with the visibility, `.npy` (Wan-Move's pairs). */
  readonly visibility?: Uint8Array;
  /**
   * The most bytes that one array may unpack to, 80 MiB (50,000 tracks) unless
   * given. More only for files that you trust.
   */
  readonly limit?: number;
}

/** What a user may say about a track file. */
export type TrackReading =
  & Pick<ReadTracksOptions, "scale" | "order" | "unit" | "fromSize" | "array">
  & {
    /** What is done with other lengths than 121 frames; `auto` unless given. */
    readonly length?: LengthPolicy;
    /** The rate of the samples. */
    readonly fps?: number;
    /** When each sample is, in seconds from 0, where their rate varies. */
    readonly times?: readonly number[];
  };

/** The tracks of a file as they stand there. */
export interface RawTracksFile {
  /** The tracks, of any lengths. */
  readonly tracks: RawTracks;
  /** What kind of file it was. */
  readonly format: TracksFormat;
  /** In plain words, what was found out. */
  readonly notes: readonly string[];
  /**
   * In plain words, what was decided where another program could mean something
   * else, or what looks wrong: a user should see it without asking.
   */
  readonly warnings: readonly string[];
  /**
   * What the coordinates are: px; or what is not px yet, because it could not
   * be known or the image's size is missing.
   */
  readonly unit: "px" | "share" | "unclear";
  /** Samples per second, where the file says it. */
  readonly fps?: number;
  /** The size of the image that the tracks belong to, where the file says it. */
  readonly fromSize?: ImageSize;
  /** Whether the file has shares of the image, from 0 to 1, and no px. */
  readonly inShares?: boolean;
  /**
   * Which tracks stay where they ended until the video does, as what is animated
   * by keys; of others nothing is known after their last sample.
   */
  readonly holds?: readonly boolean[];
  /**
   * The tracks as curves through control points, in px of the image, where the
   * file holds such; undefined for a track that is none.
   */
  readonly curves?: readonly (TrackCurve | undefined)[];
}

/** The tracks of a file. */
export interface TracksFile {
  /** The tracks, of 121 frames each. */
  readonly tracks: TrackSet;
  /** What kind of file it was. */
  readonly format: TracksFormat;
  /** In plain words, what was found out. */
  readonly notes: readonly string[];
  /** What a user should see without asking, as in {@linkcode RawTracksFile}. */
  readonly warnings: readonly string[];
}

/**
 * The tracks in a file of any known format, brought to 121 frames by the
 * policy `length` (`auto` unless given); `notes` and `warnings` say what was
 * done. `fps` is the rate of the samples, `times` when each of them is,
 * {@linkcode fitLength}.
 *
 * @throws {FormatError} When the file is none of the known formats, damaged,
 * larger than `limit` unpacked, ambiguous, or a coordinate is not finite; when
 * its coordinates are shares of an image whose size is not given. No byte of it
 * is ever executed.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readTracks } from "@ati/ati";
 * const bytes = new TextEncoder().encode('[[{"x": 1, "y": 2}]]');
 * const { tracks, format } = await readTracks(bytes, { name: "a.json" });
 * assert.equal(format, "json");
 * assert.equal(tracks.count, 1);
 * ```
 */
export async function readTracks(
  bytes: Uint8Array,
  options: ReadTracksOptions & Pick<TrackReading, "length" | "fps" | "times">,
): Promise<TracksFile> {
  const { length = "auto", fps, times, ...rest } = options;
  const file = await readRawTracks(bytes, rest);
  return fitTracks(file, {
    length,
    name: options.name,
    ...fps !== undefined && { fps },
    ...times && { times },
  });
}

/**
 * Tracks of a file that was read by {@linkcode readRawTracks}, of 121 frames.
 *
 * @throws {FormatError} When their unit is not px, a coordinate is not finite,
 * or the policy refuses a length.
 */
export function fitTracks(
  file: RawTracksFile,
  options: {
    readonly name: string;
    readonly length: LengthPolicy;
    readonly fps?: number;
    readonly times?: readonly number[];
  },
): TracksFile {
  const { name, length, times } = options;
  // Says what is missing; in px there is nothing to do.
  if (file.unit !== "px") toPixels(file.tracks, { name });
  checkFinite(file.tracks, name);
  const stored = length === "auto" ? file.fps : undefined;
  const given = options.fps ?? stored;
  const rule = length === "auto" && given === undefined && !times
    ? lengthRule(file.tracks.map(lengthOf))
    : undefined;
  const fps = given ?? rule?.fps;
  let fitted: RawTracks;
  try {
    fitted = file.tracks.map((track, i) => {
      const frames = fitLength(track, {
        length,
        ...fps !== undefined && { fps },
        ...times && { times },
      });
      return file.holds?.[i] && length !== "pad"
        ? heldAfter(frames, track)
        : frames;
    });
  } catch (cause) {
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)}: ${(cause as Error).message}`,
        'Choose what to do with other lengths: "auto", "pad" or "resample".',
      ),
      { cause },
    );
  }
  const longest = file.tracks.reduce((n, one) => Math.max(n, lengthOf(one)), 0);
  const isCut = length === "auto" && given !== undefined && !times &&
    (longest - 1) / given > SECONDS + 1 / given;
  const data = new Float32Array(fitted.length * TRACK_FRAMES * 3);
  fitted.forEach((track, i) => data.set(track, i * TRACK_FRAMES * 3));
  const tracks = TrackSet.fromArray(data);
  return {
    tracks,
    format: file.format,
    notes: [
      ...file.notes,
      ...rule || isCut ? [] : lengthNotes(file.tracks, { length, fps: given }),
    ],
    warnings: [
      ...file.warnings,
      ...rule?.note === undefined ? [] : [rule.note],
      ...isCut
        ? [
          `Tracks of ${longest} samples, ${given} per second, were cut after ${SECONDS} seconds.`,
        ]
        : [],
      ...hiddenWarnings(tracks),
    ],
  };
}

/** How long 121 frames last. */
const SECONDS = (TRACK_FRAMES - 1) / TRACK_FPS;

/** A fitted track with its last sample in all frames after its end. */
function heldAfter(fitted: RawTrack, track: RawTrack): RawTrack {
  const last = track.subarray(-3);
  for (let at = fitted.length - 3; at >= 0; at -= 3) {
    // Nothing is (0, 0) and hidden except what was added.
    if (fitted[at] || fitted[at + 1] || fitted[at + 2]) break;
    fitted.set(last, at);
  }
  return fitted;
}

/** Throws with the first number that is none, and how many tracks have some. */
function checkFinite(tracks: RawTracks, name: string): void {
  const faults = tracks.flatMap((track, index) => {
    const at = track.findIndex((value) => !Number.isFinite(value));
    return at < 0 ? [] : [{ index, at, value: track[at] }];
  });
  const [first] = faults;
  if (!first) return;
  const { index, at, value } = first;
  const more = faults.length - 1;
  throw new FormatError(
    `Cannot take ${quote(value)} as ${
      at % 3 ? "y" : "x"
    } of track ${index} at frame ${Math.floor(at / 3)} of ${quote(name)}${
      more === 0 ? "" : ` and ${more} more ${more === 1 ? "track" : "tracks"}`
    }, expected a finite number of px`,
  );
}

/** Tracks none of which can be seen move nothing. */
function hiddenWarnings(tracks: TrackSet): string[] {
  for (let track = 0; track < tracks.count; track++) {
    for (let frame = 0; frame < TRACK_FRAMES; frame++) {
      if (tracks.visible(track, frame)) return [];
    }
  }
  return tracks.count === 0 ? [] : [
    "No sample of any track is visible: nothing will move.",
  ];
}

/** What happened to tracks that have not 121 frames. */
function lengthNotes(
  tracks: RawTracks,
  { length, fps }: { length: LengthPolicy; fps: number | undefined },
): string[] {
  const lengths = tracks.map(lengthOf)
    .filter((frames) => fps === undefined || frames !== 1); // which is held
  const shorter = lengths.filter((frames) => frames < TRACK_FRAMES);
  const longer = lengths.filter((frames) => frames > TRACK_FRAMES);
  const describe = (frames: number[]) => {
    const least = frames.reduce((a, b) => Math.min(a, b));
    const most = frames.reduce((a, b) => Math.max(a, b));
    return `${frames.length} of ${tracks.length} tracks with ${
      least === most ? least : `${least} to ${most}`
    } frames`;
  };
  if (shorter.length + longer.length === 0) return [];
  if (length !== "pad") {
    return [
      `${describe([...shorter, ...longer])} were ${
        fps === undefined
          ? `resampled in time to ${TRACK_FRAMES}`
          : `taken as ${fps} per second`
      }.`,
    ];
  }
  return [
    ...shorter.length === 0 ? [] : [
      `${
        describe(shorter)
      } were padded to ${TRACK_FRAMES} with invisible samples.`,
    ],
    ...longer.length === 0
      ? []
      : [`${describe(longer)} were cut after ${TRACK_FRAMES}.`],
  ];
}

/**
 * The tracks in a file as they stand there: of any lengths, possibly not
 * finite. For inspection; {@linkcode readTracks} gives tracks to work with.
 *
 * @throws {FormatError} As {@linkcode readTracks}, but not for lengths and
 * coordinates.
 */
export async function readRawTracks(
  bytes: Uint8Array,
  options: ReadTracksOptions,
): Promise<RawTracksFile> {
  const { name } = options;
  if (bytes.length === 0) {
    throw new FormatError(
      `Cannot read ${quote(name)}: it is empty, expected a track file`,
      { offset: 0 },
    );
  }
  const { format, ...found } = await readStored(bytes, options);
  await pauseAfter(bytes);
  const { tracks, certain, fps } = found;
  const { image, fromSize = found.fromSize } = options;
  const rate = fps === undefined ? {} : { fps };
  const { unit = certain ? "px" : "auto" } = options;
  const look = unit === "auto" ? lookOfCoordinates(tracks) : unit;
  const notes = look === "px"
    ? found.notes
    : found.notes.filter((note) => note !== scaleNote(1));
  const known = look === "px" || (look === "share" && image !== undefined);
  // A size that is only stored is used where the image's size is known.
  const scaling = options.fromSize ?? (image ? fromSize : undefined);
  if (!known && !options.fromSize) {
    const { warnings = [] } = found;
    return { format, tracks, notes, unit: look, warnings, ...rate };
  }
  const factors = image && scaling && look === "px"
    ? [image.width / scaling.width, image.height / scaling.height] as const
    : [1, 1] as const;
  const curves = found.curves && look === "px" && options.scale === undefined
    ? { curves: scaleCurves(found.curves, factors) }
    : {};
  const px = toPixels(tracks, {
    name,
    unit,
    ...image && { image },
    ...scaling && look === "px" && { fromSize: scaling },
    ...options.fromSize && { fromSize: options.fromSize },
  });
  return {
    format,
    tracks: px.tracks,
    notes,
    unit: "px",
    warnings: [...found.warnings ?? [], ...px.warnings],
    ...rate,
    ...found.fromSize && { fromSize: found.fromSize },
    ...found.holds && { holds: found.holds },
    ...look === "share" && { inShares: true },
    ...curves,
  };
}

/** From so many bytes on a step of reading takes a tenth of a second. */
const LARGE = 4 * 1024 * 1024;

/** Signals are heard between the steps of reading a large file. */
async function pauseAfter({ length }: Uint8Array): Promise<void> {
  if (length >= LARGE) await letOthersRun();
}

/** What a file holds, with what it says about the image and the rate. */
type StoredTracks =
  & LayoutResult
  & Pick<JsonTracks, "fromSize" | "curves">
  & Pick<StoredPoints, "fps" | "warnings" | "holds">;

/** The tracks with their coordinates as they are stored. */
async function readStored(
  bytes: Uint8Array,
  options: ReadTracksOptions,
): Promise<StoredTracks & { format: TracksFormat }> {
  const { name } = options;
  const visibility = options.visibility &&
    readNpy(memorySource(options.visibility, "the visibility"));
  const layout: LayoutOptions & { array?: string } = {
    name,
    ...options.order && { order: options.order },
    ...options.scale !== undefined && { scale: options.scale },
    ...options.array !== undefined && { array: options.array },
    ...visibility && { visibility },
  };
  if (startsWith(bytes, "\x93NUMPY")) {
    const array = readNpy(memorySource(bytes, name));
    return { format: "npy", ...tracksFromArray(array, layout) };
  }
  if (startsWith(bytes, "PK")) {
    const entries = readZipDirectory(memorySource(bytes, name));
    // A limit that was given is about bytes.
    const sized = options.limit === undefined
      ? { limitHint: `A track file holds at most ${MAX_TRACKS} tracks.` }
      : {};
    const isTorch = entries.some((entry) => entry.name.endsWith("data.pkl"));
    if (isTorch && tensorMembers(entries) > 0) {
      const arrays = await torchArrays(bytes, { name, entries });
      return { format: "pth", ...await tracksFromArrays(arrays, layout) };
    }
    if (isTorch) {
      const npz = await readAtiFile(bytes, {
        name,
        entries,
        ...sized,
        ...options.limit !== undefined && { limit: 2 * options.limit },
      });
      await pauseAfter(bytes);
      const { scale = "auto" } = options;
      return {
        format: "pth",
        ...await tracksFromArrays(openNpz(npz, { ...options, ...sized }), {
          ...layout,
          scale: scale === "auto" ? ATI_SCALE : scale,
        }),
        certain: true,
      };
    }
    return {
      format: "npz",
      ...await tracksFromArrays(
        openNpz(bytes, { ...options, ...sized, entries }),
        layout,
      ),
    };
  }
  const sizes = {
    ...options.image && { image: options.image },
    ...options.fromSize && { fromSize: options.fromSize },
  };
  if (isPng(bytes)) return await readPng(bytes, { ...layout, ...sizes });
  if (startsWith(bytes, "\0\x05\x16\x07")) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(name)
        }: it is what macOS knows about a file, not the file itself, expected a track file`,
        'The tracks are in the file of the same name without "._".',
      ),
      { offset: 0 },
    );
  }
  if (startsWith(bytes, "\x80\x02")) {
    throw new FormatError(
      withHint(
        `Cannot read ${
          quote(name)
        }: it is a bare pickle (PyTorch's form before 1.6), expected PyTorch's ZIP form`,
        "Save it again with a current PyTorch, or as .npy, .npz or .json.",
      ),
      { offset: 0 },
    );
  }
  return await readText(bytes, { ...layout, ...sizes });
}

/** How a text is read; its coordinates may depend on the size of an image. */
type TextOptions =
  & LayoutOptions
  & Pick<ReadTracksOptions, "array" | "image" | "fromSize">;

/** A scene of Spline-Path-Control, or an image that ComfyUI has saved. */
async function readPng(
  bytes: Uint8Array,
  options: TextOptions,
): Promise<StoredTracks & { format: TracksFormat }> {
  const texts = pngTexts(bytes);
  // The workflow as a person sees it holds more than the prompt that was run.
  const text = sceneText(bytes) ?? texts.get("workflow") ?? texts.get("prompt");
  if (text !== undefined) {
    return await readText(new TextEncoder().encode(text), options);
  }
  throw new FormatError(
    withHint(
      `Cannot read ${
        quote(options.name)
      }: it is a PNG image without tracks, expected a track file`,
      "A PNG holds tracks if Spline-Path-Control exported it as a scene, or ComfyUI saved it with a workflow that has a SplineEditor.",
    ),
  );
}

async function readText(
  bytes: Uint8Array,
  options: TextOptions,
): Promise<StoredTracks & { format: TracksFormat }> {
  const text = decodeText(bytes, options.name);
  // Numbers of other programs are px: shares have no place in these formats.
  const certain = true;
  if (isAfterEffects(text)) {
    const found = parseAfterEffects(text, options);
    return { format: "after-effects", ...found, certain };
  }
  if (isNuke(text)) {
    return { format: "nuke", ...parseNuke(text, options), certain };
  }
  if (isPointTable(text)) {
    return { format: "csv", ...parsePointTable(text, options) };
  }
  return { format: "json", ...await readJsonTracks(text, options) };
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return bytes.length >= magic.length &&
    Array.from(magic).every((char, i) => bytes[i] === char.charCodeAt(0));
}
