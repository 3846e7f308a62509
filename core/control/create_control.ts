/**
 * Creates a control method from its settings.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import { type AtiSettings, createAtiControl } from "./ati/ati_control.ts";
import { CONTROL_SETTINGS } from "./control_values.ts";
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
  /** The name of the method. */
  readonly method: "none";
}

/** A method and its settings: JSON values, as recipes store them. */
export type ControlSettings =
  | AtiSettings
  | WanMoveSettings
  | NoControlSettings;

/** What applies where no method is chosen. */
export const DEFAULT_CONTROL: ControlSettings = {
  method: CONTROL_SETTINGS.control.default,
};

/**
 * Creates the control method.
 *
 * @param run.compat `reference` repeats the faults of the method's reference
 * @throws {TypeError} When the method is unknown.
 * @throws {RangeError} When a setting is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createControl } from "@ati/ati";
 * const control = createControl({ method: "ati", motionEnd: 0.5 });
 * const last = { step: 39, steps: 40, branch: "conditional" } as const;
 * assert.equal(control.hasMotion(last), false);
 * ```
 */
export function createControl(
  settings: ControlSettings,
  run: { readonly compat?: "exact" | "reference" } = {},
): MotionControl {
  switch (settings.method) {
    case "ati":
      return createAtiControl(settings);
    case "wan-move":
      return createWanMoveControl(settings, run);
    case "none":
      return {
        method: "none",
        flowShift: () => 5,
        condition: ({ latent }) => ({
          motion: plainCondition(latent),
          notes: [],
        }),
        hasMotion: () => false,
      };
  }
  throw new TypeError(
    `Cannot use control method ${
      quote((settings as { method: unknown }).method)
    }, expected one of ${CONTROL_METHODS.join(", ")}`,
  );
}
