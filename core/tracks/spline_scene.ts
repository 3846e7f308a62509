/**
 * Scenes of Spline-Path-Control: splines that shapes follow, and static shapes,
 * appended as JSON to a PNG of the canvas.
 *
 * A spline starts at `startFrame` and takes `totalFrames`, at the rate of the
 * export, which is not stored: 16 per second, its default and that of the
 * video. Its `tension` is a sixth of a chord at 1 and straight at 0.
 *
 * @module
 */

import type { Point } from "../base/image.ts";
import type { ImageSize } from "./coordinates.ts";
import type { Easing } from "./easing.ts";
import type { RawTracks } from "./raw_tracks.ts";
import { VIDEO_FPS } from "./resample.ts";
import { sampleCurve, type TrackCurve } from "./track_curve.ts";
import { TRACK_FPS, TRACK_FRAMES } from "./track_set.ts";

/** What is between the image and the JSON. */
const MARKER = new TextEncoder().encode("SPLINEDATA::");

/** The tracks of a scene. */
export interface SplineScene {
  /** 121 samples each, first the splines and then the static shapes. */
  readonly tracks: RawTracks;
  /** The same as curves; undefined where a curve cannot say it. */
  readonly curves: readonly (TrackCurve | undefined)[];
  /** The size of the canvas. */
  readonly fromSize: ImageSize | undefined;
  /** In plain words, what was found. */
  readonly note: string;
}

/** The text of the scene behind a PNG; undefined when there is none. */
export function sceneText(png: Uint8Array): string | undefined {
  for (let at = png.length - MARKER.length; at >= 0; at--) {
    if (png[at] !== MARKER[0]) continue;
    if (MARKER.every((byte, i) => png[at + i] === byte)) {
      return new TextDecoder().decode(png.subarray(at + MARKER.length));
    }
  }
  return undefined;
}

/** The scene in a parsed text; undefined when it is none. */
export function splineScene(value: unknown): SplineScene | undefined {
  const { splines, staticShapes = [], originalImageDimensions } = fields(value);
  if (!Array.isArray(splines) || !Array.isArray(staticShapes)) return undefined;
  const items: SceneItem[] = [];
  for (const spline of splines) {
    const item = itemOf(spline, fields(spline).points);
    if (!item) return undefined;
    items.push(item);
  }
  for (const shape of staticShapes) {
    const item = itemOf(shape, [fields(shape).pos]);
    if (!item) return undefined;
    items.push(item);
  }
  const { width, height } = fields(originalImageDimensions);
  return {
    tracks: items.map((item) =>
      sampleCurve(item.curve, { at: (t) => stateAt(item, t) })
    ),
    curves: items.map(({ curve, exact }) => exact ? curve : undefined),
    fromSize: isSide(width) && isSide(height) ? { width, height } : undefined,
    note:
      `A scene of Spline-Path-Control: ${splines.length} splines and ${staticShapes.length} static shapes, at ${VIDEO_FPS} frames per second.`,
  };
}

/** A spline or a static shape, in frames of the scene. */
interface SceneItem {
  readonly curve: TrackCurve;
  /** Whether the curve says all of it. */
  readonly exact: boolean;
  readonly start: number;
  readonly frames: number;
  readonly loop: boolean;
  readonly seenBefore: boolean;
  readonly seenAfter: boolean;
  /** Progress along the curve at a share of its time. */
  progress(time: number): number;
}

function itemOf(value: unknown, list: unknown): SceneItem | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const points: Point[] = [];
  for (const point of list) {
    const { x, y } = fields(point);
    if (!isNumber(x) || !isNumber(y)) return undefined;
    points.push({ x, y });
  }
  const item = fields(value);
  const timed = isNumber(item.startFrame) || isNumber(item.totalFrames);
  const start = isNumber(item.startFrame) ? Math.max(0, item.startFrame) : 0;
  const frames = isNumber(item.totalFrames)
    ? Math.max(1, item.totalFrames)
    : 80;
  const loop = item.loop === true;
  const seenBefore = !timed || loop || item.holdOnStart === true;
  const seenAfter = !timed || loop || item.hideOnComplete !== true;
  const { easing, exact, progress } = easingOf(item);
  const tension = 1 - (isNumber(item.tension) ? item.tension : 0);
  const first = frameOf(start), last = frameOf(start + frames);
  return {
    start,
    frames,
    loop,
    seenBefore,
    seenAfter,
    progress,
    exact: exact && tension >= 0 && tension <= 1 &&
      (!loop || points.length === 1),
    curve: {
      points,
      name: typeof item.name === "string" ? item.name : undefined,
      tension,
      start: first,
      end: last,
      easing,
      visible: [
        seenBefore ? 0 : first,
        seenAfter ? TRACK_FRAMES - 1 : last,
      ],
    },
  };
}

/** The nearest frame of a track. */
function frameOf(sceneFrame: number): number {
  const frame = Math.round(sceneFrame * TRACK_FPS / VIDEO_FPS);
  return Math.min(TRACK_FRAMES - 1, frame);
}

function stateAt(
  { start, frames, loop, seenBefore, seenAfter, progress }: SceneItem,
  frame: number,
): { progress: number; seen: boolean } {
  const time = (frame * VIDEO_FPS / TRACK_FPS - start) / frames;
  const share = loop ? time - Math.floor(time) : time;
  return {
    progress: progress(Math.min(1, Math.max(0, share))),
    seen: loop || (time >= 0 || seenBefore) && (time <= 1 || seenAfter),
  };
}

/** How progress follows time: a name, or a curve through points. */
function easingOf(
  { easing, easingCurve, easingTension }: Record<string, unknown>,
): { easing: Easing; exact: boolean; progress: (time: number) => number } {
  const knots = Array.isArray(easingCurve)
    ? easingCurve.map(fields).flatMap(({ x, y }) =>
      isNumber(x) && isNumber(y) ? [{ x, y }] : []
    ).sort((a, b) => a.x - b.x)
    : [];
  const isEven = knots.every(({ x, y }) => x === y);
  if (knots.length >= 2 && !isEven) {
    const tension = isNumber(easingTension) ? easingTension / 6 : 0;
    return {
      easing: EASINGS.linear,
      exact: false,
      progress: (time) => easedBy(knots, tension, time),
    };
  }
  switch (knots.length === 0 ? easing : undefined) {
    case "easeIn":
      return { easing: EASINGS.in, exact: true, progress: (t) => t * t };
    case "easeOut":
      return { easing: EASINGS.out, exact: true, progress: (t) => t * (2 - t) };
    case "easeInOut":
      return {
        easing: EASINGS.inOut,
        exact: true,
        progress: (t) => t < 0.5 ? 2 * t * t : (4 - 2 * t) * t - 1,
      };
    default:
      return { easing: EASINGS.linear, exact: true, progress: (t) => t };
  }
}

/** Squares of time as CSS curves; the last is within 0.01 of two of them. */
const EASINGS = {
  linear: [0, 0, 1, 1],
  in: [1 / 3, 0, 2 / 3, 1 / 3],
  out: [1 / 3, 2 / 3, 2 / 3, 1],
  inOut: [0.455, 0.03, 0.515, 0.955],
} as const satisfies Record<string, Easing>;

/** The height of a cardinal curve through knots, from 0 to 1. */
function easedBy(
  knots: readonly Point[],
  tension: number,
  time: number,
): number {
  const last = knots.length - 2;
  let i = 0;
  while (i < last && time > knots[i + 1]!.x) i++;
  const a = knots[i]!, b = knots[i + 1]!;
  const before = knots[i - 1] ?? a, after = knots[i + 2] ?? b;
  const span = b.x - a.x;
  const s = span > 0 ? Math.min(1, Math.max(0, (time - a.x) / span)) : 1;
  const c1 = a.y + (b.y - before.y) * tension;
  const c2 = b.y - (after.y - a.y) * tension;
  const r = 1 - s;
  const y = tension === 0
    ? a.y + (b.y - a.y) * s
    : r * r * r * a.y + 3 * r * r * s * c1 + 3 * r * s * s * c2 +
      s * s * s * b.y;
  return Math.min(1, Math.max(0, y));
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null
    ? value as Record<string, unknown>
    : {};
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isSide(value: unknown): value is number {
  return isNumber(value) && value >= 1 && value <= 100_000;
}
