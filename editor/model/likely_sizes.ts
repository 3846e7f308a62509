/**
 * The size of the image that px were drawn on, where a file does not say it.
 *
 * @module
 */

import type { MotionSize } from "./motion.ts";

/** Sizes in which videos are made, the usual ones of Wan first. */
const USUAL: readonly MotionSize[] = [
  [832, 480],
  [480, 832],
  [1280, 720],
  [720, 1280],
  [512, 512],
  [640, 640],
  [768, 768],
  [1024, 1024],
  [1920, 1080],
  [1080, 1920],
].map(([width, height]) => ({ width: width!, height: height! }));

/** Up to this share of both sides is a corner of the image. */
const CORNER = 0.4;
/** Beyond this share of a side is outside the image. */
const BEYOND = 1.1;
/** What was drawn on an image reaches over this share of one side. */
const FILLED = 0.5;
/** So many are offered. */
const OFFERED = 3;

/**
 * The sizes that the image may have had on which something was drawn that
 * reaches this far, the likeliest first: those that hold it, of the shape of
 * the image if there are any. None where it fits the image as it is.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { likelySizes } from "./likely_sizes.ts";
 * const [size] = likelySizes(
 *   { width: 800, height: 470 },
 *   { width: 6000, height: 4000 },
 * );
 * assert.equal(size?.width, 832);
 * ```
 */
export function likelySizes(
  extent: MotionSize,
  image: MotionSize,
): MotionSize[] {
  const isCorner = extent.width <= CORNER * image.width &&
    extent.height <= CORNER * image.height;
  const isBeyond = extent.width > BEYOND * image.width ||
    extent.height > BEYOND * image.height;
  if (!isCorner && !isBeyond) return [];
  const likely = USUAL.filter(({ width, height }) =>
    extent.width <= BEYOND * width && extent.height <= BEYOND * height &&
    (extent.width >= FILLED * width || extent.height >= FILLED * height) &&
    (isBeyond || width < image.width) &&
    (width !== image.width || height !== image.height)
  );
  const shape = (size: MotionSize) => Math.sign(size.width - size.height);
  const room = (size: MotionSize) => size.width * size.height;
  return likely.sort((a, b) =>
    Number(shape(b) === shape(image)) - Number(shape(a) === shape(image)) ||
    room(a) - room(b)
  ).slice(0, OFFERED);
}
