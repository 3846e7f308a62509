/**
 * Tracks that are curves through control points, as the editors of other
 * programs keep them.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import type { Easing } from "./easing.ts";
import {
  bezierPolyline,
  cardinalHandles,
  measurePath,
  pointAt,
} from "./path.ts";
import { TRACK_FRAMES } from "./track_set.ts";

/** The Bezier handles of a control point, relative to it, px. */
export interface CurveHandles {
  /** Towards the previous point. */
  readonly in: Point;
  /** Towards the next point. */
  readonly out: Point;
}

/** Where a part of an easing ends and the next begins. */
export interface CurveJoint {
  /** When: the share of the time between start and end. */
  readonly time: number;
  /** The progress there, -1 to 2. */
  readonly progress: number;
  /** The easing from here to the next joint, or to the end. */
  readonly easing: Easing;
}

/** The most joints of one easing. */
export const MAX_JOINTS = 16;

/** A track as a curve, in px. Frames are at 24 per second, from 0 on. */
export interface TrackCurve {
  /** The control points; one is a point that stays in its place. */
  readonly points: readonly Point[];
  /** What its program calls it. */
  readonly name: string | undefined;
  /** Of the cardinal spline through the points: 0 is Catmull-Rom, 1 straight. */
  readonly tension: number;
  /** Of a Bezier curve, one for each point: then tension does not count. */
  readonly handles?: readonly CurveHandles[] | undefined;
  /** The frame in which it sets out. */
  readonly start: number;
  /** The frame in which it arrives. */
  readonly end: number;
  /** How its progress follows time in between. */
  readonly easing: Easing;
  /** Of an easing in parts, in rising order; it begins with `easing`. */
  readonly joints?: readonly CurveJoint[] | undefined;
  /** The first and the last frame in which it can be seen. */
  readonly visible: readonly [from: number, to: number];
}

/** A curve that runs from the first frame to the last at an even speed. */
export const EVEN = {
  start: 0,
  end: TRACK_FRAMES - 1,
  easing: [0, 0, 1, 1],
  visible: [0, TRACK_FRAMES - 1],
} as const satisfies Partial<TrackCurve>;

/**
 * Samples along a curve, `(frames, 3)`.
 *
 * @param options.frames how many, 121 unless given
 * @param options.at the progress (0 to 1) in a frame, and whether it is seen
 * then
 */
export function sampleCurve(
  { points, tension, handles }: Pick<
    TrackCurve,
    "points" | "tension" | "handles"
  >,
  { frames = TRACK_FRAMES, at = evenly(frames) }: {
    readonly frames?: number;
    readonly at?: ProgressAt;
  } = {},
): Float32Array<ArrayBuffer> {
  const line = measurePath(
    points.length < 2 || (tension >= 1 && !handles)
      ? points
      : bezierPolyline(points, handles ?? cardinalHandles(points, tension)),
  );
  const samples = new Float32Array(frames * 3);
  for (let frame = 0; frame < frames; frame++) {
    const { progress, seen } = at(frame);
    const { x, y } = pointAt(line, progress);
    samples.set([x, y, Number(seen)], frame * 3);
  }
  return samples;
}

type ProgressAt = (
  frame: number,
) => { readonly progress: number; readonly seen: boolean };

function evenly(frames: number): ProgressAt {
  return (frame) => ({ progress: frame / (frames - 1), seen: true });
}

/** Curves with x and y multiplied. */
export function scaleCurves(
  curves: readonly (TrackCurve | undefined)[],
  [x, y]: readonly [x: number, y: number],
): (TrackCurve | undefined)[] {
  const place = (p: Point) => ({ x: x * p.x, y: y * p.y });
  return curves.map((curve) =>
    curve && {
      ...curve,
      points: curve.points.map(place),
      ...curve.handles && {
        handles: curve.handles.map((handle) => ({
          in: place(handle.in),
          out: place(handle.out),
        })),
      },
    }
  );
}
