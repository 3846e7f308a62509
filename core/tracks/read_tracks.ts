/**
 * Track files of every kind: told apart by their first bytes and what is
 * inside, never by their name.
 *
 * | format | content | scale |
 * |---|---|---|
 * | `pth` | the reference's track file, {@link readAtiFile} | 8 |
 * | `npz` | NumPy's archive: the array named, or `array`, `tracks`, `pred_tracks`, or the first | 8 for (N, T, 1, 3), else 1 |
 * | `npy` | one NumPy array | 8 for (N, T, 1, 3), else 1 |
 * | `json` | ComfyUI's and our own, {@link parseJsonTracks} | 1 |
 *
 * @module
 */

import { memorySource } from "../base/byte_source.ts";
import { readNpy } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { readZipDirectory } from "../formats/zip.ts";
import {
  type AxisOrder,
  checkScale,
  type LayoutOptions,
  type LayoutResult,
  scaleNote,
  tracksFromArray,
} from "./array_layout.ts";
import { ATI_SCALE, readAtiFile } from "./ati_file.ts";
import { fitLength, type LengthPolicy } from "./fit_length.ts";
import { parseJsonTracks } from "./json_tracks.ts";
import { openNpz } from "../formats/npz.ts";
import { lengthOf, type RawTracks } from "./raw_tracks.ts";
import { TRACK_FRAMES, TrackSet } from "./track_set.ts";

/** The kinds of track files. */
export type TracksFormat = "pth" | "npz" | "npy" | "json";

/** How a track file is read. Only `name` is needed. */
export interface ReadTracksOptions {
  /** What to call the file in an error, usually its path. */
  readonly name: string;
  /** Stored numbers per px; found out when absent or `auto`. */
  readonly scale?: number | "auto";
  /** Which axis of an array is time; found out when absent or `auto`. */
  readonly order?: AxisOrder;
  /** The name of the array to take from a `.npz`. */
  readonly array?: string;
  /** A second file with the visibility, `.npy` (Wan-Move's pairs). */
  readonly visibility?: Uint8Array;
  /**
   * The most bytes that one array may unpack to, 16 MiB (about 11,000 tracks)
   * unless given. More only for files that you trust.
   */
  readonly limit?: number;
}

/** The tracks of a file as they stand there. */
export interface RawTracksFile {
  /** The tracks, of any lengths. */
  readonly tracks: RawTracks;
  /** What kind of file it was. */
  readonly format: TracksFormat;
  /** In plain words, what was found out and decided. */
  readonly notes: readonly string[];
}

/** The tracks of a file. */
export interface TracksFile {
  /** The tracks, of 121 frames each. */
  readonly tracks: TrackSet;
  /** What kind of file it was. */
  readonly format: TracksFormat;
  /** In plain words, what was found out and decided. */
  readonly notes: readonly string[];
}

/**
 * The tracks in a file of any known format, brought to 121 frames by the
 * policy `length` (`pad` unless given); `notes` says what was done. `fps` goes
 * to {@linkcode fitLength}.
 *
 * @throws {FormatError} When the file is none of the known formats, damaged,
 * larger than `limit` unpacked, ambiguous, or a coordinate is not finite. No
 * byte of it is ever executed.
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
  options: ReadTracksOptions & { length?: LengthPolicy; fps?: number },
): Promise<TracksFile> {
  const { length = "pad", name, ...rest } = options;
  const raw = await readRawTracks(bytes, { name, ...rest });
  raw.tracks.forEach((track, index) => {
    const at = track.findIndex((value) => !Number.isFinite(value));
    if (at < 0) return;
    throw new FormatError(
      `Cannot take ${quote(track[at])} as ${
        at % 3 ? "y" : "x"
      } of track ${index} at frame ${Math.floor(at / 3)} of ${
        quote(name)
      }, expected a finite number of px`,
    );
  });
  let fitted: RawTracks;
  try {
    fitted = raw.tracks.map((track) =>
      fitLength(track, { ...options, length })
    );
  } catch (cause) {
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)}: ${(cause as Error).message}`,
        'Choose what to do with other lengths: "pad" or "resample".',
      ),
      { cause },
    );
  }
  const data = new Float32Array(fitted.length * TRACK_FRAMES * 3);
  fitted.forEach((track, i) => data.set(track, i * TRACK_FRAMES * 3));
  return {
    tracks: TrackSet.fromArray(data),
    format: raw.format,
    notes: [...raw.notes, ...lengthNotes(raw.tracks, length)],
  };
}

/** What happened to tracks that have not 121 frames. */
function lengthNotes(tracks: RawTracks, length: LengthPolicy): string[] {
  const lengths = tracks.map(lengthOf);
  const shorter = lengths.filter((frames) => frames < TRACK_FRAMES);
  const longer = lengths.filter((frames) => frames > TRACK_FRAMES);
  const describe = (frames: number[]) => {
    const least = Math.min(...frames), most = Math.max(...frames);
    return `${frames.length} of ${tracks.length} tracks with ${
      least === most ? least : `${least} to ${most}`
    } frames`;
  };
  if (shorter.length + longer.length === 0) return [];
  if (length === "resample") {
    return [
      `${
        describe([...shorter, ...longer])
      } were resampled in time to ${TRACK_FRAMES}.`,
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
  const visibility = options.visibility &&
    readNpy(memorySource(options.visibility, "the visibility"));
  const layout: LayoutOptions = {
    name,
    ...options.order && { order: options.order },
    ...options.scale !== undefined && { scale: options.scale },
    ...visibility && { visibility },
  };
  if (startsWith(bytes, "\x93NUMPY")) {
    const array = readNpy(memorySource(bytes, name));
    return { format: "npy", ...tracksFromArray(array, layout) };
  }
  if (startsWith(bytes, "PK")) {
    const members = readZipDirectory(memorySource(bytes, name));
    if (members.some((member) => member.name.endsWith("data.pkl"))) {
      const npz = await readAtiFile(bytes, {
        name,
        ...options.limit !== undefined && { limit: 2 * options.limit },
      });
      const scaled = { ...layout, scale: fixedScale(options.scale, ATI_SCALE) };
      return { format: "pth", ...await fromNpz(npz, scaled, options) };
    }
    return { format: "npz", ...await fromNpz(bytes, layout, options) };
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
  return {
    format: "json",
    ...fromJson(bytes, { name, scale: fixedScale(options.scale, 1) }),
  };
}

function fixedScale(
  scale: number | "auto" | undefined,
  otherwise: number,
): number {
  return scale === undefined || scale === "auto" ? otherwise : scale;
}

/** JSON is read as it is, so the file's own size is what counts: 40 MiB. */
const MAX_JSON_BYTES = 40 * 1024 * 1024;

/** The arrays of a `.npz` that are taken for tracks when none is named. */
const TRACK_NAMES = ["array", "tracks", "pred_tracks"];

/** The arrays of a `.npz` that are taken for their visibility. */
const VISIBILITY_NAMES = [
  "visibility",
  "pred_visibility",
  "visibles",
  "visible",
];

async function fromNpz(
  bytes: Uint8Array,
  layout: LayoutOptions,
  options: ReadTracksOptions,
): Promise<LayoutResult> {
  const npz = openNpz(bytes, options);
  const found = options.array ??
    TRACK_NAMES.find((name) => npz.names.includes(name)) ?? npz.names[0]!;
  const array = await npz.array(found);
  const hidden = layout.visibility
    ? undefined
    : VISIBILITY_NAMES.find((name) => npz.names.includes(name));
  const visibility = array.dims.at(-1) === 2 && hidden !== undefined
    ? { visibility: await npz.array(hidden) }
    : {};
  const { tracks, notes } = tracksFromArray(array, {
    ...layout,
    ...visibility,
  });
  return {
    tracks,
    notes: [
      ...npz.names.length === 1 ? [] : [
        `Of the arrays ${npz.names.map(quote).join(", ")}, ${quote(found)} ${
          visibility.visibility
            ? `with the visibility ${quote(hidden)} was taken`
            : "was taken"
        }.`,
      ],
      ...notes,
    ],
  };
}

function fromJson(
  bytes: Uint8Array,
  options: { name: string; scale: number },
): LayoutResult {
  const { name, scale } = options;
  if (bytes.length > MAX_JSON_BYTES) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as JSON: it has ${bytes.length} bytes, expected at most ${MAX_JSON_BYTES}`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)}: it is no track file of a known kind`,
        "Track files are .pth, .npz, .npy and .json; their first bytes tell.",
      ),
      { cause, offset: 0 },
    );
  }
  const tracks = parseJsonTracks(text, { name });
  checkScale(scale);
  return {
    tracks: scale === 1
      ? tracks
      : tracks.map((track) =>
        track.map((value, i) => i % 3 === 2 ? value : value / scale)
      ),
    notes: [scaleNote(scale)],
  };
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return bytes.length >= magic.length &&
    Array.from(magic).every((char, i) => bytes[i] === char.charCodeAt(0));
}
