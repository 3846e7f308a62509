/**
 * Which of the two axes of an array of points is time.
 *
 * The length of an axis says it, a tracker's name, and the points: along time
 * they move little and evenly, from track to track they jump.
 *
 * @module
 */

import type { NpyArray } from "../formats/npy.ts";
import { FormatError, quote, withHint } from "../base/errors.ts";
import { TRACK_FRAMES } from "./track_set.ts";

/** Which of the first two axes of a (., ., 2|3) array is time. */
export type AxisOrder = "auto" | "tracks-first" | "time-first";

/** The values of {@linkcode AxisOrder}. */
export const AXIS_ORDERS: readonly AxisOrder[] = [
  "auto",
  "tracks-first",
  "time-first",
];

/** An order that is known. */
export type KnownOrder = Exclude<AxisOrder, "auto">;

/** What is known about the axes besides their lengths. */
export interface AxisHints {
  /** What to call the array in an error. */
  readonly name: string;
  /** Which axis is time by the array's name, or by what it is in. */
  readonly likely?: KnownOrder;
  /** Which axis is time if nothing says it, nor the points say another. */
  readonly otherwise?: KnownOrder;
}

/** Frames of the model's video, the length of Wan-Move's tracks. */
const VIDEO_LENGTH = 81;

/**
 * Which axis of (N, T, 2|3), (T, N, 2|3), or one with an axis of 1 before, is
 * time; and a warning where the points themselves rather say the other.
 *
 * @throws {FormatError} When nothing says it, or the axis with the length of a
 * video looks like a grid of points.
 */
export function findAxisOrder(
  array: NpyArray,
  { name, likely, otherwise }: AxisHints,
): { readonly order: KnownOrder; readonly warnings: readonly string[] } {
  const { dims } = array;
  const isBatch = dims.length === 4;
  const plane = (isBatch ? dims.slice(1) : dims) as [number, number];
  const byLength = orderByLength(plane);
  const byPoints = orderByPoints(array, plane);
  // CoTracker's batches have time first.
  const byName = likely ?? (isBatch ? "time-first" : undefined);
  const isGrid = byLength && byLength !== byName
    ? gridSide(array, { plane, axis: byLength === "time-first" ? 0 : 1 })
    : undefined;
  let order: KnownOrder | undefined;
  if (byLength === undefined) {
    const isOne = plane.includes(1);
    const isDoubted = otherwise && byPoints && byPoints !== otherwise;
    order = likely ??
      (isDoubted && !isBatch
        ? undefined
        : (isOne ? byPoints : undefined) ?? byName ?? otherwise);
  } else if (byName && byLength !== byName) {
    const isSure = byPoints === byLength || isStrong(array, plane, byPoints);
    order = (isSure ? byPoints : undefined) ?? (isGrid ? byName : byLength);
  } else {
    order = isGrid ? undefined : byLength;
  }
  if (order === undefined) {
    throw new FormatError(
      withHint(
        `Cannot tell tracks from frames in ${quote(name)}: its shape is (${
          dims.join(", ")
        })${
          isGrid
            ? `, but its axis of ${
              isGrid * isGrid
            } jumps back every ${isGrid}, as a grid of ${isGrid}x${isGrid} points does, expected to know which axis is time`
            : ", expected one axis of 121 or 81"
        }`,
        'Say which axis is which: order "tracks-first" for (N, T, 2|3), "time-first" for (T, N, 2|3).',
      ),
    );
  }
  // Points in an even row are anchors as well as a path.
  const isClear = byLength === order && (byName ?? order) === order
    ? isStrong(array, plane, byPoints)
    : !isRow(array, plane);
  if (otherwise === order && !likely && isScattered(array, plane, order)) {
    return {
      order,
      warnings: [
        `The array (${
          dims.join(", ")
        }) was read as one track, but its points do not follow each other evenly: if they are tracks of one frame, say so (order "${
          order === "tracks-first" ? "time-first" : "tracks-first"
        }").`,
      ],
    };
  }
  return {
    order,
    warnings: byPoints === undefined || byPoints === order || !isClear ? [] : [
      `The array (${dims.join(", ")}) was read as ${
        order === "tracks-first" ? "tracks x frames" : "frames x tracks"
      }, but its points move more evenly along the other axis: if that is time, say so (order "${byPoints}").`,
    ],
  };
}

/** Which axis is time by its length, that of ATI's or the model's videos. */
function orderByLength(
  [first, second]: readonly [number, number],
): KnownOrder | undefined {
  for (const length of [TRACK_FRAMES, VIDEO_LENGTH]) {
    if (first === length && second !== length) return "time-first";
    if (second === length && first !== length) return "tracks-first";
  }
  return undefined;
}

/** How points move along an axis. */
interface Motion {
  /** The mean way from one to the next. */
  readonly step: number;
  /** The mean change of that from one step to the next. */
  readonly change: number;
}

/** So many times more evenly, and so many times less, points move in time. */
const MORE_EVENLY = 4, LESS = 2;

/**
 * Which axis is time by the points: they move less along it than along the
 * other, and more evenly; undefined where this is not clear, as for points that
 * are all in one place. Of two points in a line only the way between them counts.
 *
 * Tracks that are evenly spaced, or in one place, are even as no motion is: they
 * say nothing about another axis along which points follow a path.
 */
function orderByPoints(
  array: NpyArray,
  plane: readonly [number, number],
): KnownOrder | undefined {
  if (plane.includes(1)) return orderOfOne(array, plane);
  const down = motionAlong(array, { plane, axis: 0 });
  const across = motionAlong(array, { plane, axis: 1 });
  const isTime = (one: Motion, other: Motion) =>
    one.step > 0 && other.change > 0 &&
    other.change >= MORE_EVENLY * one.change &&
    other.step >= LESS * one.step &&
    (one.change >= NOISE * one.step || other.change > PATH * other.step);
  if (isTime(down, across)) return "time-first";
  return isTime(across, down) ? "tracks-first" : undefined;
}

/** So many times less points move in time that is not as long as a video. */
const FAR_LESS = 5;

/** So many frames of such a time there are, at least. */
const SOME_FRAMES = 12;

/** Whether what the points say counts more than the length of a video. */
function isStrong(
  array: NpyArray,
  plane: readonly [number, number],
  order: KnownOrder | undefined,
): boolean {
  if (order === undefined) return false;
  const axis = order === "time-first" ? 0 : 1;
  const one = motionAlong(array, { plane, axis });
  const other = motionAlong(array, { plane, axis: axis === 0 ? 1 : 0 });
  return plane[axis] >= SOME_FRAMES && other.step >= FAR_LESS * one.step;
}

/** Whether an array is one track in this order, and its points are no path. */
function isScattered(
  array: NpyArray,
  plane: readonly [number, number],
  order: KnownOrder,
): boolean {
  const [count, frames] = order === "tracks-first"
    ? plane
    : [plane[1], plane[0]];
  return orderByLength(plane) === undefined && count === 1 && frames > 2 &&
    orderByPoints(array, plane) === undefined;
}

/** Whether an array of one line of points is evenly spaced, not at rest. */
function isRow(array: NpyArray, plane: readonly [number, number]): boolean {
  if (!plane.includes(1)) return false;
  const axis = plane[0] === 1 ? 1 : 0;
  const { step, change } = motionAlong(array, { plane, axis });
  return step > 0 && change < NOISE * step;
}

/**
 * How much points of one track change their step, at most, to be a path. Two
 * lines of a grid, one after the other, change it by two thirds or more.
 */
const PATH = 0.5;

/** How much the points of a tracker change their step, at least. */
const NOISE = 0.02;

/**
 * Which axis is time where the other is 1: the longer, if its points follow
 * each other like a path. Others may be many points of one frame.
 */
function orderOfOne(
  array: NpyArray,
  plane: readonly [number, number],
): KnownOrder | undefined {
  const axis = plane[0] === 1 ? 1 : 0;
  if (plane[1 - axis] !== 1 || plane[axis]! < 3) return undefined;
  const { step, change } = motionAlong(array, { plane, axis });
  return change <= PATH * step
    ? axis === 1 ? "tracks-first" : "time-first"
    : undefined;
}

/** So many lines of points are looked at. */
const LINES = 64;

/** The lines of points along an axis, and how far apart points and lines are. */
function linesOf([rows, columns]: readonly [number, number], axis: 0 | 1) {
  return axis === 0
    ? { length: rows, others: columns, along: columns, across: 1 }
    : { length: columns, others: rows, along: 1, across: columns };
}

/** How points move along an axis; lost ones (NaN, or at (0, 0)) are left out. */
function motionAlong(
  { dims, data }: NpyArray,
  { plane, axis }: {
    readonly plane: readonly [number, number];
    readonly axis: 0 | 1;
  },
): Motion {
  const { length, others, along, across } = linesOf(plane, axis);
  const depth = dims.at(-1)!;
  let step = 0, steps = 0, change = 0, changes = 0;
  const stride = Math.max(1, Math.floor(others / LINES));
  for (let other = 0; other < others; other += stride) {
    // The steps so far in a row: none, one, or more.
    let known = 0, x = 0, y = 0, dx = 0, dy = 0;
    for (let at = 0; at < length; at++) {
      const cell = (other * across + at * along) * depth;
      const nextX = Number(data[cell]), nextY = Number(data[cell + 1]);
      const isLost = !Number.isFinite(nextX + nextY) ||
        nextX === 0 && nextY === 0;
      if (isLost) {
        known = 0;
        continue;
      }
      const nextDx = nextX - x, nextDy = nextY - y;
      if (known > 0) {
        step += Math.hypot(nextDx, nextDy);
        steps++;
      }
      if (known > 1) {
        change += Math.hypot(nextDx - dx, nextDy - dy);
        changes++;
      }
      [x, y, dx, dy] = [nextX, nextY, nextDx, nextDy];
      known++;
    }
  }
  return {
    step: steps > 0 ? step / steps : 0,
    change: changes > 0
      ? change / changes
      : length === 2
      ? step / steps || 0
      : 0,
  };
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
  { plane, axis }: {
    readonly plane: readonly [number, number];
    readonly axis: 0 | 1;
  },
): number | undefined {
  const { length, others, along, across } = linesOf(plane, axis);
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
