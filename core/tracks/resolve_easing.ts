/**
 * Easing curves by name or by value.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { type Easing, type EasingName, EASINGS } from "./easing.ts";

/**
 * The curve that is meant by a name or by its control values.
 *
 * @throws {RangeError} When there is no such name, or the values are not finite
 * or go back in time.
 */
export function resolveEasing(easing: Easing | EasingName): Easing {
  const curve = typeof easing === "string"
    ? (EASINGS as Partial<Record<string, Easing>>)[easing]
    : easing;
  if (
    curve === undefined || curve.length !== 4 ||
    !curve.every(Number.isFinite) ||
    [curve[0], curve[2]].some((x) => x < 0 || x > 1)
  ) {
    throw new RangeError(
      `Cannot ease by ${
        typeof easing === "string" ? quote(easing) : `[${easing.join(", ")}]`
      }, expected ${
        Object.keys(EASINGS).join(", ")
      } or [x1, y1, x2, y2] with x from 0 to 1`,
    );
  }
  return curve;
}
