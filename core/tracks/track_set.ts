/**
 * What the user drew: a set of point tracks over the source image.
 *
 * One clip is always {@linkcode TRACK_FRAMES} frames at {@linkcode TRACK_FPS}
 * frames per second, because ATI's conditioning is built for exactly that
 * (the reference's `wan/utils/motion.py`, lines 57-74).
 *
 * @module
 */

import { quote } from "../base/errors.ts";

/** Frames in every track: five seconds at 24 frames per second, and frame 0. */
export const TRACK_FRAMES = 121;

/** The most frames of tracks of more than five seconds: two minutes. */
export const MAX_LONG_FRAMES = 2881;

/** Frames per second at which tracks are drawn. */
export const TRACK_FPS = 24;

/** One sample of a track, in px of the source image. */
export interface TrackPoint {
  /** Px from the left edge of the source image; may lie outside it. */
  readonly x: number;
  /** Px from the top edge of the source image; may lie outside it. */
  readonly y: number;
  /** Whether the point can be seen in this frame. */
  readonly visible: boolean;
}

/** Tracks of any length at 24 frames per second, in px of the source image. */
export interface TrackPositions extends Iterable<TrackPoint[]> {
  /** The number of tracks, N. */
  readonly count: number;
  /** Frames of every track. */
  readonly frames: number;
  /** The x of a track at a frame, in px. */
  x(track: number, frame: number): number;
  /** The y of a track at a frame, in px. */
  y(track: number, frame: number): number;
  /** Whether a track can be seen at a frame. */
  visible(track: number, frame: number): boolean;
  /** All points of one track. */
  track(track: number): TrackPoint[];
}

const STRIDE = TRACK_FRAMES * 3;

/**
 * An immutable set of N tracks, `(N, 121, 3)`: x right, y down in px of the
 * source image, and visibility, 1 or 0. Every coordinate is finite.
 *
 * A visibility between is possible, because the reference knows it: up to 0.5
 * a sample does nothing, and from there to 1 its weight grows from 0 to 1.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { TrackSet } from "@ati/ati";
 * const still = TrackSet.fromPoints([[{ x: 10, y: 20, visible: true }]]);
 * assert.equal(still.count, 1);
 * assert.equal(still.x(0, 0), 10);
 * assert.equal(still.visible(0, 120), false); // padded invisible
 * ```
 */
export class TrackSet implements TrackPositions, Iterable<TrackPoint[]> {
  /** Frames of every track: {@linkcode TRACK_FRAMES}. */
  readonly frames: number = TRACK_FRAMES;
  /** The number of tracks, N. */
  readonly count: number;
  readonly #data: Float32Array;

  private constructor(data: Float32Array) {
    this.#data = data;
    this.count = data.length / STRIDE;
  }

  /**
   * A track set from `(N, 121, 3)` numbers in row-major order; they are
   * copied. Visibility is brought to 0..1, NaN to 0.
   *
   * @throws {RangeError} When the length is no multiple of 363, or a
   * coordinate is not finite.
   */
  static fromArray(data: ArrayLike<number>): TrackSet {
    if (data.length % STRIDE !== 0) {
      throw new RangeError(
        `Cannot make a track set of ${data.length} numbers, expected a multiple of ${STRIDE} (${TRACK_FRAMES} frames of x, y, visible)`,
      );
    }
    return TrackSet.#checked(new Float32Array(data));
  }

  /** A track set of numbers that are nobody else's. */
  static #checked(own: Float32Array): TrackSet {
    for (let i = 0; i < own.length; i++) {
      const value = own[i]!;
      if (i % 3 === 2) {
        own[i] = value > 0 ? Math.min(value, 1) : 0; // NaN: invisible
      } else if (!Number.isFinite(value)) {
        const track = Math.floor(i / STRIDE);
        const frame = Math.floor((i % STRIDE) / 3);
        throw new RangeError(
          `Cannot take ${quote(value)} as ${
            i % 3 ? "y" : "x"
          } of track ${track} at frame ${frame}, expected a finite number of px`,
        );
      }
    }
    return new TrackSet(own);
  }

  /**
   * A track set from lists of points, one list per track (`drawTrack` makes
   * them). Lists shorter than 121 frames are padded with invisible points at
   * (0, 0), as the reference's editor does.
   *
   * @throws {RangeError} When a list is longer than 121 frames, or a
   * coordinate is not finite.
   */
  static fromPoints(tracks: readonly (readonly TrackPoint[])[]): TrackSet {
    const data = new Float32Array(tracks.length * STRIDE);
    tracks.forEach((points, track) => {
      if (points.length > TRACK_FRAMES) {
        throw new RangeError(
          `Cannot take track ${track}: it has ${points.length} frames, expected at most ${TRACK_FRAMES}`,
        );
      }
      let at = track * STRIDE;
      for (const { x, y, visible } of points) {
        data[at++] = x;
        data[at++] = y;
        data[at++] = visible ? 1 : 0;
      }
    });
    return TrackSet.#checked(data);
  }

  /** The x of a track at a frame, in px. */
  x(track: number, frame: number): number {
    return this.#data[this.#offset(track, frame)]!;
  }

  /** The y of a track at a frame, in px. */
  y(track: number, frame: number): number {
    return this.#data[this.#offset(track, frame) + 1]!;
  }

  /** Whether a track can be seen at a frame: its visibility is above 0.5. */
  visible(track: number, frame: number): boolean {
    return this.visibility(track, frame) > 0.5;
  }

  /** The visibility of a track at a frame, from 0 to 1. */
  visibility(track: number, frame: number): number {
    return this.#data[this.#offset(track, frame) + 2]!;
  }

  /** The 121 points of one track. */
  track(track: number): TrackPoint[] {
    return Array.from({ length: TRACK_FRAMES }, (_, frame) => ({
      x: this.x(track, frame),
      y: this.y(track, frame),
      visible: this.visible(track, frame),
    }));
  }

  /** Track by track, the 121 points of each. */
  *[Symbol.iterator](): Iterator<TrackPoint[]> {
    for (let track = 0; track < this.count; track++) yield this.track(track);
  }

  /** A copy of the numbers, `(N, 121, 3)` in row-major order. */
  toArray(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#data);
  }

  #offset(track: number, frame: number): number {
    if (!(track >= 0 && track < this.count)) {
      throw new RangeError(
        `Cannot read track ${track}: the set has ${this.count}`,
      );
    }
    if (!(frame >= 0 && frame < TRACK_FRAMES)) {
      throw new RangeError(
        `Cannot read frame ${frame}: a track has ${TRACK_FRAMES}`,
      );
    }
    return track * STRIDE + frame * 3;
  }
}
