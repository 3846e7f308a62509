/**
 * What Time-to-Move is told: a rough video of the motion (the signal) and a
 * mask of what moves in it, brought to the model's size.
 *
 * Source: time-to-move/TTM, `pipelines/wan_pipeline.py` and `pipelines/utils.py`.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";
import { type PixelSize, resizeBicubic } from "../../wan/frames/bicubic.ts";

/** A rough video of the motion, and what moves in it. */
export interface MotionSignal {
  /** The frames at 16 per second, as many as the video has. */
  readonly frames: readonly RgbImage[];
  /** For each frame, white where something moves; more are left out. */
  readonly masks: readonly RgbImage[];
}

/**
 * Nothing, if the signal fits a video.
 *
 * @throws {RangeError} When frames or masks are missing.
 */
export function checkSignal(
  { frames, masks }: MotionSignal,
  frameCount: number,
): void {
  if (frames.length !== frameCount || masks.length < frameCount) {
    throw new RangeError(
      `Cannot follow a motion signal of ${frames.length} frames and ${masks.length} masks: expected ${frameCount} of each`,
    );
  }
}

/** Px of the video to a cell of the latent. */
const CELL = 8;
/** A mask pixel is on above this value of any channel. */
const THRESHOLD = 127;

/**
 * A frame of the signal as the VAE takes it, `[3, height, width]`: resized with
 * its corners in place and not clamped, -1 black, 1 white.
 */
export function signalPlanes(frame: RgbImage, size: PixelSize): Tensor {
  const { width, height } = frame;
  const plane = width * height;
  const data = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let c = 0; c < 3; c++) {
      data[c * plane + i] = frame.data[3 * i + c]! / 255;
    }
  }
  const planes = { dims: [3, height, width], data };
  const resized = width === size.width && height === size.height
    ? planes
    : resizeBicubic(planes, size, { alignCorners: true });
  for (let i = 0; i < resized.data.length; i++) {
    resized.data[i] = Math.fround(resized.data[i]! * 2) - 1;
  }
  return resized;
}

/**
 * A frame of the mask at the video's size, 1 where something moves:
 * `height * width` values. The nearest pixel counts, and any channel.
 */
export function maskPixels(frame: RgbImage, size: PixelSize): Uint8Array {
  const across = nearest(frame.width, size.width);
  const down = nearest(frame.height, size.height);
  const mask = new Uint8Array(size.width * size.height);
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const at = 3 * (down[y]! * frame.width + across[x]!);
      const { data } = frame;
      mask[y * size.width + x] =
        Math.max(data[at]!, data[at + 1]!, data[at + 2]!) > THRESHOLD ? 1 : 0;
    }
  }
  return mask;
}

/** The source index of each place, torch's `nearest`. */
function nearest(from: number, to: number): Int32Array {
  const scale = Math.fround(from / to);
  return Int32Array.from(
    { length: to },
    (_, i) => Math.min(from - 1, Math.floor(Math.fround(i * scale))),
  );
}

/**
 * The mask in latent cells, `[frames, height / 8, width / 8]`: the top left
 * pixel of each cell, in video frames 0, 1, 5, 9, ...
 *
 * @param read the mask of a video frame at the video's size, row by row
 */
export function latentMask(
  read: (frame: number) => Uint8Array,
  options: PixelSize & { readonly latentFrames: number },
): Tensor {
  const { width, height, latentFrames } = options;
  const columns = width / CELL, rows = height / CELL;
  const data = new Float32Array(latentFrames * rows * columns);
  let at = 0;
  for (let k = 0; k < latentFrames; k++) {
    const mask = read(k === 0 ? 0 : 4 * (k - 1) + 1);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        data[at++] = mask[CELL * (row * width + column)]!;
      }
    }
  }
  return { dims: [latentFrames, rows, columns], data };
}
