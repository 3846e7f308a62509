/**
 * What Time-to-Move takes: the motion preview as its motion signal, and a mask
 * of where the warp moves the image.
 *
 * Source: Time-to-Move, arXiv 2511.08633; its `run_wan.py` for the sizes.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { inSteps } from "../base/steps.ts";
import type { RgbImage } from "../base/image.ts";
import type { TrackSet } from "../tracks/track_set.ts";
import { type LayeredFrame, layersInSteps } from "./layered_motion.ts";
import type { MotionMesh } from "./motion_plan.ts";
import { layered, type MotionPreviewOptions } from "./motion_preview.ts";
import { trackFrameAt, VIDEO_FRAMES } from "../tracks/resample.ts";

/** One frame of the signal and of its mask. */
export interface MotionSignalFrame {
  /** The warped image. */
  readonly signal: RgbImage;
  /** White where it moves, black elsewhere. */
  readonly mask: RgbImage;
}

/** How much an image must be displaced to count as moving, as a share of the short side. */
const MOVES = 0.004;

/** Multiples of which the reference's sizes are. */
const STEP = 16;

/**
 * The size at which Time-to-Move generates from an image: about `maxArea` px
 * with the image's aspect ratio, both sides multiples of 16.
 *
 * @throws {RangeError} When a size is not positive.
 */
export function motionSignalSize(
  image: { readonly width: number; readonly height: number },
  maxArea = 480 * 832,
): { width: number; height: number } {
  const aspect = image.height / image.width;
  if (!(aspect > 0 && aspect < Infinity && maxArea > 0)) {
    throw new RangeError(
      `Cannot fit ${image.width}x${image.height} into ${
        quote(maxArea)
      } px, expected positive sizes`,
    );
  }
  const side = (length: number) =>
    Math.max(STEP, Math.floor(roundHalfToEven(length) / STEP) * STEP);
  return {
    width: side(Math.sqrt(maxArea / aspect)),
    height: side(Math.sqrt(maxArea * aspect)),
  };
}

/**
 * The 81 frames of a motion signal with their masks, for 16 per second, made
 * one by one. The signal is the motion preview; the mask is white where the
 * image is displaced by more than 0.4 % of the short side and where a thing
 * that was cut out is, and black where a frame shows what was outside of the
 * image or hidden by a thing: that is to be generated.
 *
 * Between the steps of a frame signals and timers are heard.
 *
 * @throws {RangeError} With the first frame, when a size is not a positive
 * whole number.
 * @throws {unknown} The signal's reason, once it is aborted.
 */
export async function* motionSignal(
  image: RgbImage,
  tracks: TrackSet,
  options: MotionPreviewOptions & {
    /** Ends the work at the next pause. */
    readonly signal?: AbortSignal | undefined;
  } = {},
): AsyncGenerator<MotionSignalFrame> {
  const { signal, ...rest } = options;
  const steps = layered(image, rest);
  const at = await inSteps(layersInSteps(image, tracks, steps), signal);
  for (let i = 0; i < VIDEO_FRAMES; i++) {
    yield signalFrame(await inSteps(at(trackFrameAt(i)), signal), steps.size);
  }
}

function signalFrame(
  { image: signal, mesh, cover }: LayeredFrame,
  size: { readonly width: number; readonly height: number },
): MotionSignalFrame {
  const mask = movingMask(mesh, size);
  for (let k = 0; k < cover.length; k++) {
    if (cover[k]! >= 128) mask.data.fill(255, 3 * k, 3 * k + 3);
  }
  return { signal, mask };
}

/** White where a mesh shows something from elsewhere in the image. */
export function movingMask(
  { columns, rows, source }: MotionMesh,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const { width, height } = size;
  const least = MOVES * Math.min(width, height);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    const v = (y + 0.5) / height * rows;
    const row = Math.min(rows - 1, Math.floor(v));
    const down = v - row;
    for (let x = 0; x < width; x++, at += 3) {
      const u = (x + 0.5) / width * columns;
      const column = Math.min(columns - 1, Math.floor(u));
      const right = u - column;
      const a = 2 * (row * (columns + 1) + column), b = a + 2 * (columns + 1);
      const mix = (axis: number) =>
        (source[a + axis]! * (1 - right) + source[a + 2 + axis]! * right) *
          (1 - down) +
        (source[b + axis]! * (1 - right) + source[b + 2 + axis]! * right) *
          down;
      const sourceX = mix(0), sourceY = mix(1);
      if (sourceX < 0 || sourceX > 1 || sourceY < 0 || sourceY > 1) continue;
      const moved = Math.hypot(
        sourceX * width - (x + 0.5),
        sourceY * height - (y + 0.5),
      );
      if (moved > least) data.fill(255, at, at + 3);
    }
  }
  return { width, height, data };
}

/** Python's `round`: halves go to the even neighbor. */
function roundHalfToEven(value: number): number {
  const down = Math.floor(value), rest = value - down;
  if (rest !== 0.5) return Math.round(value);
  return down % 2 === 0 ? down : down + 1;
}
