/**
 * The layouts in which trackers and editors keep tracks as one array, and how
 * each is told from the others.
 *
 * | shape | from | read as |
 * |---|---|---|
 * | (N, T, 1, 3) | ATI | stored values are 8 times x, y, visible; time first only where the first axis alone is 121, as the reference has it |
 * | (1, T, N, 2 or 3) | CoTracker, Wan-Move | time first |
 * | (1, N, T, 2 or 3) | TAPIR | tracks first where only that axis is 121 or 81 |
 * | (N, T, 2 or 3) or (T, N, 2 or 3) | TAPIR, anything else | the axis of 121, else of 81, is time, unless it is a grid of points; else what the array's name suggests; else one track if an axis is 1; else it must be said |
 * | (T, 2 or 3) | one track | time first |
 *
 * Where the lengths and a tracker's name or batch say different things, how the
 * points move decides, {@linkcode findAxisOrder}; where these alone say another
 * order than was taken, there is a warning.
 *
 * Visibility is in a second array of the same shape without the last axis (an
 * axis of 1 may be left over at either end), of visibility or of occlusion, else
 * it is the third number. It counts as visible from 0.5 up, logits above 0.
 * Without one, every sample is visible. ATI's own files keep a visibility between
 * 0 and 1 (stored 0 to 8).
 *
 * @module
 */

import type { NpyArray } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { sizeOf } from "../base/tensor.ts";
import { ATI_SCALE } from "./ati_file.ts";
import {
  AXIS_ORDERS,
  type AxisHints,
  type AxisOrder,
  findAxisOrder,
} from "./axis_order.ts";
import { checkTrackCount, type RawTracks } from "./raw_tracks.ts";
import { TRACK_FRAMES } from "./track_set.ts";

export { AXIS_ORDERS, type AxisOrder };

/** How an array of tracks is understood. */
export interface LayoutOptions extends AxisHints {
  /** Which axis is time; found out when it is `auto`. */
  readonly order?: AxisOrder;
  /**
   * Stored numbers per px; `auto` takes 8 for ATI's own layout and 1 for
   * every other.
   */
  readonly scale?: number | "auto";
  /** Visibility that is kept in an array of its own. */
  readonly visibility?: NpyArray;
  /** Whether that array says what is hidden, not what is visible. */
  readonly inverted?: boolean;
}

/** Tracks of an array and what was found out about it. */
export interface LayoutResult {
  /** The tracks, all of one length. */
  readonly tracks: RawTracks;
  /** In plain words, which layout and scale were taken. */
  readonly notes: readonly string[];
  /** What a user should see without asking. */
  readonly warnings?: readonly string[];
  /** Whether the coordinates are px for sure, as in ATI's own layout. */
  readonly certain?: boolean;
}

/**
 * The tracks in an array.
 *
 * @throws {FormatError} When the shape is none of the above, is ambiguous, the
 * array is boolean, the visibility does not fit it, or the third numbers are no
 * visibility.
 */
export function tracksFromArray(
  array: NpyArray,
  options: LayoutOptions,
): LayoutResult {
  const { name, visibility } = options;
  const { dims } = array;
  if (array.descr === "|b1") {
    throw new FormatError(
      withHint(
        `Cannot read tracks from ${quote(name)}: it is an array of booleans, (${
          dims.join(", ")
        }), expected coordinates`,
        "It looks like the visibility of tracks in another file: give that one, and this one as its visibility.",
      ),
    );
  }
  const depth = dims.at(-1);
  const ati = isAtiLayout(dims);
  if ((depth !== 2 && depth !== 3) || dims.length < 2 || dims.length > 4) {
    throw refuse(
      array,
      name,
      "expected (N, T, 1, 3), (1, T, N, 2), (N, T, 2|3), (T, N, 2|3) or (T, 2|3)",
    );
  }
  const plane = planeOf(array, name);
  const { order: axes, warnings } = chooseOrder(array, options);
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
    ? visibilityOf(visibility, {
      dims,
      name,
      inverted: options.inverted ?? false,
    })
    : undefined;
  if (depth === 3 && !ati && !visible) {
    checkThirdNumbers(thirdNumbers(array), {
      name,
      scale,
      hint: "Keep x and y only, and the visibility in an array of its own.",
    });
  }
  const value = (index: number) => Number(array.data[index]);
  const tracks = Array.from({ length: count }, (_, track) => {
    const samples = new Float32Array(frames * 3);
    for (let frame = 0; frame < frames; frame++) {
      const cell = axes === "tracks-first"
        ? track * frames + frame
        : frame * count + track;
      const from = cell * depth;
      const seen = visible
        ? Number(visible(cell))
        : depth === 2
        ? 1
        : ati
        ? unit(value(from + 2) / scale)
        : Number(value(from + 2) >= 0.5);
      const x = value(from) / scale, y = value(from + 1) / scale;
      // Trackers leave anything, NaN too, where a point is lost.
      const keep = seen > 0 || (Number.isFinite(x) && Number.isFinite(y));
      samples.set([keep ? x : 0, keep ? y : 0, seen], frame * 3);
    }
    return samples;
  });
  return {
    tracks,
    certain: ati,
    ...warnings.length > 0 && { warnings },
    notes: [
      `The array (${dims.join(", ")}) was read as ${
        ati
          ? axes === "tracks-first"
            ? "ATI's layout"
            : "ATI's layout, time first"
          : axes === "tracks-first"
          ? "tracks x frames"
          : "frames x tracks"
      }: ${count} tracks of ${frames} frames.`,
      scaleNote(scale),
      ...visible && depth === 3
        ? ["Of each point the third number was left out."]
        : visible || depth === 3
        ? []
        : ["There is no visibility: every sample counts as visible."],
    ],
  };
}

/** How far beyond its range interpolation may bring a visibility. */
const BEYOND = 0.01;

/**
 * Throws unless the third numbers can be visibility: from -1 (hidden, as the
 * model has it) to 1, or to the scale, or a mask of 0 and 255. Points in space
 * have a third number, too.
 */
export function checkThirdNumbers(
  numbers: Iterable<number>,
  { name, scale, hint }: {
    readonly name: string;
    readonly scale: number;
    /** How such numbers are to be given. */
    readonly hint: string;
  },
): void {
  let least = Infinity, most = -Infinity, isMask = true;
  for (const value of numbers) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    isMask &&= value === 0 || value === 255;
  }
  if (isMask) return;
  if (least >= -1 - BEYOND && most <= Math.max(1, scale) + BEYOND) return;
  const short = (value: number) => Number(value.toPrecision(4));
  throw new FormatError(
    withHint(
      `Cannot read tracks from ${
        quote(name)
      }: the third numbers of its points are from ${short(least)} to ${
        short(most)
      }, expected visibility from 0 to 1`,
      least >= 0 && most === ATI_SCALE
        ? "It looks like ATI's numbers, which are 8 times the px: their shape is (N, T, 1, 3)."
        : hint,
    ),
  );
}

/** The third numbers of an array of points. */
function* thirdNumbers({ data }: NpyArray): Generator<number> {
  for (let at = 2; at < data.length; at += 3) yield Number(data[at]);
}

/** A number brought to 0..1, NaN to 0. */
function unit(value: number): number {
  return value > 0 ? Math.min(value, 1) : 0;
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

/** Which of the two axes of points is time, as said or as found out. */
function chooseOrder(
  array: NpyArray,
  options: LayoutOptions,
): ReturnType<typeof findAxisOrder> {
  const { dims } = array;
  const { order = "auto" } = options;
  const known = dims.length === 2 ? "time-first" : order;
  if (known !== "auto") return { order: known, warnings: [] };
  if (!isAtiLayout(dims)) return findAxisOrder(array, options);
  const isTurned = dims[0] === TRACK_FRAMES && dims[1] !== TRACK_FRAMES;
  return { order: isTurned ? "time-first" : "tracks-first", warnings: [] };
}

/** Whether cell `i` of the plane is visible. */
function visibilityOf(
  array: NpyArray,
  tracks: { dims: readonly number[]; name: string; inverted: boolean },
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
  const { inverted } = tracks;
  let least = Infinity, most = -Infinity;
  for (const item of array.data) {
    const value = Number(item);
    if (value < least) least = value;
    if (value > most) most = value;
  }
  // Or -1 and 1. Interpolation brings probabilities only a little below 0.
  const areLogits = least <= -1 || least < 0 && most > 1.5;
  return (cell) => {
    const value = Number(array.data[cell]);
    return (areLogits ? value > 0 : value >= 0.5) !== inverted;
  };
}

function refuse(array: NpyArray, name: string, expected: string): FormatError {
  return new FormatError(
    `Cannot read tracks from ${quote(name)}: its shape is (${
      array.dims.join(", ")
    }), ${expected}`,
  );
}
