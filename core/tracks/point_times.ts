/**
 * Where the samples of tracks are in time, by what their points say.
 *
 * | every point of a track has | read as |
 * |---|---|
 * | `frame` | one sample for each frame, from the smallest of the file on; points at an even step of several frames are joined by straight lines, frames between others are hidden |
 * | `t` or `time` | samples at the even step of the file, from its smallest time on; seconds and ms give the rate, whole numbers count |
 *
 * Times from 0 to 1, or to 100, are shares of a length that is not known, and
 * give no rate; others between 0 and 1 do at a camera's rate only.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { checkSampleCount } from "./exchange/stored_points.ts";
import { lengthRule, sampleAt } from "./fit_length.ts";
import { lengthOf, type RawTrack, type RawTracks } from "./raw_tracks.ts";
import { VIDEO_FRAMES } from "./resample.ts";
import { TRACK_FRAMES } from "./track_set.ts";

/** Tracks whose samples are at an even rate. */
export interface TimedSamples {
  /** The tracks, of any lengths; all begin at the same time. */
  readonly tracks: RawTracks;
  /** Samples per second, where the times say it. */
  readonly fps?: number;
  /** In plain words, what was found. */
  readonly notes: readonly string[];
  /** What a user should see without asking. */
  readonly warnings: readonly string[];
}

/** The times of one track's points. */
interface Times {
  readonly index: number;
  readonly times: readonly number[];
}

/** What points say under one name. */
interface Clock {
  readonly key: string;
  /** Tracks of two points and more. */
  readonly timed: readonly Times[];
  /** Tracks of one. */
  readonly single: readonly Times[];
  /** The smallest and the largest time. */
  readonly first: number;
  readonly last: number;
}

/**
 * The tracks with their samples where the points' times put them. Tracks whose
 * points say no time begin with the file; a single point is an anchor.
 *
 * @throws {FormatError} When times do not ascend or are at no even step, or
 * frames at no even step leave out most of the others.
 */
export function placeSamples(
  tracks: RawTracks,
  points: readonly (readonly unknown[])[],
  { name }: { readonly name: string },
): TimedSamples {
  const frames = clockOf(points, "frame");
  const times = clockOf(points, "t") ?? clockOf(points, "time");
  if (frames) {
    const rate = times ? frameRate(frames, times, name) : {};
    return withRate(placeFrames(tracks, frames, name), rate);
  }
  if (!times) return { tracks, notes: [], warnings: [] };
  const { rate, ...placed } = placeTimes(tracks, times, name);
  return withRate(placed, rate);
}

/** What times say about the rate. */
interface Rate {
  /** Samples per second, where they say it. */
  readonly fps?: number;
  /** Why they do not, where they could. */
  readonly share?: string;
}

/** Samples with their rate; another than their number says is a warning. */
function withRate(
  { tracks, notes, warnings }: Omit<TimedSamples, "fps">,
  { fps, share }: Rate,
): TimedSamples {
  if (fps === undefined) {
    return { tracks, notes, warnings: share ? [...warnings, share] : warnings };
  }
  const longest = tracks.reduce((a, track) => Math.max(a, lengthOf(track)), 0);
  const said = `The times of the points say ${
    Number(fps.toFixed(3))
  } samples per second`;
  return lengthRule([longest]).fps === fps
    ? { tracks, fps, notes: [...notes, `${said}.`], warnings }
    : {
      ...{ tracks, fps, notes },
      warnings: [
        ...warnings,
        `${said} (fps takes another rate, length "resample" spreads them over 5 seconds).`,
      ],
    };
}

/** The times under this name; undefined where no track moves in it. */
function clockOf(
  points: readonly (readonly unknown[])[],
  key: string,
): Clock | undefined {
  const timed: Times[] = [], single: Times[] = [];
  let first = Infinity, last = -Infinity;
  points.forEach((list, index) => {
    const times = list.map((point) =>
      typeof point === "object" && point !== null
        ? (point as Record<string, unknown>)[key]
        : undefined
    );
    if (times.length === 0 || !times.every(isTime)) return;
    // One number at all points is no time, but a frame is.
    const moves = key === "frame" || times.some((time) => time !== times[0]);
    if (times.length > 1 && !moves) return;
    (times.length > 1 ? timed : single).push({ index, times });
    first = Math.min(first, times[0]!);
    last = Math.max(last, times.at(-1)!);
  });
  return timed.length === 0 ? undefined : { key, timed, single, first, last };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** The error of a track whose points are not at even times. */
function uneven(
  { index, times }: Times,
  { at, name, key }: { at: number; name: string; key: string },
): FormatError {
  return new FormatError(
    withHint(
      `Cannot read tracks from ${
        quote(name)
      }: the points of track ${index} are not at even times, point ${at} has "${key}" ${
        times[at]
      } after ${times[at - 1]}, expected a point for each frame`,
      "Give points at an even step, such as every frame or every tenth.",
    ),
  );
}

/** Frame numbers may be off by this. */
const OFF = 1e-3;

function placeFrames(
  tracks: RawTracks,
  { key, timed, single, first, last }: Clock,
  name: string,
): TimedSamples {
  let next = 0, all = 0;
  for (const track of timed) {
    const { times } = track;
    for (let at = 1; at < times.length; at++) {
      const step = times[at]! - times[at - 1]!;
      if (!(step > OFF)) throw uneven(track, { at, name, key });
      if (Math.abs(step - 1) <= OFF) next++;
      all++;
    }
  }
  // Where most points follow each other frame by frame, others are lost.
  const everyFrame = 2 * next >= all;
  checkSampleCount({ tracks: tracks.length, frames: last - first + 1 }, name);
  const placed = [...tracks];
  let hidden = 0;
  for (const track of timed) {
    const { index, times } = track;
    const step = times[1]! - times[0]!;
    const at = times.findIndex((time, i) =>
      Math.abs(time - times[0]! - i * step) > OFF
    );
    const part = times.findIndex((time) => !isWhole(time - first));
    const isEven = at < 0 && !(times.length === 2 && everyFrame);
    const samples = tracks[index]!;
    if (isEven) {
      placed[index] = spread(samples, { from: times[0]! - first, step });
      continue;
    }
    const close = times.filter((time, i) =>
      i > 0 && Math.abs(time - times[i - 1]! - 1) <= OFF
    ).length;
    if (!everyFrame && 2 * close < times.length - 1) {
      throw uneven(track, { at, name, key });
    }
    if (part >= 0) {
      throw uneven(track, { at: part, name, key });
    }
    const from = Math.round(times[0]! - first);
    const length = Math.round(times.at(-1)! - first) + 1;
    const whole = new Float32Array(length * 3);
    times.forEach((time, i) => {
      const sample = samples.subarray(i * 3, i * 3 + 3);
      whole.set(sample, Math.round(time - first) * 3);
    });
    hidden += length - from - times.length;
    placed[index] = whole;
  }
  const warnings = placeSingle(placed, single, (time) => time - first);
  if (hidden > 0) {
    warnings.unshift(
      `${hidden} frames between points of the same track have none: the track is hidden there.`,
    );
  }
  return {
    tracks: placed,
    notes: [`Points were placed by their frames, from ${first} on.`],
    warnings,
  };
}

function isWhole(frame: number): boolean {
  return Math.abs(frame - Math.round(frame)) <= OFF;
}

/**
 * Single points of the first frame are anchors, later ones are seen once: what
 * a user should be told of these.
 */
function placeSingle(
  placed: RawTrack[],
  single: readonly Times[],
  frameOf: (time: number) => number,
): string[] {
  let once = 0;
  for (const { index, times } of single) {
    const frame = Math.round(frameOf(times[0]!));
    if (frame === 0) continue;
    const whole = new Float32Array((frame + 1) * 3);
    whole.set(placed[index]!, frame * 3);
    placed[index] = whole;
    once++;
  }
  return once === 0 ? [] : [
    `${once} ${
      once === 1 ? "track of one point is" : "tracks of one point are"
    } seen in one frame only, a later one than the file's first (one of the first frame is held).`,
  ];
}

/** Samples at an even step of `step` frames from frame `from` on, one each. */
function spread(
  samples: RawTrack,
  { from, step }: { readonly from: number; readonly step: number },
): RawTrack {
  if (from === 0 && step === 1) return samples;
  const end = lengthOf(samples) - 1;
  const length = Math.floor(from + end * step + OFF) + 1;
  const whole = new Float32Array(length * 3);
  for (let frame = Math.ceil(from - OFF); frame < length; frame++) {
    const position = Math.min(end, Math.max(0, (frame - from) / step));
    const near = Math.round(position);
    const isNear = Math.abs(position - near) < OFF;
    whole.set(sampleAt(samples, isNear ? near : position), frame * 3);
  }
  return whole;
}

function placeTimes(
  tracks: RawTracks,
  { key, timed, single, first, last }: Clock,
  name: string,
): TimedSamples & { readonly rate: Rate } {
  for (const track of timed) {
    const at = firstUneven(track.times);
    if (at >= 0) throw uneven(track, { at, name, key });
  }
  const unit = unitOf(timed);
  const frames = Math.round((last - first) / unit) + 1;
  checkSampleCount({ tracks: tracks.length, frames }, name);
  const placed = [...tracks];
  for (const { index, times } of timed) {
    const ratio = stepOf(times) / unit;
    const whole = Math.round(ratio);
    const from = (times[0]! - first) / unit;
    const onGrid = Math.abs(ratio - whole) * (times.length - 1) < 0.5;
    placed[index] = spread(tracks[index]!, {
      from: onGrid ? Math.round(from) : from,
      step: onGrid ? whole : ratio,
    });
  }
  const warnings = placeSingle(
    placed,
    single,
    (time) => (time - first) / unit,
  );
  const whole = timed.every(({ times }) => times.every(Number.isInteger));
  return {
    ...{ tracks: placed, notes: [], warnings },
    rate: rateOf(unit, { first, last, whole }),
  };
}

/**
 * The smallest step of all tracks, taken from the longest of those that have
 * it: rounded times are the surest there.
 */
function unitOf(timed: readonly Times[]): number {
  const steps = timed.map(({ times }) => stepOf(times));
  const least = steps.reduce((a, b) => Math.min(a, b));
  let unit = least, most = 0;
  timed.forEach(({ times }, i) => {
    const span = times.at(-1)! - times[0]!;
    if (steps[i]! >= 1.5 * least || span <= most) return;
    [unit, most] = [steps[i]!, span];
  });
  return unit;
}

/** The mean step of times. */
function stepOf(times: readonly number[]): number {
  return (times.at(-1)! - times[0]!) / (times.length - 1);
}

/**
 * The first of the times that is not at an even step, or -1. Times may be
 * rounded to half a step; small whole numbers are counted.
 */
function firstUneven(times: readonly number[]): number {
  const step = stepOf(times);
  if (!(step > 0)) return Math.max(1, times.findIndex((t) => t < times[0]!));
  const counted = step < 3 && times.every(Number.isInteger);
  const even = counted ? times[1]! - times[0]! : step;
  const off = counted ? OFF : 0.5 * step + 1e-9;
  return times.findIndex((time, i) =>
    i > 0 && !(Math.abs(time - times[0]! - i * even) <= off &&
      // Where a point is missing, the next one is two steps on.
      Math.abs(time - times[i - 1]! - even) <= 1.5 * off)
  );
}

/** Samples per second of a camera, at least and at most. */
const LEAST_RATE = 8, MOST_RATE = 120;

/** Whether a time is this one but for rounding. */
function isAt(time: number, end: number): boolean {
  return Math.abs(time - end) < end * 1e-6;
}

/**
 * Whether times at a step of `unit` are likely shares, of 1 or of 100: from 0 to
 * one step before that; or between 0 and 1 for a whole video, or at the rate of
 * no camera.
 */
function mayBeShare(
  unit: number,
  { first, last }: { readonly first: number; readonly last: number },
): boolean {
  if (first === 0 && unit > 0.5 && isAt(last + unit, 100)) return true;
  if (first < 0 || last > 1) return false;
  const samples = Math.round((last - first) / unit) + 1;
  return [TRACK_FRAMES, VIDEO_FRAMES].includes(samples) ||
    first === 0 && isAt(last + unit, 1) ||
    1 / unit < LEAST_RATE * (1 - 1e-6) || 1 / unit > MOST_RATE * (1 + 1e-6);
}

/**
 * Samples per second of times at a step of `unit`; none where whole numbers may
 * count something, or the times are shares.
 */
function rateOf(
  unit: number,
  { first, last, whole }: {
    readonly first: number;
    readonly last: number;
    readonly whole: boolean;
  },
): Rate {
  if (first === 0 && (isAt(last, 1) || isAt(last, 100))) return {};
  if (!whole && mayBeShare(unit, { first, last })) {
    const short = (time: number) => Number(time.toPrecision(4));
    return {
      share: `The times of the points, from ${short(first)} to ${
        short(last)
      }, were taken as shares of a length that is not known (fps says how many samples a second has).`,
    };
  }
  const span = last - first;
  const isMs = whole && unit >= 12 && unit <= 250 && span >= 500;
  const isSeconds = !whole && unit >= 1 / 250 && unit < 3;
  if (!isMs && !isSeconds) return {};
  const rate = (isMs ? 1000 : 1) / unit;
  const near = Math.round(rate);
  const seconds = isMs ? span / 1000 : span;
  // Rounded times are hardly ever exact.
  const isNear = Math.abs(rate - near) * seconds < 0.25 && near > 0;
  return { fps: isNear ? near : rate };
}

/** Frames per second, where points have a frame and a time. */
function frameRate(
  frames: Clock,
  { key, timed, first, last }: Clock,
  name: string,
): Rate {
  const spanOf = ({ times }: Times) => times.at(-1)! - times[0]!;
  const longest = timed.reduce((a, b) => spanOf(b) > spanOf(a) ? b : a);
  const counted = frames.timed.find(({ index }) => index === longest.index);
  if (!counted) return {};
  const { times } = longest;
  const unit = spanOf(longest) / spanOf(counted);
  const at = times.findIndex((time, i) =>
    !(Math.abs(
      time - times[0]! - unit * (counted.times[i]! - counted.times[0]!),
    ) <= 0.5 * unit + 1e-9)
  );
  if (at > 0) throw uneven(longest, { at, name, key });
  const whole = times.every(Number.isInteger);
  return rateOf(unit, { first, last, whole });
}
