/**
 * Gray images as numbers, all 16 bits of them: depth maps and masks.
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";
import { loadSharp } from "./_sharp.ts";
import { readImageHeader } from "./image_header.ts";

/** A gray image. */
export interface GrayImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** What the file stores for each pixel: 0 to 255, or 0 to 65535. */
  readonly bits: 8 | 16;
  /** `(height, width)` in row-major order. */
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Decodes a gray PNG, JPEG or WebP image without changing its numbers: no
 * color profile, no gamma, no orientation is applied. Alpha is dropped. An RGB
 * image whose three channels are equal is gray too.
 *
 * @throws {FormatError} When the bytes are no such image, are damaged, or show
 * colors.
 * @throws {RangeError} When it has more than 64 megapixels.
 */
export async function decodeGray(
  bytes: Uint8Array,
  options: { readonly name?: string } = {},
): Promise<GrayImage> {
  const { name = "image" } = options;
  const { name: found, width, height } = readImageHeader(bytes, options);
  const sharp = await loadSharp();
  const input = {
    limitInputPixels: false,
    ignoreIcc: true,
    failOn: "error",
  } as const;
  let raw: { data: Uint8Array; channels: number };
  let head: { width: number; height: number; bits: 8 | 16 };
  try {
    const { depth, channels } = await sharp(bytes, input).metadata();
    head = { width, height, bits: depth === "ushort" ? 16 : 8 };
    const space = head.bits === 16
      ? channels < 3 ? "grey16" : "rgb16"
      : channels < 3
      ? "b-w"
      : "srgb";
    const { data, info } = await sharp(bytes, input)
      .removeAlpha()
      .toColourspace(space)
      .raw({ depth: head.bits === 16 ? "ushort" : "uchar" })
      .toBuffer({ resolveWithObject: true });
    raw = { data, channels: info.channels };
  } catch (cause) {
    throw new FormatError(
      `Cannot read ${quote(name)}: it begins as ${found} but is damaged (${
        (cause as Error).message.trim().split("\n")[0]
      })`,
      { cause },
    );
  }
  const { channels } = raw;
  const whole = head.bits === 16
    ? new Uint16Array(raw.data.slice().buffer)
    : new Uint8Array(raw.data);
  if (channels === 1) return { ...head, data: whole };
  const count = head.width * head.height;
  const data = head.bits === 16
    ? new Uint16Array(count)
    : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * channels;
    if (
      Math.abs(whole[at]! - whole[at + 1]!) > 2 ||
      Math.abs(whole[at]! - whole[at + 2]!) > 2
    ) {
      throw new FormatError(
        withHint(
          `Cannot read ${quote(name)} as gray: pixel ${i % head.width},${
            Math.floor(i / head.width)
          } is a color, (${whole[at]}, ${whole[at + 1]}, ${whole[at + 2]})`,
          "Save it in gray, not in the colors of a heat map.",
        ),
      );
    }
    data[i] = whole[at + 1]!;
  }
  return { ...head, data };
}
