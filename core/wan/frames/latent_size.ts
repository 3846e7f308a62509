/**
 * The size of the video that an image becomes.
 *
 * Source: the reference's `wan/image2video.py`, lines 182-199.
 *
 * @module
 */

import { quote, withHint } from "../../base/errors.ts";

/** Px of the video to one cell of the latent. */
export const LATENT_STRIDE = 8;

/** Latent sides are multiples of this: the transformer's patches. */
const PATCH = 2;

/** 832 x 480, the area the 480p model was trained on. */
export const DEFAULT_MAX_AREA = 832 * 480;

/** The size of a video and of its latent. */
export interface LatentSize {
  /** Cells of the latent from left to right; even. */
  readonly latentWidth: number;
  /** Cells of the latent from top to bottom; even. */
  readonly latentHeight: number;
  /** Width of the video in px: 8 times the latent's. */
  readonly width: number;
  /** Height of the video in px: 8 times the latent's. */
  readonly height: number;
}

/** Options of {@linkcode latentSize}. */
export interface LatentSizeOptions {
  /**
   * The area that the video may have, in px; default 832 * 480. 1280 * 720
   * shows more, and takes more than five times as long.
   */
  readonly maxArea?: number;
  /**
   * `"exact"`, the default, calculates in whole numbers. `"reference"` does as
   * the reference: a side of 479.99999999999994 loses a whole patch there, so
   * that an 832x480 image becomes an 832x464 video.
   */
  readonly compat?: "exact" | "reference";
}

/**
 * The largest size within an area that has the image's aspect ratio, each side
 * rounded down to a multiple of 16 px.
 *
 * @param image The image's size in px.
 * @throws {RangeError} When a number is not a positive whole one, or the image
 * is so thin that a side would be nothing.
 */
export function latentSize(
  image: { readonly width: number; readonly height: number },
  options: LatentSizeOptions = {},
): LatentSize {
  const { maxArea = DEFAULT_MAX_AREA, compat = "exact" } = options;
  const { width, height } = image;
  for (const [name, value] of Object.entries({ width, height, maxArea })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(
        `Cannot find the video's size for ${name} ${
          quote(value)
        }, expected a positive whole number`,
      );
    }
  }
  if (compat !== "exact" && compat !== "reference") {
    throw new TypeError(
      `Cannot find the video's size with compat ${
        quote(compat)
      }, expected "exact" or "reference"`,
    );
  }
  const [latentHeight, latentWidth] = compat === "reference"
    ? referenceSides(width, height, maxArea)
    : [side(height, width, maxArea), side(width, height, maxArea)];
  if (latentHeight === 0 || latentWidth === 0) {
    throw new RangeError(
      withHint(
        `Cannot make a video of at most ${maxArea} px from an image of ${width}x${height}: its short side would be under ${
          LATENT_STRIDE * PATCH
        } px`,
        "Crop the image, or allow a larger area.",
      ),
    );
  }
  return {
    latentWidth,
    latentHeight,
    width: latentWidth * LATENT_STRIDE,
    height: latentHeight * LATENT_STRIDE,
  };
}

/**
 * The greatest even n with (8 n)^2 <= area * along / across, without rounding:
 * the square root only guesses, whole numbers decide.
 */
function side(along: number, across: number, area: number): number {
  const unit = LATENT_STRIDE * PATCH;
  const fits = (count: number) =>
    BigInt(unit * count) ** 2n * BigInt(across) <= BigInt(area) * BigInt(along);
  let count = Math.floor(Math.sqrt(area * along / across) / unit);
  while (!fits(count)) count--;
  while (fits(count + 1)) count++;
  return PATCH * count;
}

/** The reference's expressions in float64, in its order. */
function referenceSides(
  width: number,
  height: number,
  area: number,
): [number, number] {
  const aspect = height / width;
  const down = (value: number) =>
    Math.floor(Math.floor(value / LATENT_STRIDE) / PATCH) * PATCH;
  return [down(Math.sqrt(area * aspect)), down(Math.sqrt(area / aspect))];
}
