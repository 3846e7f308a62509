/**
 * From chosen values to settings: which method, with what, and whether
 * Time-to-Move is used.
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
  type TimeToMoveMode,
} from "./control_values.ts";
import type { AttentionGuidance } from "../sampling/attention_guidance.ts";
import type { ControlSettings } from "./create_control.ts";

/** How Time-to-Move is used in one video. */
export interface TimeToMoveChoice {
  /** Its clocks: those of objects or of cameras, or by what the tracks move. */
  readonly mode: Exclude<TimeToMoveMode, "off">;
  /** The step to start from, instead of the clocks'. */
  readonly tweak?: number;
  /** The step from which nothing is reset, instead of the clocks'. */
  readonly tstrong?: number;
  /** The user's signal, a path; the motion preview if absent. */
  readonly signal?: string;
  /** The mask that belongs to it, a path. */
  readonly mask?: string;
}

/** How one video is steered. */
export interface Steering {
  /** The control method and its settings. */
  readonly control: ControlSettings;
  /** Time-to-Move, if used. */
  readonly timeToMove?: TimeToMoveChoice;
  /** Normalized attention guidance, if used. */
  readonly nag?: AttentionGuidance;
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

/** Time-to-Move's mode; a signal of the user's switches it on. */
function modeOf(
  { time_to_move, motion_signal }: ControlValues,
): TimeToMoveMode {
  return time_to_move ?? (motion_signal === undefined ? "off" : "object");
}

function acts(values: ControlValues, key: ControlKey): boolean {
  switch (ownerOf(key)) {
    case undefined:
    case methodOf(values):
      return true;
    case "time_to_move":
      return modeOf(values) !== "off";
    case "nag":
      return isGuided(values);
    default:
      return false;
  }
}

/** Whether the negative prompt guides the attention. */
function isGuided({ nag_scale: scale = 0 }: ControlValues): boolean {
  return scale > 0;
}

/** The values that belong to another method than the chosen one. */
export function findStray(values: ControlValues): StrayValue[] {
  return CONTROL_KEYS.flatMap((key) => {
    const owner = ownerOf(key);
    const isStray = values[key] !== undefined && !acts(values, key);
    return isStray && owner ? [{ key, owner }] : [];
  });
}

/**
 * What is wrong with a value that acts on nothing.
 *
 * @param write how a value's name, and its name with a value, are written
 */
export function describeStray(
  { key, owner }: StrayValue,
  values: ControlValues,
  write: (key: ControlKey, value?: string) => string,
): string {
  const lacks = { time_to_move: "time_to_move", nag: "nag_scale" } as const;
  return owner === "time_to_move" || owner === "nag"
    ? `${write(key)} has no effect without ${write(lacks[owner])}`
    : `${write(key)} has no effect with ${
      write("control", methodOf(values))
    }: it belongs to ${write("control", owner)}`;
}

/**
 * What is wrong where ATI's motion would act in no step of any run: it begins
 * after its end, or at the end of the run. Fractions that leave out the steps of
 * one run only are found where its steps are known.
 *
 * @param write how a value's name is written with a value
 * @returns Undefined where nothing is wrong.
 */
export function describeIdleMotion(
  values: ControlValues,
  write: (key: ControlKey, value: string) => string,
): string | undefined {
  const { motion_start: start = 0, motion_end: end = 1 } = values;
  if (!acts(values, "motion_start") || (start <= end && start < 1)) {
    return undefined;
  }
  return `${write("motion_start", String(start))} is ${
    start < 1 ? `after ${write("motion_end", String(end))}` : "the run's end"
  }: the motion would act in no step`;
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
    CONTROL_KEYS.flatMap((key) => {
      const isOwn = values[key] !== undefined;
      // A default mask belongs to the default signal.
      const isOther = key === "motion_mask" &&
        values.motion_signal !== undefined;
      return isOwn ||
          (acts(merged, key) && !isOther && merged[key] !== undefined)
        ? [[key, merged[key]]]
        : [];
    }),
  );
}

/** The settings that the values come to; values without effect are dropped. */
export function resolveSteering(values: ControlValues): Steering {
  const mode = modeOf(values);
  const { tweak, tstrong, motion_signal: signal, motion_mask: mask } = values;
  const { nag_scale: scale = 0, nag_tau: tau, nag_alpha: alpha } = values;
  return {
    control: controlSettings(values),
    ...(mode !== "off" && {
      timeToMove: {
        mode,
        ...(tweak !== undefined && { tweak }),
        ...(tstrong !== undefined && { tstrong }),
        ...(signal !== undefined && { signal }),
        ...(mask !== undefined && { mask }),
      },
    }),
    ...(isGuided(values) && {
      nag: {
        scale,
        ...(tau !== undefined && { tau }),
        ...(alpha !== undefined && { alpha }),
      },
    }),
  };
}

/** A choice in one line: `control wan-move, strength 0.5; Time-to-Move camera`. */
export function describeSteering(
  { control, timeToMove, nag }: Steering,
): string {
  const list = (head: string, values: object) =>
    [
      head,
      ...Object.entries(values).map(([name, value]) => `${name} ${value}`),
    ].join(", ");
  const { method, ...settings } = control;
  const { mode, ...clocks } = timeToMove ?? {};
  return [
    list(`control ${method}`, settings),
    ...(mode === undefined ? [] : [list(`Time-to-Move ${mode}`, clocks)]),
    ...(nag ? [list("NAG", nag)] : []),
  ].join("; ");
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
