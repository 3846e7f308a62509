/**
 * What the readers of other programs' text files share.
 *
 * @module
 */

import { FormatError, quote } from "../../base/errors.ts";
import { checkScale, scaleNote } from "../array_layout.ts";
import type { ImageSize } from "../coordinates.ts";
import type { RawTrack, RawTracks } from "../raw_tracks.ts";
import type { TrackPoint, TrackPositions } from "../track_set.ts";

/** Tracks of a text file, with what it says about its video. */
export interface StoredPoints {
  /** The tracks in px, x right and y down. */
  readonly tracks: RawTracks;
  /** In plain words, what was found. */
  readonly notes: readonly string[];
  /** Which tracks stay where they ended; none unless given. */
  readonly holds?: readonly boolean[];
  /** What a user should see without asking. */
  readonly warnings?: readonly string[];
  /** The size that the coordinates belong to, where it is stored. */
  readonly fromSize?: ImageSize;
  /** Frames per second, where they are stored. */
  readonly fps?: number;
}

/** How a text file of points is read. */
export interface StoredPointsOptions {
  /** What to call the file in an error. */
  readonly name: string;
  /** The image that the tracks belong to. */
  readonly image?: ImageSize;
  /** The size of the image on which they were made, where the user says it. */
  readonly fromSize?: ImageSize;
  /** Stored numbers per px; 1 unless given. */
  readonly scale?: number | "auto";
}

/** What the stored numbers are divided by, and what to say about it. */
export function divisorOf(
  { scale = "auto" }: Pick<StoredPointsOptions, "scale">,
): { readonly divisor: number; readonly notes: readonly string[] } {
  const divisor = scale === "auto" ? 1 : scale;
  checkScale(divisor);
  return { divisor, notes: divisor === 1 ? [] : [scaleNote(divisor)] };
}

/** Values by frame. */
export type Keys = ReadonlyMap<number, number>;

/** The keys of one point. */
export interface KeyedPoint {
  /** x in px by frame. */
  readonly x: Keys;
  /** y in px by frame. */
  readonly y: Keys;
  /** 0 where it is hidden from that frame on; visible where there are none. */
  readonly visible?: Keys;
  /** Whether the first and the last value hold also outside of many keys. */
  readonly holds?: boolean;
}

/** Frame numbers beyond this are those of a shot, and the first is frame 0. */
const SHOT_FRAMES = 121;

/** Which frame is frame 0 of the tracks. */
export interface StartFrame {
  /** Its number. */
  readonly start: number;
  /** What a user should be told of keys before it, and of a late first one. */
  readonly warnings: readonly string[];
}

/**
 * The frame that is frame 0 of the tracks: `said`, unless all keys are before
 * it or far beyond it. Else `first`, the program's own first frame, unless some are before it, or
 * all are far beyond it, as in a shot that starts at 1001.
 *
 * @param options.few whether a late first key is told of points with few keys,
 * not only of those that were tracked
 * @param options.hint what to do then
 */
export function startFrame(
  points: readonly KeyedPoint[],
  { first, said, few = false, hint }: {
    readonly first: number;
    readonly said?: number | undefined;
    readonly few?: boolean;
    readonly hint: string;
  },
): StartFrame {
  let least = Infinity, most = -Infinity, moving = Infinity;
  for (const point of points) {
    for (const keys of [point.x, point.y]) {
      for (const frame of keys.keys()) {
        least = Math.min(least, frame);
        most = Math.max(most, frame);
      }
    }
    const [from, to] = rangeOf(point);
    if (to > from && (few || isTracked(point))) moving = Math.min(moving, from);
  }
  const isFar = said !== undefined && least < Infinity &&
    least > said + SHOT_FRAMES;
  if (said !== undefined && most >= said && !isFar) {
    return {
      start: said,
      warnings: least >= said ? [] : [
        `Frame ${said} is the first; the first key is at frame ${least}, before it.`,
      ],
    };
  }
  const isShot = least < Infinity &&
    (least > first + SHOT_FRAMES || least < first);
  const start = isShot ? least : first;
  const late = moving - start;
  if (isFar && start === least) {
    return {
      start,
      warnings: [
        `Frame ${least}, that of the first key, was taken as the first: frame ${said}, which the file says, is far before it.`,
      ],
    };
  }
  return {
    start,
    warnings: late > 0 && late < Infinity
      ? [
        `The first key is at frame ${moving}: there is no motion in the first ${late} ${
          late === 1 ? "frame" : "frames"
        } (${hint}).`,
      ]
      : [],
  };
}

/** The most samples that a text file may describe: some 80,000 tracks of ours. */
const MAX_SAMPLES = 10_000_000;

/** Throws a {@linkcode FormatError} when a file describes too many samples. */
export function checkSampleCount(
  count: { readonly tracks: number; readonly frames: number },
  name: string,
): void {
  const { tracks, frames } = count;
  if (tracks * frames <= MAX_SAMPLES) return;
  throw new FormatError(
    `Cannot read ${
      quote(name)
    }: it has ${tracks} tracks over ${frames} frames, expected at most ${MAX_SAMPLES} samples`,
  );
}

/** The frames of the first and the last key, of the axis that has more. */
function rangeOf({ x, y }: KeyedPoint): [first: number, last: number] {
  let first = Infinity, last = -Infinity;
  for (const frame of (x.size >= y.size ? x : y).keys()) {
    first = Math.min(first, frame);
    last = Math.max(last, frame);
  }
  return [first, last];
}

/** So many keys or more are those of a tracker, if they are close. */
const TRACKED = 5;

/** Whether more than half of the frames between the ends have keys. */
function isTracked(point: KeyedPoint): boolean {
  if (point.holds) return false;
  const [first, last] = rangeOf(point);
  const count = Math.max(point.x.size, point.y.size);
  return count >= TRACKED && 2 * count > last - first + 1;
}

/** Samples of points, {@linkcode samplesOf}. */
export interface PointSamples {
  /** The tracks; of those that hold all to the last key of the file. */
  readonly tracks: RawTrack[];
  /** Which of them stay where they ended. */
  readonly holds: readonly boolean[];
}

/**
 * The samples of points from frame `start` on: straight between the keys of x
 * and y, and with the last visibility that was set.
 *
 * A point that was tracked, with a key in most frames, is hidden before its
 * first key and after its last. One that is animated by few keys, or that
 * `holds`, has the value of the nearest key outside of them. A point without
 * keys has no samples, one with a single key is held.
 *
 * @throws {FormatError} When there would be too many samples.
 */
export function samplesOf(
  points: readonly KeyedPoint[],
  options: { readonly start: number; readonly name: string },
): PointSamples {
  const { start, name } = options;
  const ends = points.map(({ x, y }) => Math.max(lastKey(x), lastKey(y)));
  const frames = ends.reduce((most, end) => Math.max(most, end - start + 1), 0);
  checkSampleCount({ tracks: points.length, frames }, name);
  const holds = points.map((point) =>
    point.x.size > 0 && point.y.size > 0 && !isTracked(point)
  );
  const tracks = points.map((point, i) => {
    const end = ends[i]!;
    const single = point.x.size + point.y.size === 2 && !point.visible?.size;
    if (end < start && !holds[i]) return new Float32Array(0);
    const count = single ? 1 : holds[i] ? frames : end - start + 1;
    const samples = new Float32Array(count * 3);
    const x = between(point.x), y = between(point.y);
    const visible = point.visible?.size ? held(point.visible) : () => 1;
    const from = holds[i] ? -Infinity : rangeOf(point)[0];
    for (let at = 0; at < count; at++) {
      const frame = single ? end : start + at;
      const seen = frame < from ? 0 : visible(frame);
      samples.set([x(frame), y(frame), seen], at * 3);
    }
    return samples;
  });
  return { tracks, holds };
}

function lastKey(keys: Keys): number {
  let last = -Infinity;
  for (const frame of keys.keys()) last = Math.max(last, frame);
  return last;
}

/** Walks along the keys: the number of the last one at or before a frame. */
function walker(keys: Keys): {
  readonly frames: readonly number[];
  at(frame: number): number;
} {
  const frames = [...keys.keys()].sort((a, b) => a - b);
  let at = 0;
  return {
    frames,
    at(frame) {
      while (at + 1 < frames.length && frames[at + 1]! <= frame) at++;
      return at;
    },
  };
}

/** Straight between keys; for rising frames only. */
function between(keys: Keys): (frame: number) => number {
  const { frames, at } = walker(keys);
  return (frame) => {
    const i = at(frame);
    const before = frames[i]!, after = frames[i + 1];
    const from = keys.get(before)!;
    if (after === undefined || before >= frame) return from;
    const share = (frame - before) / (after - before);
    return from + (keys.get(after)! - from) * share;
  };
}

/** The value of the last key, 1 or 0; for rising frames only. */
function held(keys: Keys): (frame: number) => number {
  const { frames, at } = walker(keys);
  return (frame) => keys.get(frames[at(frame)]!)! > 0 ? 1 : 0;
}

/**
 * The points of a track with positions for programs that always show one: what
 * is hidden at (0, 0), where padding is, stays where it was last or will be
 * first.
 */
export function heldPoints(
  tracks: Pick<TrackPositions, "track">,
  track: number,
): TrackPoint[] {
  const points = tracks.track(track);
  let last = points.find(({ visible }) => visible) ?? points[0]!;
  return points.map((point) => {
    if (point.visible || point.x !== 0 || point.y !== 0) last = point;
    return { x: last.x, y: last.y, visible: point.visible };
  });
}

/** The frames where visibility changes, the first one included. */
export function visibilityChanges(
  points: readonly TrackPoint[],
): [frame: number, visible: boolean][] {
  return points.flatMap(({ visible }, frame) =>
    frame === 0 || visible !== points[frame - 1]!.visible
      ? [[frame, visible] as [number, boolean]]
      : []
  );
}

/** A float32 with as few digits as tell it from its neighbors. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return rounded;
  }
  return Number(value.toPrecision(9));
}
