/**
 * Tracks of more than five seconds, and their pieces: what a video in segments
 * follows.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { atTrackRate, type LengthPolicy } from "./fit_length.ts";
import { lengthOf, type RawTracks } from "./raw_tracks.ts";
import {
  MAX_LONG_FRAMES,
  TRACK_FPS,
  TRACK_FRAMES,
  type TrackPoint,
  type TrackPositions,
  TrackSet,
} from "./track_set.ts";

/** A piece of long tracks. */
export interface TrackPiece {
  /** The tracks that can be carried on, in px of the piece's image. */
  readonly tracks: TrackSet;
  /** How many of all are left out: nothing of them is seen at the start. */
  readonly hidden: number;
}

/**
 * Tracks of more than 121 frames at 24 per second, `(N, frames, 3)`: x right, y
 * down in px of the source image, and visibility.
 */
export class LongTracks implements TrackPositions {
  /** The number of tracks, N. */
  readonly count: number;
  /** Frames at 24 per second. */
  readonly frames: number;
  readonly #data: Float32Array;

  private constructor(data: Float32Array, frames: number) {
    this.#data = data;
    this.frames = frames;
    this.count = data.length / (3 * frames);
  }

  /**
   * Long tracks of a file; undefined if they last no more than five seconds.
   *
   * @param options.fps the samples' rate; 24 unless given
   * @param options.name the file's name in error messages
   * @throws {FormatError} When they last longer than two minutes, or a
   * coordinate is not finite.
   */
  static fromRaw(
    tracks: RawTracks,
    { fps = TRACK_FPS, name }: { readonly fps?: number; readonly name: string },
  ): LongTracks | undefined {
    const longest = Math.max(0, ...tracks.map(lengthOf));
    const frames = Math.floor((longest - 1) * TRACK_FPS / fps + 1e-6) + 1;
    if (!(frames > TRACK_FRAMES)) return undefined;
    if (frames > MAX_LONG_FRAMES) {
      throw new FormatError(withHint(
        `Cannot use the tracks of ${quote(name)}: they last ${
          Math.round(frames / TRACK_FPS)
        } seconds, expected at most ${(MAX_LONG_FRAMES - 1) / TRACK_FPS}`,
        'length "resample" spreads their samples over five seconds.',
      ));
    }
    const data = new Float32Array(3 * frames * tracks.length);
    tracks.forEach((track, i) => {
      const fitted = lengthOf(track) === 1
        ? hold(track, frames)
        : atTrackRate(track, { fps, frames });
      if (!fitted.every(Number.isFinite)) {
        throw new FormatError(
          `Cannot use track ${i} of ${quote(name)}: a coordinate is not finite`,
        );
      }
      data.set(fitted, 3 * frames * i);
    });
    return new LongTracks(data, frames);
  }

  /**
   * Long tracks of a file as a run takes them: where nothing says that they are
   * to be cut, stretched, or taken at other times.
   *
   * @param options.length anything but `auto` means five seconds
   * @throws As {@linkcode LongTracks.fromRaw}.
   */
  static fromReading(
    raw: { readonly tracks: RawTracks; readonly fps?: number | undefined },
    { name, length = "auto", fps, times }: {
      readonly name: string;
      readonly length?: LengthPolicy | undefined;
      readonly fps?: number | undefined;
      readonly times?: readonly number[] | undefined;
    },
  ): LongTracks | undefined {
    if (length !== "auto" || times) return undefined;
    const rate = fps ?? raw.fps;
    return LongTracks.fromRaw(raw.tracks, {
      name,
      ...rate !== undefined && { fps: rate },
    });
  }

  /**
   * Long tracks of these numbers, `(N, frames, 3)` in row-major order.
   *
   * @throws {RangeError} When there are not as many as that, too many or too
   * few frames, or a coordinate is not finite.
   */
  static fromArray(
    data: ArrayLike<number>,
    { frames }: { readonly frames: number },
  ): LongTracks {
    checkFrames(frames);
    if (data.length % (3 * frames) !== 0) {
      throw new RangeError(
        `Cannot make long tracks of ${data.length} numbers, expected a multiple of ${
          3 * frames
        } (${frames} frames of x, y, visible)`,
      );
    }
    const own = new Float32Array(data);
    own.forEach((value, i) => {
      if (i % 3 === 2 || Number.isFinite(value)) return;
      const sample = Math.floor(i / 3);
      throw new RangeError(
        `Cannot take ${quote(value)} as ${i % 3 ? "y" : "x"} of track ${
          Math.floor(sample / frames)
        } at frame ${sample % frames}, expected a finite number of px`,
      );
    });
    return new LongTracks(own, frames);
  }

  /**
   * Long tracks from lists of points, one list per track.
   *
   * @param options.frames the length of each list, more than 121
   * @throws {RangeError} When a list has another length, there are too many
   * frames, or a coordinate is not finite.
   */
  static fromPoints(
    tracks: readonly (readonly TrackPoint[])[],
    { frames }: { readonly frames: number },
  ): LongTracks {
    checkFrames(frames);
    const data = new Float32Array(3 * frames * tracks.length);
    let at = 0;
    tracks.forEach((points, track) => {
      if (points.length !== frames) {
        throw new RangeError(
          `Cannot take track ${track}: it has ${points.length} frames, expected ${frames}`,
        );
      }
      points.forEach(({ x, y, visible }, frame) => {
        data[at++] = x;
        data[at++] = y;
        data[at++] = visible ? 1 : 0;
        if (
          Number.isFinite(data[at - 3]) && Number.isFinite(data[at - 2])
        ) return;
        throw new RangeError(
          `Cannot take ${x}, ${y} as track ${track} at frame ${frame}, expected a finite number of px`,
        );
      });
    });
    return new LongTracks(data, frames);
  }

  /** What a run makes of them, in a sentence for the user. */
  describe(): string {
    const seconds = (this.frames - 1) / TRACK_FPS;
    return `Tracks of ${this.frames} frames make a video of ${
      seconds.toFixed(1)
    } seconds, in segments (length "resample" spreads them over 5 seconds, "pad" cuts them).`;
  }

  /**
   * Tracks one after the other in time: the first frame of each part is the last
   * one of the part before, where a track may jump.
   *
   * @param options.shift whether each track is moved as a whole to where it ended
   * @returns The tracks, and the longest jump in px before it was shifted.
   * @throws {RangeError} When the parts differ in their number of tracks.
   * @throws {FormatError} When they last longer than two minutes.
   */
  static join(
    parts: readonly TrackPositions[],
    { shift = false, name = "joined" }: {
      readonly shift?: boolean;
      readonly name?: string;
    } = {},
  ): { tracks: LongTracks | undefined; jump: number } {
    const { count } = parts[0]!;
    const other = parts.findIndex((part) => part.count !== count);
    if (other >= 0) {
      throw new RangeError(
        `Cannot join part ${other}: it has ${
          parts[other]!.count
        } tracks, expected ${count} as in part 0`,
      );
    }
    let jump = 0;
    const joined = Array.from({ length: count }, (_, track) => {
      const samples: number[] = [];
      for (const part of parts) {
        const points = part.track(track);
        const [first] = points as [TrackPoint];
        const [x, y, seen] = samples.slice(-3);
        let dx = 0, dy = 0;
        if (seen && first.visible) {
          [dx, dy] = [x! - first.x, y! - first.y];
          jump = Math.max(jump, Math.hypot(dx, dy));
        }
        if (!shift) [dx, dy] = [0, 0];
        for (const point of samples.length === 0 ? points : points.slice(1)) {
          samples.push(point.x + dx, point.y + dy, point.visible ? 1 : 0);
        }
      }
      return Float32Array.from(samples);
    });
    return { tracks: LongTracks.fromRaw(joined, { name }), jump };
  }

  /** A copy of the numbers, `(N, frames, 3)` in row-major order. */
  toArray(): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#data);
  }

  /** The tracks as `(frames, 3)` views of one copy. */
  toRaw(): RawTracks {
    const data = this.toArray();
    const stride = 3 * this.frames;
    return Array.from(
      { length: this.count },
      (_, track) => data.subarray(track * stride, (track + 1) * stride),
    );
  }

  /** The x of a track at a frame, in px. */
  x(track: number, frame: number): number {
    return this.#data[this.#offset(track, frame)]!;
  }

  /** The y of a track at a frame, in px. */
  y(track: number, frame: number): number {
    return this.#data[this.#offset(track, frame) + 1]!;
  }

  /** Whether a track can be seen at a frame. */
  visible(track: number, frame: number): boolean {
    return this.#data[this.#offset(track, frame) + 2]! > 0.5;
  }

  /** Track by track, all its points. */
  *[Symbol.iterator](): Iterator<TrackPoint[]> {
    for (let track = 0; track < this.count; track++) yield this.track(track);
  }

  /** All points of one track. */
  track(track: number): TrackPoint[] {
    return Array.from({ length: this.frames }, (_, frame) => ({
      x: this.x(track, frame),
      y: this.y(track, frame),
      visible: this.visible(track, frame),
    }));
  }

  /**
   * The 121 frames from `from` on, the last one held where the tracks end.
   *
   * @param options.scale px of the piece's image for each px of the source
   * image, in x and y
   * @param options.keepHidden whether tracks that are not visible at the start
   * are kept; by default they are left out, because the piece's image does not
   * show what they carry
   */
  piece(
    from: number,
    { scale = [1, 1], keepHidden = false }: {
      readonly scale?: readonly [x: number, y: number];
      readonly keepHidden?: boolean;
    } = {},
  ): TrackPiece {
    const kept = Array.from({ length: this.count }, (_, track) => track)
      .filter((track) => keepHidden || this.visible(track, from));
    const data = new Float32Array(3 * TRACK_FRAMES * kept.length);
    kept.forEach((track, i) => {
      for (let frame = 0; frame < TRACK_FRAMES; frame++) {
        const at = this.#offset(track, Math.min(from + frame, this.frames - 1));
        data.set([
          this.#data[at]! * scale[0],
          this.#data[at + 1]! * scale[1],
          this.#data[at + 2]!,
        ], 3 * (i * TRACK_FRAMES + frame));
      }
    });
    return {
      tracks: TrackSet.fromArray(data),
      hidden: this.count - kept.length,
    };
  }

  #offset(track: number, frame: number): number {
    return 3 * (track * this.frames + frame);
  }
}

function checkFrames(frames: number): void {
  if (
    Number.isInteger(frames) && frames > TRACK_FRAMES &&
    frames <= MAX_LONG_FRAMES
  ) return;
  throw new RangeError(
    `Cannot make long tracks of ${
      quote(frames)
    } frames, expected more than ${TRACK_FRAMES} and at most ${MAX_LONG_FRAMES}`,
  );
}

function hold(sample: Float32Array, frames: number): Float32Array {
  const held = new Float32Array(3 * frames);
  for (let frame = 0; frame < frames; frame++) held.set(sample, 3 * frame);
  return held;
}
