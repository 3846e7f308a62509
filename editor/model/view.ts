/**
 * The view on the image: how px of the image become px of the screen.
 *
 * @module
 */

import type { Point } from "./document.ts";

/** A width and a height. */
export interface Size {
  /** From left to right. */
  readonly width: number;
  /** From top to bottom. */
  readonly height: number;
}

/** screen = scale * image + (x, y), in CSS px from the stage's corner. */
export interface View {
  /** CSS px per px of the image. */
  readonly scale: number;
  /** Where the image's left edge is. */
  readonly x: number;
  /** Where its top edge is. */
  readonly y: number;
}

/** The strongest magnification, CSS px per px of the image. */
export const MAX_SCALE = 32;

/** Part of the image's position on the screen that can never be moved away. */
const KEEP = 48;

/**
 * The whole image in the middle of the stage, with a margin, never larger
 * than twice its own size.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitView, toScreen } from "./view.ts";
 * const view = fitView({ width: 100, height: 50 }, { width: 100, height: 100 }, 0);
 * assert.equal(toScreen(view, { x: 50, y: 25 }).y, 50);
 * ```
 */
export function fitView(image: Size, stage: Size, margin = 16): View {
  const scale = Math.min(
    2,
    Math.max(1, stage.width - 2 * margin) / image.width,
    Math.max(1, stage.height - 2 * margin) / image.height,
  );
  return {
    scale,
    x: (stage.width - scale * image.width) / 2,
    y: (stage.height - scale * image.height) / 2,
  };
}

/** From the image to the screen. */
export function toScreen(view: View, { x, y }: Point): Point {
  return { x: view.scale * x + view.x, y: view.scale * y + view.y };
}

/** From the screen to the image. */
export function toImage(view: View, { x, y }: Point): Point {
  return { x: (x - view.x) / view.scale, y: (y - view.y) / view.scale };
}

/**
 * Shown at another scale about a position of the screen, which keeps showing the
 * same position of the image. Not smaller than a quarter of the fitting size.
 */
export function zoomView(
  view: View,
  zoom: { readonly scale: number; readonly at: Point },
  sizes: { readonly image: Size; readonly stage: Size },
): View {
  const smallest = fitView(sizes.image, sizes.stage).scale / 4;
  const scale = Math.min(
    Math.max(MAX_SCALE, smallest),
    Math.max(smallest, zoom.scale),
  );
  const factor = scale / view.scale;
  return keepInSight({
    scale,
    x: zoom.at.x + factor * (view.x - zoom.at.x),
    y: zoom.at.y + factor * (view.y - zoom.at.y),
  }, sizes);
}

/** Moved by (dx, dy) on the screen. */
export function panView(
  view: View,
  by: { readonly dx: number; readonly dy: number },
  sizes: { readonly image: Size; readonly stage: Size },
): View {
  return keepInSight(
    { ...view, x: view.x + by.dx, y: view.y + by.dy },
    sizes,
  );
}

/** The same view, moved just so far that some of the image is in sight. */
export function keepInSight(
  view: View,
  { image, stage }: { readonly image: Size; readonly stage: Size },
): View {
  const axis = (at: number, length: number, room: number) => {
    const keep = Math.min(KEEP, length / 2, room / 2);
    return Math.min(room - keep, Math.max(keep - length, at));
  };
  return {
    scale: view.scale,
    x: axis(view.x, view.scale * image.width, stage.width),
    y: axis(view.y, view.scale * image.height, stage.height),
  };
}
