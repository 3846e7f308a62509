/**
 * The layouts in which trackers and editors keep tracks as one array, and how
 * each is told from the others.
 *
 * | shape | from | read as |
 * |---|---|---|
 * | (N, T, 1, 3) | ATI | stored values are 8 times x, y, visible |
 * | (1, T, N, 2) or (1, T, N, 3) | CoTracker, Wan-Move | time first |
 * | (N, T, 2 or 3) or (T, N, 2 or 3) | TAPIR, anything else | the axis of 121, else of 81, is time; else it must be said |
 * | (T, 2 or 3) | one track | time first |
 *
 * Visibility is the third number, or a second array of the same shape without
 * the last axis (an axis of 1 may be left over at either end). It counts as
 * visible from 0.5 up. Without one, every sample is visible.
 *
 * @module
 */

import type { NpyArray } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import { ATI_SCALE } from "./ati_file.ts";
import { checkTrackCount, type RawTracks } from "./raw_tracks.ts";
import { TRACK_FRAMES } from "./track_set.ts";

/** Which of the first two axes of a (., ., 2|3) array is time. */
export type AxisOrder = "auto" | "tracks-first" | "time-first";

/** The values of {@linkcode AxisOrder}. */
export const AXIS_ORDERS: readonly AxisOrder[] = [
  "auto",
  "tracks-first",
  "time-first",
];

/** How an array of tracks is understood. */
export interface LayoutOptions {
  /** What to call the array in an error. */
  readonly name: string;
  /** Which axis is time; found out when it is `auto`. */
  readonly order?: AxisOrder;
  /**
   * Stored numbers per px; `auto` takes 8 for ATI's own layout and 1 for
   * every other.
   */
  readonly scale?: number | "auto";
  /** Visibility that is kept in an array of its own. */
  readonly visibility?: NpyArray;
}

/** Tracks of an array and what was found out about it. */
export interface LayoutResult {
  /** The tracks, all of one length. */
  readonly tracks: RawTracks;
  /** In plain words, which layout and scale were taken. */
  readonly notes: readonly string[];
}

/** Frames of the model's clip, the length of Wan-Move's tracks. */
const CLIP_LENGTH = 81;

/**
 * The tracks in an array.
 *
 * @throws {FormatError} When the shape is none of the above, is ambiguous, or
 * the visibility does not fit it.
 */
export function tracksFromArray(
  array: NpyArray,
  options: LayoutOptions,
): LayoutResult {
  const { name, order = "auto", visibility } = options;
  const { dims } = array;
  const depth = dims.at(-1);
  const ati = isAtiLayout(dims);
  if ((depth !== 2 && depth !== 3) || dims.length < 2 || dims.length > 4) {
    throw refuse(
      array,
      name,
      "expected (N, T, 1, 3), (1, T, N, 2), (N, T, 2|3), (T, N, 2|3) or (T, 2|3)",
    );
  }
  const axes = ati ? "tracks-first" : chooseOrder(array, { name, order });
  const plane = planeOf(array, name);
  const [count, frames] = axes === "tracks-first"
    ? plane
    : [plane[1], plane[0]] as const;
  checkTrackCount(count, name);
  if (count > 0 && frames === 0) {
    throw refuse(array, name, "expected at least one frame");
  }
  const scale = options.scale === undefined || options.scale === "auto"
    ? ati ? ATI_SCALE : 1
    : options.scale;
  checkScale(scale);
  const visible = visibility
    ? visibilityOf(visibility, { dims, name })
    : undefined;
  const value = (index: number) => Number(array.data[index]);
  const tracks = Array.from({ length: count }, (_, track) => {
    const samples = new Float32Array(frames * 3);
    for (let frame = 0; frame < frames; frame++) {
      const cell = axes === "tracks-first"
        ? track * frames + frame
        : frame * count + track;
      const from = cell * depth;
      const seen = visible
        ? visible(cell)
        : depth === 2 || value(from + 2) >= (ati ? scale / 2 : 0.5);
      const x = value(from) / scale, y = value(from + 1) / scale;
      // Trackers leave anything, NaN too, where a point is lost.
      const keep = seen || (Number.isFinite(x) && Number.isFinite(y));
      samples.set([keep ? x : 0, keep ? y : 0, seen ? 1 : 0], frame * 3);
    }
    return samples;
  });
  return {
    tracks,
    notes: [
      `The array (${dims.join(", ")}) was read as ${
        ati
          ? "ATI's layout"
          : axes === "tracks-first"
          ? "tracks x frames"
          : "frames x tracks"
      }: ${count} tracks of ${frames} frames.`,
      scaleNote(scale),
      ...visible || depth === 3
        ? []
        : ["There is no visibility: every sample counts as visible."],
    ],
  };
}

/** Throws a `RangeError` unless coordinates can be divided by `scale`. */
export function checkScale(scale: number): void {
  if (scale > 0 && scale < Infinity) return;
  throw new RangeError(
    `Cannot divide coordinates by ${quote(scale)}, expected a scale above 0`,
  );
}

/** In plain words, what was done with the stored coordinates. */
export function scaleNote(scale: number): string {
  return scale === 1
    ? "Coordinates were taken as px."
    : `Coordinates were divided by ${scale} to get px.`;
}

/** Whether an array has the shape of ATI's own files, (N, T, 1, 3). */
export function isAtiLayout(dims: readonly number[]): boolean {
  return dims.length === 4 && dims[2] === 1 && dims[3] === 3;
}

/** The two axes between batch and coordinates, as they stand in the array. */
function planeOf(
  array: NpyArray,
  name: string,
): readonly [number, number] {
  const { dims } = array;
  if (dims.length === 2) return [dims[0]!, 1];
  if (dims.length === 3) return [dims[0]!, dims[1]!];
  if (isAtiLayout(dims)) return [dims[0]!, dims[1]!];
  if (dims[0] === 1) return [dims[1]!, dims[2]!];
  throw refuse(
    array,
    name,
    "expected one clip, (1, T, N, 2|3), or ATI's (N, T, 1, 3)",
  );
}

function chooseOrder(
  array: NpyArray,
  options: { name: string; order: AxisOrder },
): "tracks-first" | "time-first" {
  const { dims } = array;
  if (dims.length === 2) return "time-first";
  if (options.order !== "auto") return options.order;
  if (dims.length === 4) return "time-first";
  const [first, second] = dims;
  for (const length of [TRACK_FRAMES, CLIP_LENGTH]) {
    if (first === length && second !== length) return "time-first";
    if (second === length && first !== length) return "tracks-first";
  }
  throw new FormatError(
    withHint(
      `Cannot tell tracks from frames in ${
        quote(options.name)
      }: its shape is (${dims.join(", ")}), expected one axis of 121 or 81`,
      'Say which axis is which: order "tracks-first" for (N, T, 2|3), "time-first" for (T, N, 2|3).',
    ),
  );
}

/** Whether cell `i` of the plane is visible. */
function visibilityOf(
  array: NpyArray,
  tracks: { dims: readonly number[]; name: string },
): (cell: number) => boolean {
  const bare = (dims: readonly number[]) => dims.filter((d) => d !== 1).join();
  if (
    bare(array.dims) !== bare(tracks.dims.slice(0, -1)) ||
    sizeOf(array.dims) !== sizeOf(tracks.dims.slice(0, -1))
  ) {
    throw new FormatError(
      `Cannot take visibility of shape (${array.dims.join(", ")}) for ${
        quote(tracks.name)
      } of shape (${tracks.dims.join(", ")}), expected (${
        tracks.dims.slice(0, -1).join(", ")
      })`,
    );
  }
  return (cell) => Number(array.data[cell]) >= 0.5;
}

function refuse(array: NpyArray, name: string, expected: string): FormatError {
  return new FormatError(
    `Cannot read tracks from ${quote(name)}: its shape is (${
      array.dims.join(", ")
    }), ${expected}`,
  );
}
