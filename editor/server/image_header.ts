/**
 * What an image file is, from its first bytes: the server never decodes an
 * image, it only asks whether the browser may. The only file that imports
 * image-size.
 *
 * @module
 */

import { imageSize } from "npm:image-size@2.1.0";
import { TooLargeError } from "./store_errors.ts";

/** The most pixels an image may have: 40 MP. */
export const MAX_PIXELS = 40_000_000;

/** The most bytes an image file may have. */
export const MAX_IMAGE_BYTES = 64 * 1024 * 1024;

/** The kinds of image that are taken, by their usual file name ending. */
export type ImageType = "jpg" | "png" | "webp";

/** An image's kind and its size as it is seen. */
export interface ImageHeader {
  /** The file name ending that belongs to the content. */
  readonly type: ImageType;
  /** Width in px with EXIF orientation applied. */
  readonly width: number;
  /** Height in px with EXIF orientation applied. */
  readonly height: number;
}

/** The bytes are not a JPEG, PNG or WebP. */
export class UnsupportedImageError extends Error {
  /** The class name, as printed in an error. */
  override readonly name = "UnsupportedImageError";
}

function magicType(bytes: Uint8Array): ImageType | undefined {
  const starts = (offset: number, magic: string) =>
    [...magic].every((char, i) => bytes[offset + i] === char.charCodeAt(0));
  if (starts(0, "\xff\xd8\xff")) return "jpg";
  if (starts(0, "\x89PNG\r\n\x1a\n")) return "png";
  if (starts(0, "RIFF") && starts(8, "WEBP")) return "webp";
  return undefined;
}

/**
 * Reads an image's kind by its magic bytes and its size from its header.
 *
 * @throws {UnsupportedImageError} When it is not a JPEG, PNG or WebP, or its
 * header is broken.
 * @throws {TooLargeError} When it has more than {@linkcode MAX_PIXELS} pixels.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readImageHeader } from "./image_header.ts";
 * assert.throws(
 *   () => readImageHeader(new TextEncoder().encode("<svg/>")),
 *   { name: "UnsupportedImageError" },
 * );
 * ```
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const type = magicType(bytes);
  if (!type) {
    throw new UnsupportedImageError(
      "Cannot add the image: unknown file type, expected JPEG, PNG or WebP",
    );
  }
  let size: ReturnType<typeof imageSize>;
  try {
    size = imageSize(bytes);
  } catch (cause) {
    throw new UnsupportedImageError(
      `Cannot add the image: its ${type} header is broken`,
      { cause },
    );
  }
  const turned = (size.orientation ?? 1) >= 5;
  const width = turned ? size.height : size.width;
  const height = turned ? size.width : size.height;
  if (!(width >= 1 && height >= 1)) {
    throw new UnsupportedImageError(
      `Cannot add the image: its size is ${width} x ${height}`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new TooLargeError(
      `Cannot add the image: it has ${width} x ${height} pixels, expected at most ${
        MAX_PIXELS / 1e6
      } million`,
    );
  }
  return { type, width, height };
}
