/**
 * The layouts in which trackers and editors keep tracks as one array, and how
 * each is told from the others.
 *
 * | shape | from | read as |
 * |---|---|---|
 * | (N, T, 1, 3) | ATI | stored values are 8 times x, y, visible; time first only where the first axis alone is 121, as the reference has it |
 * | (1, T, N, 2 or 3) | CoTracker, Wan-Move | time first |
 * | (1, N, T, 2 or 3) | TAPIR | tracks first where only that axis is 121 or 81 |
 * | (N, T, 2 or 3) or (T, N, 2 or 3) | TAPIR, anything else | the axis of 121, else of 81, is time, unless it is a grid of points; else what the array's name suggests; else it must be said |
 * | (T, 2 or 3) | one track | time first |
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
  /** Which axis is time where the shape does not tell, by the array's name. */
  readonly likely?: "tracks-first" | "time-first";
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
  /** Whether the coordinates are px for sure, as in ATI's own layout. */
  readonly certain?: boolean;
}

/** Frames of the model's video, the length of Wan-Move's tracks. */
const VIDEO_LENGTH = 81;

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
  const axes = chooseOrder(array, options);
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

function chooseOrder(
  array: NpyArray,
  options: LayoutOptions,
): "tracks-first" | "time-first" {
  const { dims } = array;
  const { order = "auto", likely, name } = options;
  if (dims.length === 2) return "time-first";
  if (order !== "auto") return order;
  if (isAtiLayout(dims)) {
    return dims[0] === TRACK_FRAMES && dims[1] !== TRACK_FRAMES
      ? "time-first"
      : "tracks-first";
  }
  const plane = (dims.length === 4 ? dims.slice(1) : dims) as [number, number];
  const byLength = orderByLength(plane);
  // CoTracker's batches have time first.
  const byName = likely ?? (dims.length === 4 ? "time-first" : undefined);
  if (byLength === undefined && byName) return byName;
  const grid = byLength && byLength !== byName
    ? gridSide(array, { plane, axis: byLength === "time-first" ? 0 : 1 })
    : undefined;
  const found = grid ? byName : byLength;
  if (found) return found;
  throw new FormatError(
    withHint(
      `Cannot tell tracks from frames in ${quote(name)}: its shape is (${
        dims.join(", ")
      })${
        grid
          ? `, but its axis of ${
            grid * grid
          } jumps back every ${grid}, as a grid of ${grid}x${grid} points does, expected to know which axis is time`
          : ", expected one axis of 121 or 81"
      }`,
      'Say which axis is which: order "tracks-first" for (N, T, 2|3), "time-first" for (T, N, 2|3).',
    ),
  );
}

/** Which axis is time by its length, that of ATI's or the model's videos. */
function orderByLength(
  [first, second]: readonly [number, number],
): "tracks-first" | "time-first" | undefined {
  for (const length of [TRACK_FRAMES, VIDEO_LENGTH]) {
    if (first === length && second !== length) return "time-first";
    if (second === length && first !== length) return "tracks-first";
  }
  return undefined;
}

/** How much farther a grid's next line begins than its points are apart. */
const LINE_END = 3;

/**
 * The side of the grid whose points are along an axis, line by line; undefined
 * if they are no grid. Grids of 9x9 and 11x11 points have as many tracks as
 * videos have frames, but no point jumps back every 9 or 11 frames to where it
 * was.
 */
function gridSide(
  { dims, data }: NpyArray,
  { plane: [rows, columns], axis }: {
    readonly plane: readonly [number, number];
    readonly axis: 0 | 1;
  },
): number | undefined {
  const [length, others, along, across] = axis === 0
    ? [rows, columns, columns, 1] as const
    : [columns, rows, 1, columns] as const;
  const side = Math.sqrt(length);
  const depth = dims.at(-1)!;
  const distance = (a: number, b: number) =>
    Math.abs(Number(data[a * depth]) - Number(data[b * depth])) +
    Math.abs(Number(data[a * depth + 1]) - Number(data[b * depth + 1]));
  let jumps = 0, all = 0;
  for (let other = 0; other < Math.min(others, 64); other++) {
    for (let at = side; at < length; at += side) {
      const cell = other * across + at * along;
      let apart = distance(cell, cell - side * along);
      for (let step = 1; step < side; step++) {
        const point = cell - step * along;
        apart = Math.max(apart, distance(point, point - along));
      }
      if (distance(cell, cell - along) > LINE_END * apart) jumps++;
      all++;
    }
  }
  return jumps > all / 2 ? side : undefined;
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
