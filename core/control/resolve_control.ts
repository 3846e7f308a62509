/**
 * From chosen values to settings: which method, with what.
 *
 * @module
 */

import {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  type ControlKey,
  type ControlOwner,
  type ControlValues,
  ownerOf,
} from "./control_values.ts";
import type { ControlSettings } from "./create_control.ts";

/** How one video is steered. */
export interface Steering {
  /** The control method and its settings. */
  readonly control: ControlSettings;
}

/** A value that is given but acts on nothing. */
export interface StrayValue {
  /** The value's name. */
  readonly key: ControlKey;
  /** What it belongs to. */
  readonly owner: NonNullable<ControlOwner>;
}

/** The method that the values choose. */
function methodOf({ control }: ControlValues): ControlSettings["method"] {
  return control ?? CONTROL_SETTINGS.control.default;
}

function acts(values: ControlValues, key: ControlKey): boolean {
  const owner = ownerOf(key);
  return owner === undefined || owner === methodOf(values);
}

/** The first value that belongs to a method other than the chosen one. */
export function findStray(values: ControlValues): StrayValue | undefined {
  const key = CONTROL_KEYS.find((key) =>
    values[key] !== undefined && !acts(values, key)
  );
  const owner = key && ownerOf(key);
  return owner && { key: key!, owner };
}

/**
 * The values of one video with defaults for what they do not say. Defaults
 * that belong to another method than the chosen one are dropped.
 */
export function withControlDefaults(
  values: ControlValues,
  defaults: ControlValues,
): ControlValues {
  const merged = { ...defaults, ...values };
  return Object.fromEntries(
    Object.entries(merged).filter(([key]) =>
      values[key as ControlKey] !== undefined || acts(merged, key as ControlKey)
    ),
  );
}

/** The settings that the values come to; values without effect are dropped. */
export function resolveSteering(values: ControlValues): Steering {
  return { control: controlSettings(values) };
}

function controlSettings(values: ControlValues): ControlSettings {
  const method = methodOf(values);
  switch (method) {
    case "none":
      return { method };
    case "wan-move": {
      const { motion_strength: strength, uncond_motion: uncondMotion } = values;
      return {
        method,
        ...(strength !== undefined && { strength }),
        ...(uncondMotion !== undefined && { uncondMotion }),
      };
    }
    case "ati": {
      const { temperature, topk } = values;
      const { motion_start: motionStart, motion_end: motionEnd } = values;
      return {
        method,
        ...(temperature !== undefined && { temperature }),
        ...(topk !== undefined && { topk }),
        ...(motionStart !== undefined && { motionStart }),
        ...(motionEnd !== undefined && { motionEnd }),
      };
    }
  }
}
