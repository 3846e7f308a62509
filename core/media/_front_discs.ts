/**
 * Discs from the front to the back, for many that cover each other: every
 * pixel is written once, by the disc that is seen there.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Color } from "./draw.ts";

/** Draws like `drawPixelDisc`, in reverse order. */
export class FrontDiscs {
  #image: RgbImage | undefined;
  /** A bit for each pixel that nothing covers, 32 to a number, row by row. */
  #free = new Int32Array(0);
  /** How many pixels of each tile are not covered: most discs end here. */
  #left = new Int32Array(0);
  #tiles = 0;
  /** The side of a tile is 2 to this power in px; no disc's radius is larger. */
  readonly #shift: number;
  /**
   * Per tile, and once more around the image, how many tiles that a disc with
   * its center here may touch are not covered.
   */
  #near = new Uint8Array(0);

  /** @param radius Of the largest disc, at least 1. */
  constructor(radius: number) {
    this.#shift = Math.max(3, Math.ceil(Math.log2(radius)));
  }

  /** Begins an image. */
  begin(image: RgbImage): void {
    const { width, height } = image;
    this.#free = new Int32Array(((width >> 5) + 1) * height).fill(-1);
    const shift = this.#shift, side = 1 << shift;
    this.#tiles = (width >> shift) + 1;
    const down = (height >> shift) + 1;
    this.#left = new Int32Array(this.#tiles * down);
    for (let j = 0; j < down; j++) {
      const rows = Math.min(side, height - j * side);
      for (let i = 0; i < this.#tiles; i++) {
        this.#left[j * this.#tiles + i] = rows *
          Math.min(side, width - i * side);
      }
    }
    this.#near = new Uint8Array((this.#tiles + 2) * (down + 2));
    for (let tile = 0; tile < this.#left.length; tile++) {
      if (this.#left[tile]! > 0) this.#count(tile, 1);
    }
    this.#image = image;
  }

  /** Adds to the numbers of the places from where a disc may touch a tile. */
  #count(tile: number, change: number): void {
    const stride = this.#tiles + 2;
    const column = tile % this.#tiles, row = Math.floor(tile / this.#tiles);
    for (let j = row; j < row + 3; j++) {
      for (let at = j * stride + column, i = 0; i < 3; i++, at++) {
        this.#near[at] = this.#near[at]! + change;
      }
    }
  }

  /** Whether nothing is seen of any disc around a pixel. */
  isHidden(x: number, y: number): boolean {
    const shift = this.#shift, column = (x >> shift) + 1;
    // Rows outside of the array hold nothing.
    return column < 0 || column >= this.#tiles + 2 ||
      !this.#near[((y >> shift) + 1) * (this.#tiles + 2) + column];
  }

  /** Draws a disc where nothing is in front of it. */
  draw(
    at: { readonly x: number; readonly y: number; readonly reach: Int32Array },
    [red, green, blue]: Color,
  ): void {
    const { width, height, data } = this.#image!;
    const free = this.#free, stride = (width >> 5) + 1;
    const { x, y, reach } = at;
    const far = reach.length - 1;
    const top = Math.max(0, y - far), bottom = Math.min(height - 1, y + far);
    const counts = this.#left, tiles = this.#tiles, shift = this.#shift;
    for (let row = top; row <= bottom; row++) {
      const half = reach[Math.abs(row - y)]!;
      const left = Math.max(0, x - half), right = Math.min(width - 1, x + half);
      if (left > right) continue;
      const first = left >> 5, last = right >> 5;
      for (let word = first; word <= last; word++) {
        let bits = free[row * stride + word]!;
        if (word === first) bits &= -1 << (left & 31);
        if (word === last) bits &= -1 >>> (31 - (right & 31));
        if (bits === 0) continue;
        free[row * stride + word]! &= ~bits;
        for (; bits !== 0; bits &= bits - 1) {
          const column = 32 * word + 31 - Math.clz32(bits & -bits);
          const tile = (row >> shift) * tiles + (column >> shift);
          if (--counts[tile]! === 0) this.#count(tile, -1);
          const p = 3 * (row * width + column);
          data[p] = red;
          data[p + 1] = green;
          data[p + 2] = blue;
        }
      }
    }
  }
}
