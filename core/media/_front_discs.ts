/**
 * Discs from the front to the back, for many that cover each other: every
 * pixel is written once, by the disc that is seen there.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { Color } from "./draw.ts";

/** The side of a tile is 2 to this power in px. */
const TILE = 4;

/** Draws like `drawPixelDisc`, in reverse order. */
export class FrontDiscs {
  #image: RgbImage | undefined;
  /**
   * Per row and column (one more than there are): the next pixel to the right
   * that nothing covers, or a covered one on the way there.
   */
  #next = new Int32Array(0);
  /** How many pixels of each tile are not covered: most discs end here. */
  #left = new Uint16Array(0);
  #tiles = 0;

  /** Begins an image. */
  begin(image: RgbImage): void {
    const { width, height } = image;
    const stride = width + 1;
    if (this.#next.length !== stride * height) {
      this.#next = new Int32Array(stride * height);
    }
    for (let i = 0; i < this.#next.length; i++) this.#next[i] = i;
    this.#tiles = (width >> TILE) + 1;
    const down = (height >> TILE) + 1, side = 1 << TILE;
    this.#left = new Uint16Array(this.#tiles * down);
    for (let j = 0; j < down; j++) {
      const rows = Math.min(side, height - j * side);
      for (let i = 0; i < this.#tiles; i++) {
        this.#left[j * this.#tiles + i] = rows *
          Math.min(side, width - i * side);
      }
    }
    this.#image = image;
  }

  /** Whether everything in a rectangle is covered, by whole tiles. */
  #isCovered(left: number, top: number, right: number, bottom: number) {
    for (let j = top >> TILE; j <= bottom >> TILE; j++) {
      for (let i = left >> TILE; i <= right >> TILE; i++) {
        if (this.#left[j * this.#tiles + i]! > 0) return false;
      }
    }
    return true;
  }

  /** Draws a disc where nothing is in front of it. */
  draw(
    at: { readonly x: number; readonly y: number; readonly reach: Int32Array },
    [red, green, blue]: Color,
  ): void {
    const { width, height, data } = this.#image!;
    const next = this.#next;
    const stride = width + 1;
    const { x, y, reach } = at;
    const top = Math.max(0, y - reach.length + 1);
    const bottom = Math.min(height - 1, y + reach.length - 1);
    const far = reach.length - 1;
    const least = Math.max(0, x - far), most = Math.min(width - 1, x + far);
    if (least > most || this.#isCovered(least, top, most, bottom)) return;
    const counts = this.#left, tiles = this.#tiles;
    for (let row = top; row <= bottom; row++) {
      const half = reach[Math.abs(row - y)]!;
      const left = Math.max(0, x - half), right = Math.min(width - 1, x + half);
      const start = row * stride, end = start + right;
      let i = left > right ? end + 1 : uncovered(next, start + left);
      while (i <= end) {
        next[i] = i + 1;
        const tile = (row >> TILE) * tiles + ((i - start) >> TILE);
        counts[tile] = counts[tile]! - 1;
        const p = 3 * (i - row);
        data[p] = red;
        data[p + 1] = green;
        data[p + 2] = blue;
        i = uncovered(next, i + 1);
      }
    }
  }
}

/** Follows the row to the right, and shortens the way for the next time. */
function uncovered(next: Int32Array, from: number): number {
  let i = from;
  while (next[i] !== i) {
    next[i] = next[next[i]!]!;
    i = next[i]!;
  }
  return i;
}
