/** A drawing of another size on the image. @module */

import type { Point } from "./document.ts";

/**
 * The transformation that shows a drawing of this extent as large as it fits
 * into an image, in its middle.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fitInto } from "./fit_into.ts";
 * const place = fitInto(
 *   { x: 0, y: 0, width: 10, height: 10 },
 *   { width: 40, height: 20 },
 * );
 * const middle = place({ x: 5, y: 5 });
 * assert.equal(middle.x, 20);
 * assert.equal(middle.y, 10);
 * ```
 */
export function fitInto(
  extent: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  },
  image: { readonly width: number; readonly height: number },
): (point: Point) => Point {
  const scale = Math.min(
    image.width / extent.width,
    image.height / extent.height,
  );
  const left = (image.width - scale * extent.width) / 2;
  const top = (image.height - scale * extent.height) / 2;
  return ({ x, y }) => ({
    x: left + scale * (x - extent.x),
    y: top + scale * (y - extent.y),
  });
}
