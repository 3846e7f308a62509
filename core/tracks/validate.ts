/**
 * What is wrong or risky with tracks, point by point, before minutes of
 * generation are spent on them.
 *
 * @module
 */

import { atOnce, type Steps } from "../base/steps.ts";
import {
  lengthOf,
  type RawTrack,
  type RawTracks,
  toRawTracks,
  type WholeTracks,
} from "./raw_tracks.ts";
import { TRACK_FRAMES } from "./track_set.ts";

/** What can be found. */
export type TrackIssueCode =
  /** There is no track at all. */
  | "no-tracks"
  /** A coordinate is NaN or infinite. */
  | "not-finite"
  /** A track has not 121 frames. */
  | "wrong-length"
  /** No sample of the track is visible: it does nothing. */
  | "never-visible"
  /** The track starts outside the image. */
  | "start-outside"
  /** The track is invisible in frame 0 but seen later. */
  | "start-invisible"
  /** More tracks than ATI was trained on. */
  | "too-many"
  /** More than half the image width within two frames. */
  | "too-fast"
  /** Three or more tracks at one place, where only two can act. */
  | "overlap";

/** One thing that is wrong (`error`) or risky (`warning`). */
export interface TrackIssue {
  /** An error makes the tracks unusable, a warning the result doubtful. */
  readonly severity: "error" | "warning";
  /** What kind of finding it is. */
  readonly code: TrackIssueCode;
  /** The track's index, from 0. */
  readonly track: number;
  /** The frame at 24 per second, from 0. */
  readonly frame: number;
  /** The finding in one sentence. */
  readonly message: string;
}

/** ATI was trained on 1 to 20 tracks. */
const MAX_TRACKS = 20;

/** A track's weight is exp(-220 d²), d in halves of the short edge. */
const TEMPERATURE = 220;

/**
 * A footprint reaches to where its weight falls to 1/e, at 0.067 (16 px for a
 * image 480 px high); two of them overlap below twice that distance.
 */
const OVERLAP = 2 / Math.sqrt(TEMPERATURE);

/**
 * The findings about tracks drawn on an image of this size in px, errors
 * first, then by track. Each code is reported once for a track, at its first
 * frame; an empty list means that nothing was found.
 *
 * Takes a track set, or the tracks of a file as they stand there.
 *
 * @param options.frames how many frames a track must have; by default as many
 * as the set, and 121 of raw tracks
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TrackSet, validateTracks } from "@ati/ati";
 * const outside = TrackSet.fromArray(
 *   Array.from({ length: 121 }, () => [-50, 10, 1]).flat(),
 * );
 * const [finding] = validateTracks(outside, { width: 640, height: 360 });
 * assert.equal(finding?.code, "start-outside");
 * assert.equal(finding.track, 0);
 * ```
 */
export function validateTracks(
  tracks: WholeTracks | RawTracks,
  image: { width: number; height: number },
  options: { readonly frames?: number } = {},
): TrackIssue[] {
  return atOnce(validateInSteps(tracks, image, options));
}

/** Tracks between two pauses. */
const MANY = 1000;

/** {@linkcode validateTracks}, left after some tracks. */
export function* validateInSteps(
  tracks: WholeTracks | RawTracks,
  image: { width: number; height: number },
  { frames = framesOf(tracks) }: { readonly frames?: number } = {},
): Steps<TrackIssue[]> {
  const raw = toRawTracks(tracks);
  const findings = countFindings(raw.length);
  for (const [track, samples] of raw.entries()) {
    if (track % MANY === 0) yield;
    const own = trackFindings(samples, { track, image, expected: frames });
    for (const finding of own) findings.push(finding);
  }
  const overlaps = yield* overlapFindings(raw, { image, frames });
  for (const finding of overlaps) findings.push(finding);
  const rank = (finding: TrackIssue) => finding.severity === "error" ? 0 : 1;
  return findings.sort((a, b) =>
    rank(a) - rank(b) || a.track - b.track || a.frame - b.frame
  );
}

function framesOf(tracks: WholeTracks | RawTracks): number {
  return "frames" in tracks ? tracks.frames : TRACK_FRAMES;
}

function countFindings(count: number): TrackIssue[] {
  if (count === 0) {
    return [{
      severity: "error",
      code: "no-tracks",
      track: 0,
      frame: 0,
      message: "There is no track.",
    }];
  }
  if (count <= MAX_TRACKS) return [];
  return [{
    severity: "warning",
    code: "too-many",
    track: MAX_TRACKS,
    frame: 0,
    message:
      `There are ${count} tracks; ATI was trained on 1 to ${MAX_TRACKS} of them.`,
  }];
}

function trackFindings(
  samples: RawTrack,
  context: {
    track: number;
    image: { width: number; height: number };
    expected: number;
  },
): TrackIssue[] {
  const { track, image: { width, height }, expected } = context;
  const findings: TrackIssue[] = [];
  const add = (
    severity: "error" | "warning",
    code: TrackIssueCode,
    frame: number,
    message: string,
  ) => findings.push({ severity, code, track, frame, message });
  const frames = lengthOf(samples);
  const name = `Track ${track}`;
  if (frames !== expected) {
    add(
      "error",
      "wrong-length",
      frames,
      `${name} has ${frames} frames, expected ${expected}.`,
    );
  }
  const odd = samples.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    const frame = Math.floor(odd / 3);
    add(
      "error",
      "not-finite",
      frame,
      `${name} is at (${samples[frame * 3]}, ${
        samples[frame * 3 + 1]
      }) in frame ${frame}, expected numbers.`,
    );
  }
  const first = firstVisible(samples);
  if (first < 0) {
    add(
      "warning",
      "never-visible",
      0,
      `${name} is never visible: it does nothing.`,
    );
    return findings;
  }
  const x = samples[0]!, y = samples[1]!;
  if (first > 0) {
    add(
      "warning",
      "start-invisible",
      0,
      `${name} is first visible in frame ${first}, but moves what lies at its position in frame 0, (${
        px(x)
      }, ${px(y)}).`,
    );
  } else if (x < 0 || y < 0 || x > width || y > height) {
    add(
      "warning",
      "start-outside",
      0,
      `${name} starts at (${px(x)}, ${
        px(y)
      }), outside the image of ${width}x${height}: it moves what lies at the border.`,
    );
  }
  for (let frame = 1; frame < frames; frame++) {
    const step = fastStep(samples, { frame, limit: width / 2 });
    if (step === undefined) continue;
    add(
      "warning",
      "too-fast",
      frame,
      `${name} moves ${
        px(step)
      } px within two frames up to frame ${frame}, more than half the image width (${
        px(width / 2)
      } px).`,
    );
    break;
  }
  return findings;
}

/** The way from one or two frames before, if it exceeds the limit. */
function fastStep(
  samples: RawTrack,
  options: { frame: number; limit: number },
): number | undefined {
  const { frame, limit } = options;
  if (!(samples[frame * 3 + 2]! > 0.5)) return undefined;
  for (const before of [frame - 1, frame - 2]) {
    if (before < 0 || !(samples[before * 3 + 2]! > 0.5)) continue;
    const way = Math.hypot(
      samples[frame * 3]! - samples[before * 3]!,
      samples[frame * 3 + 1]! - samples[before * 3 + 1]!,
    );
    if (way > limit) return way;
  }
  return undefined;
}

function firstVisible(samples: RawTrack): number {
  for (let frame = 0; frame < lengthOf(samples); frame++) {
    if (samples[frame * 3 + 2]! > 0.5) return frame;
  }
  return -1;
}

/**
 * Tracks whose footprints overlap with those of two others that overlap each
 * other, once for a track.
 */
function* overlapFindings(
  tracks: RawTracks,
  { image, frames }: {
    image: { width: number; height: number };
    frames: number;
  },
): Steps<Iterable<TrackIssue>> {
  const reach = OVERLAP * Math.min(image.width, image.height) / 2;
  const flagged = new Map<number, TrackIssue>();
  const crowd = new Crowd(tracks, reach);
  for (let frame = 0; frame < frames; frame++) {
    crowd.sort(frame);
    for (let track = 0; track < tracks.length; track++) {
      if (track % MANY === 0) yield;
      if (flagged.has(track)) continue;
      const pair = crowd.pairAround(track);
      if (!pair) continue;
      flagged.set(track, {
        severity: "warning",
        code: "overlap",
        track,
        frame,
        message: `Track ${track} overlaps with tracks ${pair[0]} and ${
          pair[1]
        } in frame ${frame}; only the two strongest act at one place.`,
      });
    }
    if (flagged.size === tracks.length) break;
  }
  return flagged.values();
}

/** The visible points of one frame, sorted into cells as wide as the reach. */
class Crowd {
  readonly #tracks: RawTracks;
  readonly #reach: number;
  /** x, y pairs; NaN where nothing is to be seen. */
  readonly #points: Float64Array;
  /** The first track of each cell. */
  readonly #first = new Map<number, number>();
  /** After each track the next one of its cell, -1 after the last. */
  readonly #next: Int32Array;

  constructor(tracks: RawTracks, reach: number) {
    this.#tracks = tracks;
    this.#reach = reach;
    this.#points = new Float64Array(2 * tracks.length);
    this.#next = new Int32Array(tracks.length);
  }

  /** Sorts the points of a frame. */
  sort(frame: number): void {
    this.#first.clear();
    // From the last to the first, so that each cell's tracks ascend.
    for (let track = this.#tracks.length - 1; track >= 0; track--) {
      const samples = this.#tracks[track]!, at = 3 * frame;
      const x = samples[at]!, y = samples[at + 1]!;
      const seen = samples[at + 2]! > 0.5 && Number.isFinite(x) &&
        Number.isFinite(y);
      this.#points[2 * track] = seen ? x : NaN;
      this.#points[2 * track + 1] = seen ? y : NaN;
      if (!seen) continue;
      const key = this.#key(track, 0, 0);
      this.#next[track] = this.#first.get(key) ?? -1;
      this.#first.set(key, track);
    }
  }

  /** Two tracks within reach of this one and of each other. */
  pairAround(track: number): readonly [number, number] | undefined {
    if (Number.isNaN(this.#points[2 * track])) return undefined;
    // Of seven points within reach, two are within reach of each other.
    const near: number[] = [];
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        let other = this.#first.get(this.#key(track, dx, dy)) ?? -1;
        for (; other >= 0; other = this.#next[other]!) {
          if (other === track || !this.#close(track, other)) continue;
          const partner = near.find((third) =>
            third !== other && this.#close(other, third)
          );
          if (partner !== undefined) return [partner, other];
          near.push(other);
        }
      }
    }
    return undefined;
  }

  #close(a: number, b: number): boolean {
    const points = this.#points;
    return Math.hypot(
      points[2 * a]! - points[2 * b]!,
      points[2 * a + 1]! - points[2 * b + 1]!,
    ) < this.#reach;
  }

  /** A number for a cell; far out of any image two cells may share one. */
  #key(track: number, dx: number, dy: number): number {
    const column = Math.floor(this.#points[2 * track]! / this.#reach) + dx;
    const row = Math.floor(this.#points[2 * track + 1]! / this.#reach) + dy;
    return column * 2 ** 27 + row;
  }
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
