/**
 * Pixels with and without the opacity that canvases have.
 *
 * @module
 */

import type { RgbImage } from "../../core/base/image.ts";

/** RGBA pixels, as an `ImageData` holds them. */
export interface RgbaImage {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** Four bytes a pixel, row by row. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Without its opacity. */
export function toRgb(
  { width, height, data }: {
    readonly width: number;
    readonly height: number;
    readonly data: ArrayLike<number>;
  },
): RgbImage {
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0, k = 0; i < data.length; i += 4) {
    rgb[k++] = data[i]!;
    rgb[k++] = data[i + 1]!;
    rgb[k++] = data[i + 2]!;
  }
  return { width, height, data: rgb };
}

/**
 * Opaque.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { toRgb, toRgba } from "./rgba.ts";
 * const image = { width: 1, height: 1, data: new Uint8Array([1, 2, 3]) };
 * assert.deepEqual([...toRgba(image).data], [1, 2, 3, 255]);
 * assert.deepEqual(toRgb(toRgba(image)), image);
 * ```
 */
export function toRgba({ data, width, height }: RgbImage): RgbaImage {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0, k = 0; k < data.length; i += 4) {
    rgba[i] = data[k++]!;
    rgba[i + 1] = data[k++]!;
    rgba[i + 2] = data[k++]!;
  }
  return { data: rgba, width, height };
}
