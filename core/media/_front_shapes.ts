/**
 * Many shapes that cover each other, with smooth edges: where a shape is
 * covered all over by later ones, it is left out.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { blendPixel, type Color, type Shape } from "./_shape.ts";

/** The side of a tile is 2 to this power in px. */
const TILE = 3;

/** The rank of what no shape covers. */
const OPEN = 0x7fffffff;

/**
 * The same bytes as `fillShape` for one shape after the other, in two passes:
 * {@linkcode FrontShapes.cover} takes them from the last one to the first and
 * finds which is the last that covers a pixel in full;
 * {@linkcode FrontShapes.fill} takes them from the first to the last and draws
 * from that one on. A shape's rank is 0 for the last one, and rises.
 */
export class FrontShapes {
  readonly #image: RgbImage;
  /** Per pixel the rank of the last shape that covers it in full. */
  readonly #front: Int32Array;
  /** How many pixels of each tile nothing covers in full yet. */
  readonly #open: Uint16Array;
  /** Per tile the largest rank of its pixels: what is below cannot be seen. */
  readonly #deepest: Int32Array;
  readonly #tiles: number;

  constructor(image: RgbImage) {
    const { width, height } = image;
    this.#image = image;
    this.#front = new Int32Array(width * height).fill(OPEN);
    this.#tiles = (width >> TILE) + 1;
    this.#open = new Uint16Array(this.#tiles * ((height >> TILE) + 1));
    this.#deepest = new Int32Array(this.#open.length).fill(OPEN);
    const side = 1 << TILE;
    for (let tile = 0; tile < this.#open.length; tile++) {
      const left = (tile % this.#tiles) * side;
      const top = Math.floor(tile / this.#tiles) * side;
      this.#open[tile] = Math.min(side, width - left) *
        Math.min(side, height - top);
    }
  }

  /** Whether a shape of this rank can be seen in no tile of a rectangle. */
  #isHidden(
    rank: number,
    [left, top, right, bottom]: readonly [number, number, number, number],
  ): boolean {
    for (let j = top >> TILE; j <= bottom >> TILE; j++) {
      for (let i = left >> TILE; i <= right >> TILE; i++) {
        if (this.#deepest[j * this.#tiles + i]! >= rank) return false;
      }
    }
    return true;
  }

  /** Marks what a shape covers in full; the ranks rise from call to call. */
  cover({ box, distance }: Shape, rank: number): void {
    const { width, height } = this.#image;
    const front = this.#front, open = this.#open, tiles = this.#tiles;
    const left = Math.max(0, box.left), right = Math.min(width - 1, box.right);
    const top = Math.max(0, box.top), bottom = Math.min(height - 1, box.bottom);
    if (this.#isHidden(rank, [left, top, right, bottom])) return;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const pixel = y * width + x;
        if (front[pixel] !== OPEN) continue;
        if (0.5 - distance(x + 0.5, y + 0.5) < 1) continue;
        front[pixel] = rank;
        const tile = (y >> TILE) * tiles + (x >> TILE);
        if (--open[tile]! === 0) this.#deepest[tile] = rank;
      }
    }
  }

  /** Draws a shape where nothing later covers it in full. */
  fill({ box, distance }: Shape, rank: number, color: Color): void {
    const { width, height } = this.#image;
    const front = this.#front;
    const left = Math.max(0, box.left), right = Math.min(width - 1, box.right);
    const top = Math.max(0, box.top), bottom = Math.min(height - 1, box.bottom);
    if (this.#isHidden(rank, [left, top, right, bottom])) return;
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const pixel = y * width + x;
        if (front[pixel]! < rank) continue;
        const cover = 0.5 - distance(x + 0.5, y + 0.5);
        if (cover > 0) blendPixel(this.#image, pixel, color, cover);
      }
    }
  }
}
