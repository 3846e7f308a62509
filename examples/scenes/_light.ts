/**
 * Color and light as SVG text: gradients, blurs and glows.
 *
 * @module
 */

import type { Point } from "./_svg.ts";

/**
 * The colors along a gradient, like "0 #10163a, 0.45 #3b2f66/0.8, 1 #f0a080":
 * each after its position, 0 to 1, and before its opacity if it is not 1.
 */
type Stops = string;

const stopsOf = (stops: Stops) =>
  stops.split(", ").map((stop) => {
    const [offset, paint = ""] = stop.split(" ");
    const [color, opacity = "1"] = paint.split("/");
    return `<stop offset="${offset}" stop-color="${color}" stop-opacity="${opacity}"/>`;
  }).join("");

/** A vertical gradient (or from `from` to `to`), over the shape's box. */
export function linear(
  id: string,
  stops: Stops,
  { from = [0, 0], to = [0, 1] }: { from?: Point; to?: Point } = {},
): string {
  return `<linearGradient id="${id}" x1="${from[0]}" y1="${from[1]}" x2="${
    to[0]
  }" y2="${to[1]}">${stopsOf(stops)}</linearGradient>`;
}

/** A radial gradient, over the shape's box. */
export function radial(
  id: string,
  stops: Stops,
  { center = [0.5, 0.5], radius = 0.5 }: { center?: Point; radius?: number } =
    {},
): string {
  return `<radialGradient id="${id}" cx="${center[0]}" cy="${
    center[1]
  }" r="${radius}">${stopsOf(stops)}</radialGradient>`;
}

/** A blur for `filter="url(#id)"`; `size` in px. */
export function blur(id: string, size: number): string {
  return `<filter id="${id}" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="${size}"/></filter>`;
}

/** A soft round light. Needs a gradient `fill`. */
export function glow([x, y]: Point, radius: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="url(#${fill})"/>`;
}
