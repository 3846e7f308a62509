/**
 * What a picture file is, from its first bytes: the server never decodes a
 * picture, it only asks whether the browser may. The only file that imports
 * image-size.
 *
 * @module
 */

import { imageSize } from "npm:image-size@2.1.0";

/** The most pixels a picture may have: 40 MP. */
export const MAX_PIXELS = 40_000_000;

/** The most bytes a picture file may have. */
export const MAX_PICTURE_BYTES = 64 * 1024 * 1024;

/** The kinds of picture that are taken, by their usual file name ending. */
export type PictureType = "jpg" | "png" | "webp";

/** A picture's kind and its size as it is seen. */
export interface PictureHeader {
  /** The file name ending that belongs to the content. */
  readonly type: PictureType;
  /** Width in px with EXIF orientation applied. */
  readonly width: number;
  /** Height in px with EXIF orientation applied. */
  readonly height: number;
}

/** The bytes are no JPEG, PNG or WebP. */
export class UnsupportedPictureError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name = "UnsupportedPictureError";
}

function magicType(bytes: Uint8Array): PictureType | undefined {
  const starts = (offset: number, magic: string) =>
    [...magic].every((char, i) => bytes[offset + i] === char.charCodeAt(0));
  if (starts(0, "\xff\xd8\xff")) return "jpg";
  if (starts(0, "\x89PNG\r\n\x1a\n")) return "png";
  if (starts(0, "RIFF") && starts(8, "WEBP")) return "webp";
  return undefined;
}

/**
 * Reads a picture's kind by its magic bytes and its size from its header.
 *
 * @throws {UnsupportedPictureError} When it is no JPEG, PNG or WebP, or its
 * header is broken.
 * @throws {RangeError} When it has more than {@linkcode MAX_PIXELS} pixels.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { readPictureHeader } from "./picture_header.ts";
 * assert.throws(
 *   () => readPictureHeader(new TextEncoder().encode("<svg/>")),
 *   { name: "UnsupportedPictureError" },
 * );
 * ```
 */
export function readPictureHeader(bytes: Uint8Array): PictureHeader {
  const type = magicType(bytes);
  if (!type) {
    throw new UnsupportedPictureError(
      "Cannot take the picture: its first bytes are of no known kind, expected JPEG, PNG or WebP",
    );
  }
  let size: ReturnType<typeof imageSize>;
  try {
    size = imageSize(bytes);
  } catch (cause) {
    throw new UnsupportedPictureError(
      `Cannot take the picture: its ${type} header is broken`,
      { cause },
    );
  }
  const turned = (size.orientation ?? 1) >= 5;
  const width = turned ? size.height : size.width;
  const height = turned ? size.width : size.height;
  if (!(width >= 1 && height >= 1)) {
    throw new UnsupportedPictureError(
      `Cannot take the picture: its size is ${width} x ${height}`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new RangeError(
      `Cannot take the picture: it has ${width} x ${height} pixels, expected at most ${
        MAX_PIXELS / 1e6
      } million`,
    );
  }
  return { type, width, height };
}
