/**
 * What an image file is, from its bytes: the server never decodes an image, it
 * only asks whether the browser may. It takes what the tools take.
 *
 * @module
 */

import {
  MAX_PIXELS,
  readImageHeader as readHeader,
} from "../../core/media/image_header.ts";
import { isTurned } from "../../core/media/orientation.ts";
import { TooLargeError } from "./store_errors.ts";

export { MAX_PIXELS };

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

/**
 * Reads an image's kind by its first bytes and its size from its header.
 *
 * @throws {UnsupportedImageError} When it is not a JPEG, PNG or WebP, or its
 * header is broken.
 * @throws {TooLargeError} When it has more than {@linkcode MAX_PIXELS} pixels,
 * or too long a side.
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
  try {
    const { format, width, height, orientation } = readHeader(bytes, {
      subject: "Cannot add the image",
    });
    const type = format === "jpeg" ? "jpg" : format;
    return isTurned(orientation)
      ? { type, width: height, height: width }
      : { type, width, height };
  } catch (cause) {
    const { message } = cause as Error;
    if (cause instanceof RangeError) throw new TooLargeError(message);
    throw new UnsupportedImageError(message, { cause });
  }
}
