/**
 * Animated WebP from single WebP images: their compressed data is put into
 * one container as it is, nothing is encoded again. Pure: it runs in a browser.
 *
 * Source: the WebP container specification (RIFF, VP8X, ANIM, ANMF) and
 * RFC 6386 and RFC 9649 for the sizes in VP8 and VP8L data.
 *
 * @module
 */

import { concatBytes } from "../base/concat.ts";
import { FormatError } from "../base/errors.ts";

/** One image of an animation. */
export interface WebpFrame {
  /** A still WebP file. */
  readonly bytes: Uint8Array;
  /** How long it is shown, whole milliseconds, below 2^24. */
  readonly duration: number;
}

/** The chunks that hold an image's data. */
const PICTURE_CHUNKS = new Set(["ALPH", "VP8 ", "VP8L"]);

/** Flags of VP8X. */
const ANIMATION = 0x02, ALPHA = 0x10;

/** In ANMF: take this frame as it is, do not blend it over the one before. */
const NO_BLEND = 0x02;

/** Sizes and durations are 24-bit numbers. */
const MAX_24 = 0xffffff;

/**
 * An animation of images of one size. `loops` is how often it plays; 0 for
 * ever.
 *
 * @throws {RangeError} When there is no image, or a number does not fit.
 * @throws {FormatError} When one is no still WebP, or of another size.
 */
export function animateWebp(
  frames: readonly WebpFrame[],
  options: { readonly loops?: number } = {},
): Uint8Array<ArrayBuffer> {
  const { loops = 0 } = options;
  if (frames.length === 0) {
    throw new RangeError("Cannot animate: there is no image, expected one");
  }
  if (!Number.isInteger(loops) || loops < 0 || loops > 0xffff) {
    throw new RangeError(
      `Cannot animate: loops is ${loops}, expected a whole number from 0 to 65535`,
    );
  }
  const images = frames.map(({ bytes }, i) => readImage(bytes, i));
  const { width, height } = images[0]!;
  const body = frames.map(({ duration }, i) => {
    const image = images[i]!;
    if (image.width !== width || image.height !== height) {
      throw new FormatError(
        `Cannot animate: image ${i} is ${image.width} x ${image.height}, expected ${width} x ${height} as the first`,
      );
    }
    if (!Number.isInteger(duration) || duration < 0 || duration > MAX_24) {
      throw new RangeError(
        `Cannot animate: image ${i} is shown for ${duration} ms, expected a whole number from 0 to ${MAX_24}`,
      );
    }
    return chunk("ANMF", [
      bytes24(0, 0, width - 1, height - 1, duration),
      Uint8Array.of(NO_BLEND),
      ...image.chunks,
    ]);
  });
  const hasAlpha = images.some((image) => image.hasAlpha);
  return chunk("RIFF", [
    ascii("WEBP"),
    chunk("VP8X", [
      Uint8Array.of(ANIMATION | (hasAlpha ? ALPHA : 0), 0, 0, 0),
      bytes24(width - 1, height - 1),
    ]),
    // A transparent background, and how often.
    chunk("ANIM", [Uint8Array.of(0, 0, 0, 0, loops & 255, loops >> 8)]),
    ...body,
  ]);
}

interface WebpImage {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** The chunks with their headers and padding. */
  readonly chunks: readonly Uint8Array[];
}

function readImage(bytes: Uint8Array, index: number): WebpImage {
  const fail = (state: string): never => {
    throw new FormatError(`Cannot animate: image ${index} ${state}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const name = (at: number) =>
    String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 20 || name(0) !== "RIFF" || name(8) !== "WEBP") {
    fail("is no WebP file");
  }
  const chunks: Uint8Array[] = [];
  let size: Pick<WebpImage, "width" | "height"> | undefined;
  let hasAlpha = false;
  for (let at = 12; at + 8 <= bytes.length;) {
    const kind = name(at), length = view.getUint32(at + 4, true);
    const end = at + 8 + length;
    if (end > bytes.length) fail(`ends inside its ${kind} chunk`);
    if (kind === "ANIM" || kind === "ANMF") fail("is an animation itself");
    if (PICTURE_CHUNKS.has(kind)) {
      const data = bytes.subarray(at + 8, end);
      chunks.push(chunk(kind, [data]));
      if (kind === "VP8 ") size = vp8Size(data) ?? fail("has damaged VP8 data");
      if (kind === "VP8L") {
        size = vp8lSize(data) ?? fail("has damaged VP8L data");
      }
      hasAlpha ||= kind === "ALPH" ||
        (kind === "VP8L" && (data[4]! & 0x10) !== 0);
    }
    at = end + length % 2;
  }
  if (!size) return fail("holds no image");
  return { ...size, hasAlpha, chunks };
}

/** The size in the header of a VP8 key frame. */
function vp8Size(data: Uint8Array) {
  if (data.length < 10 || (data[0]! & 1) !== 0) return undefined;
  if (data[3] !== 0x9d || data[4] !== 0x01 || data[5] !== 0x2a) {
    return undefined;
  }
  return {
    width: (data[6]! | data[7]! << 8) & 0x3fff,
    height: (data[8]! | data[9]! << 8) & 0x3fff,
  };
}

/** The size in the header of VP8L data: 14 bits each, less one. */
function vp8lSize(data: Uint8Array) {
  if (data.length < 5 || data[0] !== 0x2f) return undefined;
  const bits = data[1]! | data[2]! << 8 | data[3]! << 16 | data[4]! << 24;
  return { width: 1 + (bits & 0x3fff), height: 1 + (bits >> 14 & 0x3fff) };
}

/** A RIFF chunk, padded to an even length. */
function chunk(
  kind: string,
  parts: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const data = concatBytes(parts);
  const bytes = new Uint8Array(8 + data.length + data.length % 2);
  bytes.set(ascii(kind));
  new DataView(bytes.buffer).setUint32(4, data.length, true);
  bytes.set(data, 8);
  return bytes;
}

function bytes24(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(
    values.flatMap((value) => [value & 255, value >> 8 & 255, value >> 16]),
  );
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
