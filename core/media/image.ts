/**
 * Image files in and out: JPEG, PNG and WebP to plain 8-bit RGB and back.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { loadSharp } from "./_sharp.ts";
import {
  identifyImage,
  IMAGE_FORMATS,
  type ImageFormat,
} from "./image_format.ts";

/** The most pixels an image may have unless said otherwise: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/** How an image is decoded. */
export interface DecodeImageOptions {
  /** What to call the image in an error message, usually its path. */
  readonly name?: string;
  /**
   * `"reference"` ignores the EXIF orientation and an embedded color profile,
   * as Pillow's `Image.open(...).convert("RGB")` does. By default both are
   * applied: that is the image a person saw when drawing on it.
   */
  readonly compat?: "reference";
  /** Images with more pixels are refused before they are decoded. */
  readonly maxPixels?: number;
}

/**
 * Decodes a JPEG, PNG or WebP image; which of them it is, its first bytes
 * decide. Grayscale, 16-bit, palette and CMYK images become 8-bit RGB;
 * transparency is dropped, not blended, as Pillow's `convert("RGB")` does it.
 * Of an animation the first frame is taken.
 *
 * @throws {FormatError} When the bytes are no such image or are damaged.
 * @throws {RangeError} When it has more than `maxPixels` pixels.
 * @throws {Error} With a HINT when sharp cannot be loaded.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<RgbImage> {
  const { name = "image", maxPixels = MAX_PIXELS, compat } = options;
  const { format, name: found } = identifyImage(bytes);
  if (format === undefined) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      }: it is ${found}, expected a JPEG, PNG or WebP image`,
      { offset: 0 },
    );
  }
  const sharp = await loadSharp();
  const input = { limitInputPixels: false, ignoreIcc: compat === "reference" };
  try {
    const { width, height } = await sharp(bytes, input).metadata();
    if (width * height > maxPixels) {
      throw new RangeError(
        withHint(
          `Cannot read ${quote(name)}: it is ${width}x${height}, ${
            megapixels(width * height)
          } megapixels, expected at most ${megapixels(maxPixels)}`,
          "Make it smaller first; a video has about 0.4 megapixels.",
        ),
      );
    }
    const picture = sharp(bytes, input);
    if (compat !== "reference") picture.autoOrient();
    const { data, info } = await picture
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return {
      width: info.width,
      height: info.height,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    };
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw new FormatError(
      `Cannot read ${quote(name)}: it begins as ${found} but is damaged (${
        firstLine(cause)
      })`,
      { cause },
    );
  }
}

/** How an image is encoded. */
export interface EncodeImageOptions {
  /**
   * From 1 to 100, for JPEG and WebP. From about 90 up no difference is seen;
   * 75 halves the file.
   */
  readonly quality?: number;
}

/**
 * Encodes an image. JPEG and WebP lose a little (see `quality`), PNG nothing.
 *
 * @throws {RangeError} When the data does not fill the image, or the quality
 * is out of range.
 */
export async function encodeImage(
  image: RgbImage,
  format: ImageFormat,
  options: EncodeImageOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { quality = 92 } = options;
  checkImage(image);
  checkQuality(quality);
  if (!IMAGE_FORMATS.includes(format)) {
    throw new TypeError(
      `Cannot write an image as ${quote(format)}, expected one of ${
        IMAGE_FORMATS.join(", ")
      }`,
    );
  }
  const sharp = await loadSharp();
  const { width, height, data } = image;
  const picture = sharp(data, {
    raw: { width, height, channels: 3 },
    limitInputPixels: false,
  });
  // Thin colored lines smear when chroma is halved.
  const encoded = format === "jpeg"
    ? picture.jpeg({ quality, chromaSubsampling: "4:4:4" })
    : format === "webp"
    ? picture.webp({ quality, smartSubsample: true })
    : picture.png();
  return new Uint8Array(await encoded.toBuffer());
}

/** Throws a `RangeError` unless an image has pixels and data for each. */
export function checkImage({ width, height, data }: RgbImage): void {
  if (
    !Number.isInteger(width) || !Number.isInteger(height) || width < 1 ||
    height < 1 || data.length !== 3 * width * height
  ) {
    throw new RangeError(
      `Cannot take an image of ${width}x${height} with ${data.length} bytes, expected three for each pixel`,
    );
  }
}

/** Throws a `RangeError` unless `quality` is a number from 1 to 100. */
export function checkQuality(quality: number): void {
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100)) {
    throw new RangeError(
      `Cannot encode with quality ${quality}, expected a whole number from 1 to 100`,
    );
  }
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(pixels < 1e6 ? 3 : 1);
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n")[0]!;
}
