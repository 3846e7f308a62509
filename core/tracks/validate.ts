/**
 * What is wrong or risky with tracks, point by point, before minutes of
 * generation are spent on them.
 *
 * @module
 */

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
  { frames = framesOf(tracks) }: { readonly frames?: number } = {},
): TrackIssue[] {
  const raw = toRawTracks(tracks);
  const findings = [
    ...countFindings(raw.length),
    ...raw.flatMap((samples, track) =>
      trackFindings(samples, { track, image, expected: frames })
    ),
    ...overlapFindings(raw, { image, frames }),
  ];
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
function overlapFindings(
  tracks: RawTracks,
  { image, frames }: {
    image: { width: number; height: number };
    frames: number;
  },
): TrackIssue[] {
  const reach = OVERLAP * Math.min(image.width, image.height) / 2;
  const flagged = new Map<number, TrackIssue>();
  for (let frame = 0; frame < frames; frame++) {
    const crowd = new Crowd(tracks, { frame, reach });
    for (let track = 0; track < tracks.length; track++) {
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
  return [...flagged.values()];
}

/** The visible points of one frame, sorted into cells as wide as the reach. */
class Crowd {
  readonly #tracks: RawTracks;
  readonly #frame: number;
  readonly #reach: number;
  readonly #cells = new Map<string, number[]>();

  constructor(
    tracks: RawTracks,
    options: { frame: number; reach: number },
  ) {
    this.#tracks = tracks;
    this.#frame = options.frame;
    this.#reach = options.reach;
    tracks.forEach((_, track) => {
      const point = this.#point(track);
      if (!point) return;
      const key = this.#key(point, [0, 0]);
      const cell = this.#cells.get(key);
      if (cell) cell.push(track);
      else this.#cells.set(key, [track]);
    });
  }

  /** Two tracks within reach of this one and of each other. */
  pairAround(track: number): readonly [number, number] | undefined {
    const point = this.#point(track);
    if (!point) return undefined;
    // Of seven points within reach, two are within reach of each other.
    const near: number[] = [];
    for (const dy of [-1, 0, 1]) {
      for (const dx of [-1, 0, 1]) {
        for (const other of this.#cells.get(this.#key(point, [dx, dy])) ?? []) {
          if (other === track || !this.#close(track, other)) continue;
          const partner = near.find((third) => this.#close(other, third));
          if (partner !== undefined) return [partner, other];
          near.push(other);
        }
      }
    }
    return undefined;
  }

  #close(a: number, b: number): boolean {
    const p = this.#point(a)!, q = this.#point(b)!;
    return Math.hypot(p[0] - q[0], p[1] - q[1]) < this.#reach;
  }

  #point(track: number): readonly [number, number] | undefined {
    const samples = this.#tracks[track]!;
    const at = this.#frame * 3;
    const x = samples[at], y = samples[at + 1];
    return samples[at + 2]! > 0.5 && Number.isFinite(x) && Number.isFinite(y)
      ? [x!, y!]
      : undefined;
  }

  #key(
    point: readonly [number, number],
    by: readonly [number, number],
  ): string {
    return point.map((value, axis) =>
      Math.floor(value / this.#reach) + by[axis]!
    ).join();
  }
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
