/**
 * An image and a position in it: the types that all modules share.
 *
 * @module
 */

/**
 * An 8-bit sRGB image without alpha. Pixel (x, y), x right and y down from the
 * top left corner, is at `data[3 * (y * width + x)]` as R, G, B.
 */
export interface RgbImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** `3 * width * height` bytes. */
  readonly data: Uint8Array;
}

/** A position in px, x right and y down; may be fractional. */
export interface Point {
  /** Px from the left edge. */
  readonly x: number;
  /** Px from the top edge. */
  readonly y: number;
}
