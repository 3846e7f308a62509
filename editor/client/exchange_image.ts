/**
 * The page's side of what the worker does with the image: it is sent once, in
 * a bounded size.
 *
 * @module
 */

import type { RgbImage } from "../../core/base/image.ts";
import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import type { Point } from "../model/document.ts";
import { toRgb } from "../model/rgba.ts";
import { ask } from "./exchange.ts";
import type {
  CutAnswer,
  CutRequest,
  LastFrameRequest,
} from "./exchange_worker.ts";
import type { ShownImage } from "./images.ts";

/** The longest side that the worker looks at, px. */
const LONGEST = 832;

let sent: ShownImage | undefined;

/** The image in the size in which the worker works. */
export function smallImage(bitmap: ImageBitmap): RgbImage {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(scale * bitmap.width));
  const height = Math.max(1, Math.round(scale * bitmap.height));
  const ctx = new OffscreenCanvas(width, height).getContext("2d")!;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(bitmap, 0, 0, width, height);
  return toRgb(ctx.getImageData(0, 0, width, height));
}

let queue: Promise<unknown> = Promise.resolve();

/** Has the worker do something with an image, one thing after the other. */
function withImage<T>(image: ShownImage, work: () => Promise<T>): Promise<T> {
  const done = queue.then(() => send(image)).then(work);
  queue = done.catch(() => {});
  return done;
}

async function send(image: ShownImage): Promise<void> {
  if (sent === image) return;
  sent = image;
  try {
    await ask("takeImage", smallImage(image.bitmap));
  } catch (error) {
    sent = undefined;
    throw error;
  }
}

/** Has an image cut into layers, see `core/preview/cut_layers.ts`. */
export async function cutInWorker(
  image: ShownImage,
  groups: CutRequest["groups"],
): Promise<CutAnswer> {
  const { width, height } = image;
  const drawnOn = { width, height };
  return await withImage(image, () => ask("cutLayers", { groups, drawnOn }));
}

/** Has a rough outline moved to the edges of the image near it. */
export async function snapInWorker(
  image: ShownImage,
  outline: MotionObject["outline"],
): Promise<Point[][]> {
  const { width, height } = image;
  const drawnOn = { width, height };
  return await withImage(image, () => ask("snapOutline", { outline, drawnOn }));
}

/** Has the region found that tracks move; undefined when there is none. */
export async function guessInWorker(
  image: ShownImage,
  groups: CutRequest["groups"],
): Promise<Point[][] | undefined> {
  const { width, height } = image;
  const drawnOn = { width, height };
  return await withImage(
    image,
    () => ask("guessOutline", { groups, drawnOn }),
  );
}

/** The last frame of a segment that begins with an image, or with `begin`. */
export async function lastFrameInWorker(
  image: ShownImage,
  request: LastFrameRequest,
): Promise<RgbImage> {
  return await withImage(image, () => ask("lastFrame", request));
}
