/**
 * Pixels as video codecs take them: planes of brightness and of color, color
 * at half the size. Pure: it runs in a browser.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";

/** An image as codecs take it: ITU-R BT.709, limited range. */
export interface I420Image {
  /** Px, even. */
  readonly width: number;
  /** Px, even. */
  readonly height: number;
  /** As {@linkcode toI420} makes them. */
  readonly planes: Uint8Array;
}

/** A color's brightness (16 to 235) and color (16 to 240), not rounded. */
export function toYuv(
  [red, green, blue]: readonly [red: number, green: number, blue: number],
): [y: number, u: number, v: number] {
  const bright = RED * red + GREEN * green + BLUE * blue;
  return [
    16 + 219 / 255 * bright,
    128 + 4 * CHROMA * (blue - bright) / (1 - BLUE),
    128 + 4 * CHROMA * (red - bright) / (1 - RED),
  ];
}

/**
 * An image as I420 in ITU-R BT.709, limited range (brightness 16 to 235,
 * color 16 to 240): width x height bytes Y, then a quarter of that U, then V.
 * Each color sample is the mean of four pixels.
 *
 * @throws {RangeError} When a side is odd.
 */
export function toI420(
  { width, height, data }: RgbImage,
): Uint8Array<ArrayBuffer> {
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new RangeError(
      `Cannot convert an image of ${width} x ${height} px: expected even sides`,
    );
  }
  const count = width * height;
  const planes = new Uint8Array(count * 1.5);
  for (let i = 0, k = 0; i < count; i++, k += 3) {
    planes[i] = 16.5 +
      219 / 255 *
        (RED * data[k]! + GREEN * data[k + 1]! + BLUE * data[k + 2]!);
  }
  const row = 3 * width;
  for (let y = 0, u = count, v = count * 1.25; y < height; y += 2) {
    for (let k = y * row; k < (y + 1) * row; k += 6, u++, v++) {
      let red = 0, green = 0, blue = 0;
      for (const at of [k, k + 3, k + row, k + row + 3]) {
        red += data[at]!;
        green += data[at + 1]!;
        blue += data[at + 2]!;
      }
      const bright = RED * red + GREEN * green + BLUE * blue;
      planes[u] = 128.5 + CHROMA * (blue - bright) / (1 - BLUE);
      planes[v] = 128.5 + CHROMA * (red - bright) / (1 - RED);
    }
  }
  return planes;
}

/** What each color adds to the brightness. */
const RED = 0.2126, GREEN = 0.7152, BLUE = 0.0722;

/** From the sum of four pixels to half the range of a color plane. */
const CHROMA = 224 / 255 / 2 / 4;
