/**
 * Whether pictures and films can be made: each native package writes a small
 * file and reads it again.
 *
 * @module
 */

import { join } from "node:path";
import { decodeImage, encodeImage } from "../../core/media/image.ts";
import { createVideo } from "../../core/media/video_writer.ts";
import { openVideo } from "../../core/media/video_reader.ts";
import type { RgbImage } from "../../core/base/image.ts";
import { failure, FETCH_PACKAGES, type Finding, isDenied } from "./finding.ts";

/** Frames of the film that is tried. */
const FRAMES = 3;

/**
 * A test picture: a red ramp to the right, a green one downwards.
 *
 * @param options.width px
 * @param options.height px
 */
export function testPicture(
  { width, height }: { width: number; height: number },
): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      data[at] = Math.round(255 * x / width);
      data[at + 1] = Math.round(255 * y / height);
      data[at + 2] = 128;
    }
  }
  return { width, height, data };
}

/**
 * Writes a picture as PNG and reads it again (sharp).
 *
 * @param options.permissions what to run the tool with, for a refused one
 */
export async function checkPictures(
  options: { permissions: string },
): Promise<Finding> {
  const picture = testPicture({ width: 32, height: 16 });
  try {
    const again = await decodeImage(await encodeImage(picture, "png", {}));
    if (again.data.some((value, i) => value !== picture.data[i])) {
      throw new Error(
        "Cannot read a picture: sharp gave other pixels than were written",
      );
    }
    return {
      check: "images",
      state: "good",
      message: "sharp writes and reads them",
    };
  } catch (error) {
    return brokenPackage("images", error, options);
  }
}

/**
 * Writes a film as MP4 into a folder and reads it again (libav).
 *
 * @param options.permissions what to run the tool with, for a refused one
 */
export async function checkFilms(
  folder: string,
  options: { permissions: string },
): Promise<Finding> {
  const frame = testPicture({ width: 64, height: 48 });
  try {
    const path = join(folder, "test.mp4");
    {
      await using video = await createVideo(path, {
        width: frame.width,
        height: frame.height,
        overwrite: true,
      });
      for (let i = 0; i < FRAMES; i++) await video.write(frame);
      await video.finish();
    }
    let count = 0;
    for await (const { data } of (await openVideo(path)).frames()) {
      count++;
      const off = data.map((value, i) => Math.abs(value - frame.data[i]!));
      const mean = off.reduce((sum, x) => sum + x, 0) / off.length;
      // H.264 at its best quality is off by one or two levels.
      if (mean <= 8) continue;
      throw new Error(
        `Cannot read a film: libav gave pixels that are off by ${
          mean.toFixed(0)
        } levels`,
      );
    }
    if (count !== FRAMES) {
      throw new Error(
        `Cannot read a film: libav gave ${count} frames of ${FRAMES}`,
      );
    }
    return {
      check: "video",
      state: "good",
      message: "libav writes and reads them",
    };
  } catch (error) {
    return brokenPackage("video", error, options);
  }
}

/** A package that does not load or does not work. */
function brokenPackage(
  check: string,
  error: unknown,
  { permissions }: { permissions: string },
): Finding {
  return {
    check,
    state: "bad",
    message: failure(error).message,
    todo: isDenied(error) ? permissions : FETCH_PACKAGES,
  };
}
