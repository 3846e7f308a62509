/**
 * The depth by which the camera's distances are measured.
 *
 * @module
 */

import { quote, withHint } from "../../base/errors.ts";
import type { Point } from "../../base/image.ts";
import { scale, type Vector3 } from "./matrix.ts";
import { type Pinhole, rayOf } from "./pinhole.ts";
import { scenePoints } from "./choose_points.ts";
import type { SceneDepth } from "./scene_depth.ts";

/** A depth to measure by, and the point of an orbit. */
export interface ReferenceDepth {
  /** The depth, the unit of dolly, truck and pedestal. */
  readonly unit: number;
  /** The point of the scene, P. */
  readonly pivot: Vector3;
  /** Whether the depth at the point was used; else the scene's median. */
  readonly atPoint: boolean;
}

/** Beyond this many times the nearest depth, a point is as good as infinitely far. */
const FAR = 1000;

/**
 * The depth at `about`, a point of the image; its center unless given. Where that is
 * not known or infinitely far, the median of the scene's finite depths on the
 * same ray; a point that was asked for must have a depth of its own.
 *
 * @throws {RangeError} When a given point has no finite depth.
 */
export function referenceDepth(
  camera: Pinhole,
  depth: SceneDepth,
  options: { readonly about?: Point } = {},
): ReferenceDepth {
  const { about } = options;
  const point = about ?? camera.center;
  const inverses = scenePoints(camera, depth).map(({ inverse }) => inverse)
    .filter((inverse) => inverse > 0).sort((a, b) => a - b);
  const nearest = inverses.at(-1) ?? 0;
  const place = (inverse: number, atPoint: boolean): ReferenceDepth => ({
    unit: 1 / inverse,
    pivot: scale(rayOf(camera, point), 1 / inverse),
    atPoint,
  });
  const inverse = depth.inverseAt(point);
  if (inverse !== undefined && inverse > nearest / FAR) {
    return place(inverse, true);
  }
  if (about) {
    throw new RangeError(
      withHint(
        `Cannot move about ${quote(`${about.x},${about.y}`)}: its depth is ${
          inverse === undefined ? "not known" : "infinite"
        }, expected a point of the scene`,
        "Choose a point on something near.",
      ),
    );
  }
  const median = inverses[inverses.length >> 1];
  if (median === undefined) {
    throw new RangeError(
      "Cannot measure the scene: everything is infinitely far, expected something with a depth",
    );
  }
  return place(median, false);
}
