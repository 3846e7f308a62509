/**
 * A picture as every room passes it on: plain 8-bit RGB.
 *
 * @module
 */

/**
 * An 8-bit sRGB picture without alpha. Pixel (x, y), x right and y down from
 * the top left corner, stands at `data[3 * (y * width + x)]` as R, G, B.
 */
export interface RgbImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** `3 * width * height` bytes. */
  readonly data: Uint8Array;
}

/** A place in px, x right and y down; fractions are meant. */
export interface Point {
  /** Px from the left edge. */
  readonly x: number;
  /** Px from the top edge. */
  readonly y: number;
}
