/**
 * A scene, and its tracks as functions of time.
 *
 * @module
 */

import { drawTrack } from "../../core/tracks/draw_track.ts";
import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import { type TrackPoint, TrackSet } from "../../core/tracks/track_set.ts";
import type { Point } from "./_svg.ts";

/** One example: an image, its tracks, and its prompt. */
export interface Scene {
  /** The stem of its file names. */
  readonly name: string;
  /** The image's size in px. */
  readonly size: { readonly width: number; readonly height: number };
  /** The image, as SVG. */
  readonly svg: () => string;
  /** The tracks, as a user would draw them. */
  readonly tracks: readonly TrackPoint[][];
  /** Objects that are marked, the farthest first. */
  readonly objects?: readonly MotionObject[];
  /** The prompt. */
  readonly prompt: string;
}

/** Slow at both ends; `t` from 0 to 1. */
export function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** A track that leaves `start` by `offset(t)` px, `t` from 0 to 1. */
export function path(
  start: Point,
  offset: (t: number) => Point,
): TrackPoint[] {
  return drawTrack((t) => {
    const [dx, dy] = offset(t);
    return { x: start[0] + dx, y: start[1] + dy };
  });
}

/** A static anchor. */
export function still(at: Point): TrackPoint[] {
  return path(at, () => [0, 0]);
}

/** The tracks of a scene as one set. */
export function tracksOf(scene: Scene): TrackSet {
  return TrackSet.fromPoints(scene.tracks);
}
