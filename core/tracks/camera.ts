/**
 * Camera moves and what goes with them: pure functions from track set to
 * track set, composable with each other and with the objects' own motion.
 *
 * ATI knows no camera; a camera move is the same motion of every track. A move
 * describes what the *image's content* does: `pan` by (2, 0) lets everything
 * drift to the right, as when the camera turns to the left. Frame 0 is never
 * moved, because there the tracks name what lies in the image.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { LongTracks } from "./long_tracks.ts";
import { type RawTrack, toRawTracks } from "./raw_tracks.ts";
import { TRACK_FRAMES, TrackSet } from "./track_set.ts";
import type { Point } from "../base/image.ts";
import { ease, type Easing, type EasingName } from "./easing.ts";
import { resolveEasing } from "./resolve_easing.ts";

/** One move of the camera over the whole clip. */
export type CameraMove =
  | {
    /** Everything drifts at an even speed. */
    readonly kind: "pan";
    /** To the right, px per frame at 24 frames per second. */
    readonly dx: number;
    /** Downwards, px per frame at 24 frames per second. */
    readonly dy: number;
  }
  | {
    /** Everything moves away from the center, or towards it. */
    readonly kind: "zoom";
    /**
     * The size in the last frame over that in the first: 1.5 comes closer, 0.8
     * goes back. Every second enlarges by the same factor.
     */
    readonly factor: number;
    /** What stays in its place. */
    readonly center: Point;
  }
  | {
    /** Everything turns about the center at an even speed. */
    readonly kind: "rotate";
    /** The angle at the last frame, clockwise on the screen. */
    readonly degrees: number;
    /** What stays in its place. */
    readonly center: Point;
  };

/** Which tracks are moved. */
export interface CameraOptions {
  /** The indices of the tracks to move; all when absent. */
  readonly tracks?: readonly number[];
  /**
   * How the move starts and stops, over the whole clip: a name that CSS has for
   * it, or control values; at an even pace unless given.
   */
  readonly easing?: EasingName | Easing;
}

/**
 * Where a camera move has taken the point by a frame from 0 to 120.
 *
 * @throws {RangeError} When a number of the move is not finite, or the factor
 * of a zoom not positive.
 */
export function applyCameraMove(
  point: Point,
  move: CameraMove,
  frame: number,
): Point {
  checkMove(move);
  return transform(point, move, { frame });
}

/**
 * {@linkcode applyCameraMove} with a move that was checked before, over frames
 * from 0 to `last`.
 */
function transform(
  point: Point,
  move: CameraMove,
  { frame, last = TRACK_FRAMES - 1 }: { frame: number; last?: number },
): Point {
  const { x, y } = point;
  const share = frame / last;
  switch (move.kind) {
    case "pan":
      return { x: x + move.dx * frame, y: y + move.dy * frame };
    case "zoom": {
      const { center } = move;
      const factor = move.factor ** share;
      return {
        x: center.x + (x - center.x) * factor,
        y: center.y + (y - center.y) * factor,
      };
    }
    case "rotate": {
      const { center } = move;
      const angle = move.degrees * share * Math.PI / 180;
      const cos = Math.cos(angle), sin = Math.sin(angle);
      const dx = x - center.x, dy = y - center.y;
      return {
        x: center.x + dx * cos - dy * sin,
        y: center.y + dx * sin + dy * cos,
      };
    }
  }
}

/**
 * The tracks with one or several camera moves put on top of their own motion,
 * one after the other. Invisible samples stay as they are. In tracks of more
 * than five seconds a move lasts as long as they do: a pan keeps its speed, the
 * others reach their end in the last frame.
 *
 * @throws {RangeError} As {@linkcode applyCameraMove}, or when a track to move is
 * not in the set, a point leaves the range of float32, or the easing is none.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { applyCameraMoves, TrackSet } from "@ati/ati";
 * const still = TrackSet.fromArray(
 *   Array.from({ length: 121 }, () => [100, 50, 1]).flat(),
 * );
 * const closer = applyCameraMoves(still, {
 *   kind: "zoom",
 *   factor: 2,
 *   center: { x: 0, y: 0 },
 * });
 * assert.equal(closer.x(0, 0), 100);
 * assert.equal(closer.x(0, 120), 200);
 * ```
 */
export function applyCameraMoves<Tracks extends TrackSet | LongTracks>(
  tracks: Tracks,
  moves: CameraMove | readonly CameraMove[],
  options?: CameraOptions,
): Tracks;
export function applyCameraMoves(
  tracks: TrackSet | LongTracks,
  moves: CameraMove | readonly CameraMove[],
  options: CameraOptions = {},
): TrackSet | LongTracks {
  const list = Array.isArray(moves) ? moves : [moves as CameraMove];
  const chosen = options.tracks ??
    Array.from({ length: tracks.count }, (_, i) => i);
  for (const track of chosen) {
    if (!Number.isInteger(track) || track < 0 || track >= tracks.count) {
      throw new RangeError(
        `Cannot move track ${
          quote(track)
        }: there are ${tracks.count}, expected an index from 0 to ${
          tracks.count - 1
        }`,
      );
    }
  }
  list.forEach(checkMove);
  const easing = options.easing && resolveEasing(options.easing);
  const { frames } = tracks;
  const last = frames - 1;
  // How far the move is: the frame at which an even one would be there.
  const paces = Array.from(
    { length: frames },
    (_, frame) => easing ? last * ease(easing, frame / last) : frame,
  );
  const data = tracks.toArray();
  for (const track of new Set(chosen)) {
    for (let frame = 0; frame < frames; frame++) {
      const at = (track * frames + frame) * 3;
      if (!data[at + 2]) continue;
      let point: Point = { x: data[at]!, y: data[at + 1]! };
      for (const move of list) {
        point = transform(point, move, { frame: paces[frame]!, last });
      }
      data[at] = point.x;
      data[at + 1] = point.y;
    }
  }
  return fromArray(data, frames);
}

/** Numbers `(N, frames, 3)` as tracks of that length. */
function fromArray(data: Float32Array, frames: number): TrackSet | LongTracks {
  return frames === TRACK_FRAMES
    ? TrackSet.fromArray(data)
    : LongTracks.fromArray(data, { frames });
}

function checkMove(move: CameraMove): void {
  const numbers = move.kind === "pan" ? { dx: move.dx, dy: move.dy } : {
    ...move.kind === "zoom"
      ? { factor: move.factor }
      : { degrees: move.degrees },
    "center.x": move.center.x,
    "center.y": move.center.y,
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isFinite(value) && (name !== "factor" || value > 0)) continue;
    throw new RangeError(
      `Cannot ${move.kind} with ${name} ${quote(value)}, expected ${
        name === "factor" ? "a number above 0" : "a finite number"
      }`,
    );
  }
}

/**
 * A grid of tracks that stand still, evenly spread over an image of this size
 * in px, row by row: anchors that hold the background, or that a camera move
 * carries along.
 *
 * Eight to twelve are enough; more than 20 tracks are beyond what ATI was
 * trained on.
 *
 * @throws {RangeError} When a size is not positive or a count no whole number
 * from 1 to 100.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { anchorGrid } from "@ati/ati";
 * const grid = anchorGrid({ width: 640, height: 360 }, { columns: 4, rows: 2 });
 * assert.equal(grid.count, 8);
 * assert.equal(grid.x(0, 0), 80);
 * assert.equal(grid.y(7, 120), 270);
 * ```
 */
export function anchorGrid(
  image: { width: number; height: number },
  options: { columns: number; rows: number },
): TrackSet {
  const { columns, rows } = options;
  const { width, height } = image; // an image has pixels as well
  for (const [name, value] of Object.entries({ columns, rows })) {
    if (!Number.isInteger(value) || value < 1 || value > 100) {
      throw new RangeError(
        `Cannot make a grid of ${
          quote(value)
        } ${name}, expected a whole number from 1 to 100`,
      );
    }
  }
  for (const [name, value] of Object.entries({ width, height })) {
    if (value > 0 && value < Infinity) continue;
    throw new RangeError(
      `Cannot make a grid over an image of ${name} ${
        quote(value)
      }, expected its size in px`,
    );
  }
  const data = new Float32Array(columns * rows * TRACK_FRAMES * 3);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = width * (column + 0.5) / columns;
      const y = height * (row + 0.5) / rows;
      for (let frame = 0; frame < TRACK_FRAMES; frame++, at += 3) {
        data.set([x, y, 1], at);
      }
    }
  }
  return TrackSet.fromArray(data);
}

/**
 * One set with the tracks of all, in the order given. It is as long as the
 * longest of them: in the others static anchors are held to its end, and what
 * moves is hidden after its own.
 */
export function mergeTracks(...sets: readonly TrackSet[]): TrackSet;
/** The same for sets of which some may last longer than five seconds. */
export function mergeTracks(
  ...sets: readonly (TrackSet | LongTracks)[]
): TrackSet | LongTracks;
export function mergeTracks(
  ...sets: readonly (TrackSet | LongTracks)[]
): TrackSet | LongTracks {
  const frames = sets.reduce(
    (most, set) => Math.max(most, set.frames),
    TRACK_FRAMES,
  );
  const stride = 3 * frames;
  const data = new Float32Array(
    sets.reduce((sum, { count }) => sum + count * stride, 0),
  );
  let at = 0;
  for (const track of sets.flatMap(toRawTracks)) {
    data.set(track, at);
    if (track.length < stride && isStatic(track)) {
      for (let i = track.length; i < stride; i++) data[at + i] = track[i % 3]!;
    }
    at += stride;
  }
  return fromArray(data, frames);
}

/** Whether a track is seen at one place in all its samples. */
function isStatic(track: RawTrack): boolean {
  return track[2]! > 0 && track.every((value, i) => value === track[i % 3]);
}
