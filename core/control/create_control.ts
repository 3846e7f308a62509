/**
 * The control method that settings name.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { type AtiSettings, createAtiControl } from "./ati/ati_control.ts";
import {
  CONTROL_METHODS,
  type MotionControl,
  plainCondition,
} from "./motion_control.ts";
import {
  createWanMoveControl,
  type WanMoveSettings,
} from "./wan_move/wan_move_control.ts";

/** No motion: plain image-to-video. */
export interface NoControlSettings {
  /** Which method it is. */
  readonly method: "none";
}

/** A method and how it steers: JSON values, as recipes store them. */
export type ControlSettings =
  | AtiSettings
  | WanMoveSettings
  | NoControlSettings;

/**
 * The method with its settings.
 *
 * @throws {TypeError} When there is no such method.
 * @throws {RangeError} When a setting is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createControl } from "./create_control.ts";
 * const control = createControl({ method: "ati", motionEnd: 0.5 });
 * const last = { step: 39, steps: 40, branch: "conditional" } as const;
 * assert.equal(control.hasMotion(last), false);
 * ```
 */
export function createControl(settings: ControlSettings): MotionControl {
  switch (settings.method) {
    case "ati":
      return createAtiControl(settings);
    case "wan-move":
      return createWanMoveControl(settings);
    case "none":
      return {
        method: "none",
        condition: ({ latent }) => ({
          motion: plainCondition(latent),
          notes: [],
        }),
        hasMotion: () => false,
      };
  }
  throw new TypeError(
    `Cannot steer by ${
      quote((settings as { method: unknown }).method)
    }, expected one of ${CONTROL_METHODS.join(", ")}`,
  );
}
