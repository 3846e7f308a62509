/**
 * An image with its tracks drawn over it: a line that runs from green to red
 * in the course of the clip, a green dot where it starts, an arrow head where
 * it ends.
 *
 * Mirrors `plot_tracks` in the reference's `tools/plot_user_inputs.py`.
 *
 * @module
 */

import { atOnce, type Steps } from "../base/steps.ts";
import type { Point, RgbImage } from "../base/image.ts";
import { type TrackPoint, type TrackPositions } from "../tracks/track_set.ts";
import { FrontShapes } from "./_front_shapes.ts";
import * as pillow from "./_pillow_raster.ts";
import {
  convexShape,
  discShape,
  fillShape,
  lineShape,
  type Shape,
} from "./_shape.ts";
import { type Color, drawNumber, numberSize } from "./draw.ts";

/** How tracks are drawn over an image. */
export interface PlotTracksOptions {
  /** The width of the lines in px; 10 unless given, at least 2. */
  readonly lineWidth?: number;
  /** The radius of the dot at the start in px; 10 unless given, 0 for none. */
  readonly dotRadius?: number;
  /** The length of an arrow head's sides in px; 25 unless given, 0 for none. */
  readonly arrowLength?: number;
  /** Whether each track's number stands next to its start. */
  readonly legend?: boolean;
  /**
   * `"reference"` draws with hard edges and gaps between the segments, pixel
   * for pixel as the reference with Pillow 9.4. By default lines have round
   * joints and smooth edges.
   */
  readonly compat?: "reference";
}

const START: Color = [0, 255, 30];

/** The color at a frame: green first, red at the end. */
function colorAt(frame: number, frames: number): Color {
  const ratio = frame / (frames - 1);
  return [Math.trunc(255 * ratio), Math.trunc(255 * (1 - ratio)), 30];
}

/**
 * Draws tracks over an image and returns the result; the image itself is
 * left as it is. Invisible stretches are left out. A track with one visible
 * point is a dot, one without any is nothing.
 *
 * @throws {RangeError} When a width, radius or length is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { plotTracks, TrackSet } from "@ati/ati";
 * const image = { width: 32, height: 32, data: new Uint8Array(3072) };
 * const tracks = TrackSet.fromPoints([
 *   [{ x: 8, y: 8, visible: true }, { x: 24, y: 24, visible: true }],
 * ]);
 * const plotted = plotTracks(image, tracks, { dotRadius: 3 });
 * assert.ok(plotted.data[3 * (8 * 32 + 8) + 1] === 255);
 * ```
 */
export function plotTracks(
  image: RgbImage,
  tracks: TrackPositions,
  options: PlotTracksOptions = {},
): RgbImage {
  return atOnce(plotInSteps(image, tracks, options));
}

/** {@linkcode plotTracks}, left after each track. */
export function* plotInSteps(
  image: RgbImage,
  tracks: TrackPositions,
  options: PlotTracksOptions = {},
): Steps<RgbImage> {
  const { lineWidth = 10, dotRadius = 10, arrowLength = 25, compat } = options;
  checkRange("line width", lineWidth, 2);
  checkRange("dot radius", dotRadius, 0);
  checkRange("arrow length", arrowLength, 0);
  const canvas = { ...image, data: image.data.slice() };
  const style = { lineWidth, dotRadius, arrowLength };
  if (compat === "reference") {
    const brush = hardBrush(canvas);
    for (const points of tracks) {
      drawTrack(points, style, brush);
      yield;
    }
  } else yield* drawSmooth(canvas, tracks, style);
  if (options.legend) drawNumbers(canvas, tracks, dotRadius);
  return canvas;
}

/** From here on most of what is drawn is covered by what is drawn later. */
const MANY_TRACKS = 100;

type Style = Required<
  Pick<PlotTracksOptions, "lineWidth" | "dotRadius" | "arrowLength">
>;

function* drawSmooth(
  canvas: RgbImage,
  tracks: TrackPositions,
  style: Style,
): Steps<void> {
  if (tracks.count < MANY_TRACKS) {
    const brush = shapeBrush((shape, color) => fillShape(canvas, shape, color));
    for (const points of tracks) drawTrack(points, style, brush);
    return;
  }
  const front = new FrontShapes(canvas);
  let rank = 0;
  for (let track = tracks.count - 1; track >= 0; track--) {
    const shapes: Shape[] = [];
    const brush = shapeBrush((shape) => shapes.push(shape));
    drawTrack(tracks.track(track), style, brush);
    while (shapes.length > 0) front.cover(shapes.pop()!, rank++);
    yield;
  }
  const brush = shapeBrush((shape, color) => front.fill(shape, --rank, color));
  for (const points of tracks) {
    drawTrack(points, style, brush);
    yield;
  }
}

/** Draws a track: its lines, its dot, its arrow head. */
function drawTrack(
  points: readonly TrackPoint[],
  { lineWidth, dotRadius, arrowLength }: Style,
  brush: Brush,
): void {
  const frames = points.length;
  let first = -1, last = -1;
  for (let frame = 0; frame < frames; frame++) {
    const to = points[frame]!;
    if (!to.visible) continue;
    const from = points[frame - 1];
    if (from?.visible) {
      brush.line([from, to], {
        width: lineWidth,
        color: colorAt(frame - 1, frames),
      });
    }
    if (first < 0) first = frame;
    last = frame;
  }
  if (first < 0) return;
  if (dotRadius > 0) brush.disc(points[first]!, dotRadius);
  const visible = points.filter(({ visible }) => visible);
  const head = arrowHead(visible, arrowLength);
  if (head) brush.triangle(head, colorAt(last, frames));
}

function checkRange(what: string, value: number, least: number): void {
  if (Number.isFinite(value) && value >= least && value <= 1000) return;
  throw new RangeError(
    `Cannot plot with a ${what} of ${value}, expected ${least} to 1000 px`,
  );
}

/** What the three shapes of a track are drawn with. */
interface Brush {
  line(ends: [Point, Point], options: { width: number; color: Color }): void;
  disc(center: Point, radius: number): void;
  triangle(corners: readonly Point[], color: Color): void;
}

/** A brush with smooth edges. */
function shapeBrush(draw: (shape: Shape, color: Color) => void): Brush {
  return {
    line: (ends, { width, color }) => draw(lineShape(ends, width), color),
    disc: (center, radius) => draw(discShape(center, radius), START),
    triangle: (corners, color) => {
      const shape = convexShape(corners);
      if (shape) draw(shape, color);
    },
  };
}

function hardBrush(canvas: RgbImage): Brush {
  const cell = ({ x, y }: Point): pillow.Cell => [
    Math.trunc(x),
    Math.trunc(y),
  ];
  return {
    line: ([a, b], options) =>
      pillow.drawWideLine(canvas, [cell(a), cell(b)], {
        ...options,
        width: Math.trunc(options.width),
      }),
    disc: ({ x, y }, radius) =>
      pillow.fillEllipse(canvas, [
        cell({ x: x - radius, y: y - radius }),
        cell({ x: x + radius, y: y + radius }),
      ], START),
    triangle: (corners, color) =>
      pillow.fillPolygon(canvas, corners.map(cell), color),
  };
}

/** Half the angle between an arrow head's sides. */
const ARROW_ANGLE = 30 * Math.PI / 180;

/**
 * The corners of an arrow head whose center of gravity is on the last point:
 * tip, right, left. None where the last two steps lead nowhere.
 */
function arrowHead(
  visible: readonly TrackPoint[],
  length: number,
): Point[] | undefined {
  const end = visible.at(-1)!;
  const direction = lastDirection(visible);
  if (length === 0 || !direction) return undefined;
  const { x: ux, y: uy } = direction;
  const wing = (angle: number): Point => ({
    x: end.x - (ux * Math.cos(angle) - uy * Math.sin(angle)) * length,
    y: end.y - (ux * Math.sin(angle) + uy * Math.cos(angle)) * length,
  });
  const corners = [end, wing(ARROW_ANGLE), wing(-ARROW_ANGLE)] as const;
  const [a, b, c] = corners;
  const dx = end.x - (a.x + b.x + c.x) / 3, dy = end.y - (a.y + b.y + c.y) / 3;
  return corners.map(({ x, y }) => ({ x: x + dx, y: y + dy }));
}

/** The mean of the last two steps as a unit vector; float32 as NumPy takes it. */
function lastDirection(visible: readonly TrackPoint[]): Point | undefined {
  const [before, middle, end] = [
    visible.at(-3),
    visible.at(-2),
    visible.at(-1)!,
  ];
  if (!middle) return undefined;
  const mean = (axis: "x" | "y") => {
    const step = Math.fround(end[axis] - middle[axis]);
    if (!before) return step;
    return Math.fround(Math.fround(middle[axis] - before[axis]) + step) / 2;
  };
  const x = mean("x"), y = mean("y");
  const distance = Math.hypot(x, y);
  return distance < 1e-3 ? undefined : { x: x / distance, y: y / distance };
}

/** Writes each track's number next to its first visible point. */
function drawNumbers(
  canvas: RgbImage,
  tracks: TrackPositions,
  dotRadius: number,
): void {
  const { width, height } = canvas;
  const scale = Math.max(1, Math.round(Math.min(width, height) / 240));
  let number = 0;
  for (const points of tracks) {
    const value = number++;
    const start = points.find(({ visible }) => visible);
    if (!start) continue;
    const size = numberSize(value, scale);
    const right = start.x + dotRadius + scale;
    const fits = right + size.width <= width;
    const corner = {
      x: fits ? right : start.x - dotRadius - scale - size.width,
      y: Math.min(Math.max(0, start.y - size.height / 2), height - size.height),
    };
    drawNumber(canvas, corner, {
      value,
      scale,
      color: [255, 255, 255],
      rim: [20, 20, 20],
    });
  }
}
