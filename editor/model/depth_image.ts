/**
 * Depth images as part of a document.
 *
 * @module
 */

import type { DepthImage } from "./document.ts";

/** The longest side that is kept, px: finer than points are chosen. */
export const MAX_DEPTH_SIDE = 256;

/** The size in which a depth image is kept. */
export function depthSize(
  { width, height }: { readonly width: number; readonly height: number },
): { width: number; height: number } {
  const scale = Math.min(1, MAX_DEPTH_SIDE / Math.max(width, height));
  return {
    width: Math.max(1, Math.round(scale * width)),
    height: Math.max(1, Math.round(scale * height)),
  };
}

/**
 * A byte a pixel as a depth image of a document.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { depthValues, packDepth } from "./depth_image.ts";
 * const image = packDepth(Uint8Array.of(0, 128, 255, 7), {
 *   name: "depth.png",
 *   width: 2,
 *   height: 2,
 * });
 * assert.deepEqual([...depthValues(image)], [0, 128, 255, 7]);
 * ```
 */
export function packDepth(
  bytes: Uint8Array,
  options: Pick<DepthImage, "name" | "width" | "height">,
): DepthImage {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return {
    ...options,
    kind: "image",
    values: btoa(text),
    sense: "inverse",
    span: 0,
  };
}

/** The bytes of a depth image. */
export function depthValues({ values }: DepthImage): Uint8Array {
  return Uint8Array.from(atob(values), (letter) => letter.charCodeAt(0));
}
