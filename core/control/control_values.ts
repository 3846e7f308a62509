/**
 * How one video is steered, as a person writes it: the keys of a job file and
 * the flags of the same names, each described as data.
 *
 * @module
 */

import type { Setting } from "../base/setting.ts";
import {
  ATTENTION_GUIDANCE,
  ATTENTION_GUIDANCE_MOST,
} from "../sampling/attention_guidance.ts";
import { CONTROL_METHODS, type ControlMethod } from "./motion_control.ts";

/** Whose clocks Time-to-Move has, or that it is not used. */
export type TimeToMoveMode = "off" | "auto" | "object" | "camera";

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
  /** Time-to-Move: its clocks, or `off`. */
  readonly time_to_move?: TimeToMoveMode;
  /** Time-to-Move: the user's motion signal in place of the motion preview. */
  readonly motion_signal?: string;
  /** Time-to-Move: the mask that belongs to it. */
  readonly motion_mask?: string;
  /** Time-to-Move: the step to start from. */
  readonly tweak?: number;
  /** Time-to-Move: the step from which nothing is reset. */
  readonly tstrong?: number;
  /** Normalized attention guidance: its scale; 0 for none. */
  readonly nag_scale?: number;
  /** Normalized attention guidance: the most that features may grow. */
  readonly nag_tau?: number;
  /** Normalized attention guidance: the share of the guided features. */
  readonly nag_alpha?: number;
}

/** The name of a chosen value: a key of a job file, and a flag. */
export type ControlKey = keyof ControlValues;

/**
 * What a setting belongs to: one method, Time-to-Move, normalized attention
 * guidance, or everything.
 */
export type ControlOwner = ControlMethod | "time_to_move" | "nag" | undefined;

const GROUP = "Motion control";
const GUIDANCE = "Sampling";
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
  time_to_move: {
    name: "time_to_move",
    label: "Time-to-Move",
    group: GROUP,
    help:
      "start from a rough video of the motion, with any control: object or camera (which is also how long it is followed), auto: whichever the tracks move",
    kind: "choice",
    choices: ["off", "auto", "object", "camera"],
    default: "off",
    bare: "auto",
  },
  motion_signal: {
    name: "motion_signal",
    label: "Motion signal",
    group: GROUP,
    owner: "time_to_move",
    help:
      "your rough video in place of the motion preview: an .mp4, or a folder with motion_signal.mp4 and mask.mp4",
    kind: "path",
  },
  motion_mask: {
    name: "motion_mask",
    label: "Motion mask",
    group: GROUP,
    owner: "time_to_move",
    help: "its mask, an .mp4 that is white where something moves",
    kind: "path",
  },
  tweak: {
    name: "tweak",
    label: "First step",
    group: GROUP,
    owner: "time_to_move",
    help:
      "the step to start from, -1: from noise alone (default: 3 of 50 steps for object, 2 for camera)",
    kind: "integer",
    min: -1,
    max: 99,
    step: 1,
  },
  tstrong: {
    name: "tstrong",
    label: "Last reset",
    group: GROUP,
    owner: "time_to_move",
    help:
      "the step from which moving regions are free (default: 7 of 50 steps for object, 5 for camera)",
    kind: "integer",
    min: 0,
    max: 99,
    step: 1,
  },
  nag_scale: {
    name: "nag_scale",
    label: "Attention guidance",
    group: GUIDANCE,
    help:
      "NAG: lets the negative prompt act within one pass, also at guidance 1; 11 is usual, 0 off",
    kind: "number",
    min: 0,
    max: ATTENTION_GUIDANCE_MOST.scale,
    step: 0.5,
    default: 0,
  },
  nag_tau: {
    name: "nag_tau",
    label: "Attention limit",
    group: GUIDANCE,
    owner: "nag",
    help:
      "the most that the guidance may strengthen features, as a factor (default: 2.5)",
    kind: "number",
    min: 1,
    max: ATTENTION_GUIDANCE_MOST.tau,
    step: 0.1,
    default: ATTENTION_GUIDANCE.tau,
  },
  nag_alpha: {
    name: "nag_alpha",
    label: "Attention share",
    group: GUIDANCE,
    owner: "nag",
    help: "the share of the guided features, 0 to 1 (default: 0.25)",
    ...WHOLE_RUN,
    default: ATTENTION_GUIDANCE.alpha,
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
  "time_to_move": "Time-to-Move",
  "nag": "NAG",
};

/** The values among others, for example of a job file's entry. */
export function controlValuesIn(values: ControlValues): ControlValues {
  return Object.fromEntries(
    CONTROL_KEYS.flatMap((key) =>
      values[key] === undefined ? [] : [[key, values[key]]]
    ),
  );
}
