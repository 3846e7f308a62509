/**
 * What an image file says about itself before it is decoded: its kind, its size
 * and which side is up. The tools and the editor ask here, so that both take
 * and refuse the same files.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { type Orientation, UPRIGHT } from "./orientation.ts";
import { identifyImage, type ImageFormat } from "./image_format.ts";

/** The most pixels an image may have unless said otherwise: 64 megapixels. */
export const MAX_PIXELS = 64_000_000;

/** The longest side an image may have in px, that of a JPEG. */
export const MAX_SIDE = 65_535;

/** What is known of an image before it is decoded. */
export interface ImageHeader {
  /** Its format. */
  readonly format: ImageFormat;
  /** The format in words: "a PNG image". */
  readonly name: string;
  /** Width in px as it is stored. */
  readonly width: number;
  /** Height in px as it is stored. */
  readonly height: number;
  /** How it is turned when it is shown. */
  readonly orientation: Orientation;
}

/** How a header is read. */
export interface ImageHeaderOptions {
  /** What to call the image in an error message, usually its path. */
  readonly name?: string;
  /** How an error message begins: `Cannot read "name"` unless given. */
  readonly subject?: string;
  /** Images with more pixels are refused; 64 megapixels unless given. */
  readonly maxPixels?: number;
}

/**
 * The header of a JPEG, PNG or WebP image. Orientation counts as browsers count
 * it: the first EXIF block of a JPEG, `eXIf` before the pixels of a PNG, none
 * in a WebP.
 *
 * @throws {FormatError} When the bytes are no such image, with a HINT how to
 * convert it; when its header is broken, or the end of a PNG is missing.
 * @throws {RangeError} When it has too many pixels, or too long a side.
 */
export function readImageHeader(
  bytes: Uint8Array,
  options: ImageHeaderOptions = {},
): ImageHeader {
  const { name = "image", maxPixels = MAX_PIXELS } = options;
  const { subject: cannot = `Cannot read ${quote(name)}` } = options;
  const { format, name: found, hint } = identifyImage(bytes);
  if (format === undefined) {
    const message =
      `${cannot}: it is ${found}, expected a JPEG, PNG or WebP image`;
    throw new FormatError(
      hint === undefined ? message : withHint(message, hint),
      { offset: 0 },
    );
  }
  let header: Sides;
  try {
    header = READERS[format](bytes);
  } catch (cause) {
    throw new FormatError(
      `${cannot}: it begins as ${found} but is damaged (${
        cause instanceof Damage ? cause.message : "its header is cut off"
      })`,
      { cause },
    );
  }
  const { width, height } = header;
  const tooLarge = width * height > maxPixels
    ? `${megapixels(width * height)} megapixels, expected at most ${
      megapixels(maxPixels)
    }`
    : Math.max(width, height) > MAX_SIDE
    ? `expected sides of at most ${MAX_SIDE} px`
    : undefined;
  if (tooLarge === undefined) return { format, name: found, ...header };
  throw new RangeError(
    withHint(
      `${cannot}: it is ${width}x${height}, ${tooLarge}`,
      "Make it smaller first; a video has about 0.4 megapixels.",
    ),
  );
}

function megapixels(pixels: number): string {
  return (pixels / 1e6).toFixed(pixels < 1e6 ? 3 : 1);
}

/** What is inside the file. */
type Sides = Omit<ImageHeader, "format" | "name">;

/** Why a header cannot be read. */
class Damage extends Error {}

const READERS: Readonly<
  Record<ImageFormat, (bytes: Uint8Array) => Sides>
> = { jpeg: readJpeg, png: readPng, webp: readWebp };

function sized(width: number, height: number, orientation = UPRIGHT) {
  if (width >= 1 && height >= 1) return { width, height, orientation };
  throw new Damage(`its size is ${width}x${height}`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** Source: ITU-T T.81, annex B. */
function readJpeg(bytes: Uint8Array): Sides {
  const view = viewOf(bytes);
  let orientation: Orientation | undefined;
  for (let at = 2;;) {
    // Stray bytes before a marker, and fill bytes, are skipped as libjpeg does.
    while (bytes[at] !== 0xff) {
      if (++at >= bytes.length) throw new Damage(NO_FRAME);
    }
    while (bytes[at] === 0xff) at++;
    const marker = bytes[at++];
    if (marker === undefined || marker === 0xd9 || marker === 0xda) {
      throw new Damage(NO_FRAME);
    }
    // Markers without content.
    if (marker <= 0x01 || marker >= 0xd0 && marker <= 0xd7) continue;
    const length = view.getUint16(at);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 &&
      marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      return sized(view.getUint16(at + 5), view.getUint16(at + 3), orientation);
    }
    if (
      marker === 0xe1 && orientation === undefined &&
      textAt(bytes, at + 2, 6) === "Exif\0\0"
    ) {
      orientation = exifOrientation(bytes.subarray(at + 8, at + length));
    }
    at += Math.max(2, length);
  }
}

const NO_FRAME = "it has no frame";

/** Source: PNG (Third Edition). */
function readPng(bytes: Uint8Array): Sides {
  const view = viewOf(bytes);
  if (textAt(bytes, 12, 4) !== "IHDR") throw new Damage("it has no IHDR");
  let orientation: Orientation | undefined;
  for (let at = 8, pixels = false;;) {
    if (at + 12 > bytes.length) throw new Damage("its end is missing");
    const length = view.getUint32(at), type = textAt(bytes, at + 4, 4);
    if (type === "IEND") break;
    pixels ||= type === "IDAT";
    if (type === "eXIf" && !pixels) {
      orientation ??= exifOrientation(bytes.subarray(at + 8, at + 8 + length));
    }
    at += 12 + length;
  }
  return sized(view.getUint32(16), view.getUint32(20), orientation);
}

/** Source: RFC 9649. */
function readWebp(bytes: Uint8Array): Sides {
  const view = viewOf(bytes);
  switch (textAt(bytes, 12, 4)) {
    case "VP8X": {
      const side = (at: number) => 1 + (view.getUint32(at - 1, true) >>> 8);
      return sized(side(24), side(27));
    }
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return sized(1 + (bits & 0x3fff), 1 + (bits >>> 14 & 0x3fff));
    }
    case "VP8 ":
      return sized(
        view.getUint16(26, true) & 0x3fff,
        view.getUint16(28, true) & 0x3fff,
      );
    default:
      throw new Damage("it has no image");
  }
}

/** The eight orientations of EXIF, from 1. */
const ORIENTATIONS: readonly Orientation[] = [
  UPRIGHT,
  { a: -1, b: 0, c: 0, d: 1 },
  { a: -1, b: 0, c: 0, d: -1 },
  { a: 1, b: 0, c: 0, d: -1 },
  { a: 0, b: 1, c: 1, d: 0 },
  { a: 0, b: 1, c: -1, d: 0 },
  { a: 0, b: -1, c: -1, d: 0 },
  { a: 0, b: -1, c: 1, d: 0 },
];

/** The tag Orientation of the first directory; what is damaged says nothing. */
function exifOrientation(tiff: Uint8Array): Orientation {
  const order = textAt(tiff, 0, 2);
  const little = order === "II";
  const view = viewOf(tiff);
  if ((!little && order !== "MM") || tiff.length < 8) return UPRIGHT;
  const start = view.getUint32(4, little);
  if (start + 2 > tiff.length) return UPRIGHT;
  const count = view.getUint16(start, little);
  for (let i = 0; i < count; i++) {
    const at = start + 2 + 12 * i;
    if (at + 12 > tiff.length) break;
    const isShort = view.getUint16(at + 2, little) === 3 &&
      view.getUint32(at + 4, little) === 1;
    if (view.getUint16(at, little) !== 0x0112 || !isShort) continue;
    return ORIENTATIONS[view.getUint16(at + 8, little) - 1] ?? UPRIGHT;
  }
  return UPRIGHT;
}
