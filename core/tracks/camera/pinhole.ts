/**
 * The pinhole camera that took an image.
 *
 * Coordinates of the scene: x right, y down, z forward, the camera at the
 * origin. The depth of a point is its z, not its distance from the camera.
 *
 * @module
 */

import { quote } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import type { Vector3 } from "./matrix.ts";

/** The intrinsics of a camera with square pixels and no lens distortion. */
export interface Pinhole {
  /** The image's width in px. */
  readonly width: number;
  /** The image's height in px. */
  readonly height: number;
  /** The focal length in px. */
  readonly focal: number;
  /** The principal point in px: the center of the image. */
  readonly center: Point;
}

/** The horizontal field of view that is assumed unless given, degrees. */
export const DEFAULT_FOV = 50;

/**
 * The camera of an image. `fov` is the horizontal field of view in degrees,
 * between the left and the right edge: `focal = width / 2 / tan(fov / 2)`. The
 * principal point is `(width / 2, height / 2)`, where the four middle pixels
 * meet.
 *
 * @throws {RangeError} When a size is not positive, or `fov` not between 1 and
 * 170.
 */
export function pinhole(
  image: { readonly width: number; readonly height: number },
  options: { readonly fov?: number } = {},
): Pinhole {
  const { width, height } = image;
  const { fov = DEFAULT_FOV } = options;
  if (!(width > 0 && height > 0 && width < Infinity && height < Infinity)) {
    throw new RangeError(
      `Cannot place a camera before an image of ${quote(width)}x${
        quote(height)
      }, expected its size in px`,
    );
  }
  if (!(fov >= 1 && fov <= 170)) {
    throw new RangeError(
      `Cannot use a field of view of ${
        quote(fov)
      }, expected 1 to 170 degrees from the left to the right edge`,
    );
  }
  return {
    width,
    height,
    focal: width / 2 / Math.tan(fov * Math.PI / 360),
    center: { x: width / 2, y: height / 2 },
  };
}

/**
 * `K^-1 (x, y, 1)`: the direction in which a position of the image is seen, with
 * z = 1. The scene's point there is this divided by its inverse depth.
 */
export function rayOf(camera: Pinhole, { x, y }: Point): Vector3 {
  const { focal, center } = camera;
  return [(x - center.x) / focal, (y - center.y) / focal, 1];
}
