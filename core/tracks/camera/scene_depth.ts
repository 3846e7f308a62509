/**
 * How far away the content of an image is, as one over the depth: 0 is
 * infinitely far, and what is a plane in the scene is linear in the image.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";

/** The inverse depth of every position of an image. */
export interface SceneDepth {
  /**
   * One over the depth (z) at a position in px of the image, at least 0.
   * Undefined where it is not known.
   */
  inverseAt(point: Point): number | undefined;
  /**
   * The map behind it, where parts of the scene can hide others; undefined
   * for planes, which hide nothing.
   */
  readonly map?: InverseDepthMap;
}

/** Inverse depth on a grid; pixel (i, j) is the value at (i + 0.5, j + 0.5). */
export interface InverseDepthMap {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** `(height, width)` in row-major order; at least 0, NaN where unknown. */
  readonly data: Float32Array;
  /** The largest of them. */
  readonly nearest: number;
}

/** A wall that faces the camera: everything at one depth. */
export function flatDepth(depth = 1): SceneDepth {
  if (!(depth > 0 && depth < Infinity)) {
    throw new RangeError(
      `Cannot place a wall at depth ${quote(depth)}, expected more than 0`,
    );
  }
  return { inverseAt: () => 1 / depth };
}

/**
 * A floor up to its horizon, and infinitely far above it: `D = k / (y - y_h)`
 * below `y_h`, with k such that the depth at the lower edge is 1.
 *
 * `horizon` is the share of the image's height above the horizon: 0.4 of 480
 * rows is y_h = 192. Below 0 it is above the image.
 *
 * @throws {RangeError} When the horizon is at or below the lower edge.
 */
export function floorDepth(
  image: { readonly height: number },
  options: { readonly horizon: number },
): SceneDepth {
  const { height } = image;
  const { horizon } = options;
  if (!(horizon >= -100 && horizon < 1)) {
    throw new RangeError(
      `Cannot place the horizon at ${
        quote(horizon)
      }, expected a share of the height below 1`,
    );
  }
  const edge = horizon * height;
  return {
    inverseAt: ({ y }) => Math.max(0, (y - edge) / (height - edge)),
  };
}
