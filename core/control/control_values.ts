/**
 * How one video is steered, as a person writes it: the keys of a job file and
 * the flags of the same names, each described as data.
 *
 * @module
 */

import type { Setting } from "../base/setting.ts";
import { CONTROL_METHODS, type ControlMethod } from "./motion_control.ts";

/** What was chosen; names as in job files. */
export interface ControlValues {
  /** The control method. */
  readonly control?: ControlMethod;
  /** ATI: how narrow a footprint is. */
  readonly temperature?: number;
  /** ATI: how many tracks act on a cell. */
  readonly topk?: number;
  /** ATI: the fraction of the steps at which the motion starts to act. */
  readonly motion_start?: number;
  /** ATI: the fraction up to which it acts. */
  readonly motion_end?: number;
  /** Wan-Move: how much of a feature is replaced. */
  readonly motion_strength?: number;
  /** Wan-Move: whether the pass with the negative prompt gets the motion. */
  readonly uncond_motion?: "on" | "off";
}

/** The name of a chosen value: a key of a job file, and a flag. */
export type ControlKey = keyof ControlValues;

/** What a setting belongs to: one method, or everything. */
export type ControlOwner = ControlMethod | undefined;

const GROUP = "Motion control";
const WHOLE_RUN = { min: 0, max: 1, step: 0.05, kind: "number" } as const;

/** All settings of motion control, in the order of help and forms. */
export const CONTROL_SETTINGS = {
  control: {
    name: "control",
    label: "Control",
    group: GROUP,
    help:
      "how tracks steer: ati; wan-move (needs Wan-Move's checkpoint); none is plain image-to-video",
    kind: "choice",
    choices: CONTROL_METHODS,
    default: "ati",
  },
  temperature: {
    name: "temperature",
    label: "Temperature",
    group: GROUP,
    owner: "ati",
    help: "how narrow a track's influence is; trained with 220",
    kind: "number",
    min: 0,
    max: 10_000,
    step: 10,
    default: 220,
  },
  topk: {
    name: "topk",
    label: "Tracks per place",
    group: GROUP,
    owner: "ati",
    help: "how many tracks act at one place; trained with 2",
    kind: "integer",
    min: 1,
    max: 100,
    step: 1,
    default: 2,
  },
  motion_start: {
    name: "motion_start",
    label: "Motion start",
    group: GROUP,
    owner: "ati",
    help: "the fraction of the steps from which the motion acts, 0 to 1",
    ...WHOLE_RUN,
    default: 0,
  },
  motion_end: {
    name: "motion_end",
    label: "Motion end",
    group: GROUP,
    owner: "ati",
    help: "the fraction up to which it acts, included, 0 to 1",
    ...WHOLE_RUN,
    default: 1,
  },
  motion_strength: {
    name: "motion_strength",
    label: "Strength",
    group: GROUP,
    owner: "wan-move",
    help: "1 replaces features as trained, 0 leaves them",
    kind: "number",
    min: 0,
    max: 10,
    step: 0.05,
    default: 1,
  },
  uncond_motion: {
    name: "uncond_motion",
    label: "Motion with the negative prompt",
    group: GROUP,
    owner: "wan-move",
    help:
      "whether the pass with the negative prompt gets the motion; on as the official code",
    kind: "choice",
    choices: ["on", "off"],
    default: "on",
  },
} as const satisfies Readonly<
  Record<ControlKey, Setting & { readonly owner?: ControlOwner }>
>;

/** The names of all settings, in order. */
export const CONTROL_KEYS = Object.keys(
  CONTROL_SETTINGS,
) as readonly ControlKey[];

/** What a setting belongs to; undefined for those that choose. */
export function ownerOf(key: ControlKey): ControlOwner {
  const setting = CONTROL_SETTINGS[key];
  return "owner" in setting ? setting.owner : undefined;
}

/** What the owners are called. */
export const OWNER_TITLES: Readonly<
  Record<NonNullable<ControlOwner>, string>
> = {
  "ati": "ATI",
  "wan-move": "Wan-Move",
  "none": "Image to video",
};

/** The values among others, for example of a job file's entry. */
export function controlValuesIn(values: ControlValues): ControlValues {
  return Object.fromEntries(
    CONTROL_KEYS.flatMap((key) =>
      values[key] === undefined ? [] : [[key, values[key]]]
    ),
  );
}
