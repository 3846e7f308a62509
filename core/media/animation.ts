/**
 * Small videos as animated images, WebP or GIF, for pages and chats that play
 * no video.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { loadSharp } from "./_sharp.ts";
import { checkImage, checkQuality } from "./image.ts";

/** A format of animated images. */
export type AnimationFormat = "webp" | "gif";

/** The formats of animated images. */
export const ANIMATION_FORMATS: readonly AnimationFormat[] = ["webp", "gif"];

/** The most pixels of all frames together; all of them are in memory at once. */
export const MAX_ANIMATION_PIXELS = 256_000_000;

/** How an animation is encoded. */
export interface EncodeAnimationOptions {
  /** The format: WebP is smaller and has all colors, GIF plays everywhere. */
  readonly format: AnimationFormat;
  /**
   * Frames per second, 1 to 50; 16 unless given. Both formats store whole
   * delays (milliseconds, GIF hundredths of a second), which are chosen so that
   * the whole runs at this speed.
   */
  readonly fps?: number;
  /** For WebP, from 1 to 100; 75 unless given. */
  readonly quality?: number;
  /** How often it plays; 0, for ever, unless given. */
  readonly loop?: number;
}

/**
 * Encodes frames as an animated image.
 *
 * @throws {RangeError} When there are no frames, they differ in size, are more
 * than {@linkcode MAX_ANIMATION_PIXELS} pixels together, or an option is out
 * of range.
 * @throws {Error} With a HINT when sharp cannot be loaded.
 */
export async function encodeAnimation(
  frames: Iterable<RgbImage> | AsyncIterable<RgbImage>,
  options: EncodeAnimationOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { format, fps = 16, quality = 75, loop = 0 } = options;
  if (!ANIMATION_FORMATS.includes(format)) {
    throw new TypeError(
      `Cannot write an animation as ${
        JSON.stringify(format)
      }, expected one of ${ANIMATION_FORMATS.join(", ")}`,
    );
  }
  if (!(fps >= 1 && fps <= 50)) {
    throw new RangeError(
      `Cannot write an animation of ${fps} frames per second, expected 1 to 50`,
    );
  }
  if (!(Number.isInteger(loop) && loop >= 0 && loop <= 65535)) {
    throw new RangeError(
      `Cannot write an animation that plays ${loop} times, expected a whole number from 0 (for ever) to 65535`,
    );
  }
  checkQuality(quality);
  const { width, height, count, data } = await stack(frames);
  const sharp = await loadSharp();
  const encoder = sharp(data, {
    raw: { width, height: height * count, channels: 3, pageHeight: height },
    limitInputPixels: false,
  });
  const delay = delays(count, fps, format === "gif" ? 10 : 1);
  const encoded = format === "webp"
    ? encoder.webp({ quality, delay, loop })
    : encoder.gif({ delay, loop });
  return new Uint8Array(await encoded.toBuffer());
}

/** All frames in one block, one below the other. */
async function stack(
  frames: Iterable<RgbImage> | AsyncIterable<RgbImage>,
): Promise<{ width: number; height: number; count: number; data: Uint8Array }> {
  const kept: Uint8Array[] = [];
  let size: RgbImage | undefined;
  for await (const frame of frames) {
    checkImage(frame);
    size ??= frame;
    const { width, height } = frame;
    if (width !== size.width || height !== size.height) {
      throw new RangeError(
        `Cannot add frame ${kept.length} to the animation: it is ${width}x${height}, expected ${size.width}x${size.height}`,
      );
    }
    if ((kept.length + 1) * width * height > MAX_ANIMATION_PIXELS) {
      throw new RangeError(
        `Cannot write an animation of more than ${
          MAX_ANIMATION_PIXELS / 1e6
        } megapixels in all, expected fewer or smaller frames`,
      );
    }
    kept.push(frame.data.slice());
  }
  if (!size) {
    throw new RangeError(
      "Cannot write an animation of no frames, expected one or more",
    );
  }
  const { width, height } = size;
  const data = new Uint8Array(kept.length * 3 * width * height);
  kept.forEach((frame, index) => data.set(frame, index * frame.length));
  return { width, height, count: kept.length, data };
}

/** How long each frame stays, in ms, as whole steps that keep time on the whole. */
function delays(count: number, fps: number, step: number): number[] {
  const at = (frame: number) => Math.round(frame * 1000 / fps / step) * step;
  return Array.from({ length: count }, (_, frame) => at(frame + 1) - at(frame));
}
