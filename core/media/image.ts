/**
 * Image files in and out: JPEG, PNG and WebP to plain 8-bit RGB and back.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { withJpegEnd } from "./_jpeg_end.ts";
import { orientImage } from "./orientation.ts";
import { loadSharp } from "./_sharp.ts";
import { IMAGE_FORMATS, type ImageFormat } from "./image_format.ts";
import { readImageHeader } from "./image_header.ts";
import { withPngEnd } from "./png_end.ts";

/** How an image is decoded. */
export interface DecodeImageOptions {
  /** What to call the image in an error message, usually its path. */
  readonly name?: string;
  /**
   * `"reference"` ignores the EXIF orientation and an embedded color profile,
   * as Pillow's `Image.open(...).convert("RGB")` does; of a gray image of 16
   * bits, which it cuts off at 255, little but white is left. By default both
   * are applied: that is the image a person saw when drawing on it. A PNG
   * whose end is missing, but none of its pixels, is read as Pillow does.
   */
  readonly compat?: "reference";
  /** Called with what a person should know about the file. */
  readonly onNote?: (message: string) => void;
  /** Images with more pixels are refused before they are decoded. */
  readonly maxPixels?: number;
}

/**
 * Decodes a JPEG, PNG or WebP image; which of them it is, its first bytes
 * decide. Grayscale, 16-bit, palette and CMYK images become 8-bit RGB;
 * transparency is dropped, not blended, as Pillow's `convert("RGB")` does it.
 * Of an animation the first frame is taken. CMYK without a profile becomes RGB
 * by the arithmetic that browsers and Pillow use.
 *
 * What browsers and Pillow take is read, such as stray bytes before a marker of
 * a JPEG; so is a baseline JPEG that lacks its end marker but no pixels. What
 * ends too early or cannot be decoded is damaged.
 *
 * @throws {FormatError} When the bytes are no such image or are damaged.
 * @throws {RangeError} When it has more than `maxPixels` pixels, or a side of
 * more than 65,535.
 * @throws {Error} With a HINT when sharp cannot be loaded.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<RgbImage> {
  const { name = "image", compat } = options;
  const given = compat === "reference" ? withPngEnd(bytes) : bytes;
  const { format, name: found, orientation } = readImageHeader(given, options);
  const whole = format === "jpeg" ? withJpegEnd(given) : given;
  if (!whole) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      }: it begins as ${found} but is damaged (its end is missing)`,
      { offset: bytes.length },
    );
  }
  if (whole !== bytes) {
    const end = format === "jpeg" ? "end marker" : "end chunk";
    options.onNote?.(`${quote(name)} has no ${end}`);
  }
  const sharp = await loadSharp();
  const input = {
    limitInputPixels: false,
    ignoreIcc: compat === "reference",
    failOn: "error",
  } as const;
  try {
    if (whole !== given) {
      const other = withJpegEnd(given, { isContinued: true })!;
      const [pixels, others] = await Promise.all(
        [whole, other].map((bytes) => sharp(bytes, input).raw().toBuffer()),
      );
      if (!pixels!.equals(others!)) throw new Error("its end is missing");
    }
    const { space, hasProfile, depth, channels } = await sharp(whole, input)
      .metadata();
    const image = sharp(whole, input);
    const isPlainCmyk = space === "cmyk" &&
      (compat === "reference" || !hasProfile);
    const isCutGray = compat === "reference" && depth === "ushort" &&
      channels === 1;
    if (isPlainCmyk) image.pipelineColourspace("cmyk").toColourspace("cmyk");
    else if (isCutGray) image.toColourspace("grey16");
    else image.toColourspace("srgb").removeAlpha();
    // By itself sharp brings 16 bits with a profile to Display P3 only.
    if (depth === "ushort" && hasProfile && compat !== "reference") {
      image.withIccProfile("srgb");
    }
    const { data, info } = await image
      .raw({ depth: isCutGray ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const rgb = isPlainCmyk
      ? fromCmyk(data)
      : isCutGray
      ? fromCutGray(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const stored = { width, height, data: rgb };
    return compat === "reference" ? stored : orientImage(stored, orientation);
  } catch (cause) {
    throw new FormatError(
      `Cannot read ${quote(name)}: it begins as ${found} but is damaged (${
        firstLine(cause)
      })`,
      { cause },
    );
  }
}

/** Ink (C, M, Y, K; 255 is full) on white paper, as Pillow rounds it. */
function fromCmyk(cmyk: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(cmyk.length / 4 * 3);
  for (let from = 0, to = 0; from < cmyk.length; from += 4) {
    const white = 255 - cmyk[from + 3]!;
    for (let ink = 0; ink < 3; ink++) {
      const product = cmyk[from + ink]! * white + 128;
      rgb[to++] = white - ((product >> 8) + product >> 8);
    }
  }
  return rgb;
}

/** 16-bit gray in the machine's byte order, cut off at 255. */
function fromCutGray(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const gray = new Uint16Array(bytes.slice().buffer);
  const rgb = new Uint8Array(3 * gray.length);
  gray.forEach((value, i) => rgb.fill(Math.min(value, 255), 3 * i, 3 * i + 3));
  return rgb;
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
  const source = sharp(data, {
    raw: { width, height, channels: 3 },
    limitInputPixels: false,
  });
  // Thin colored lines smear when chroma is halved.
  const encoded = format === "jpeg"
    ? source.jpeg({ quality, chromaSubsampling: "4:4:4" })
    : format === "webp"
    ? source.webp({ quality, smartSubsample: true })
    : source.png();
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

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split("\n")[0]!;
}
