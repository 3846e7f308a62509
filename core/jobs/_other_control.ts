/**
 * How a finished video was steered, next to how its item would be now.
 *
 * @module
 */

import {
  CONTROL_SETTINGS,
  type ControlKey,
} from "../control/control_values.ts";
import {
  type ControlSettings,
  DEFAULT_CONTROL,
} from "../control/create_control.ts";
import type { Steering } from "../control/resolve_control.ts";
import {
  chosenClock,
  type DualClock,
} from "../control/time_to_move/dual_clock.ts";
import type { AttentionGuidance } from "../sampling/attention_guidance.ts";
import { findSignalFiles, sourceOf } from "./item_signal.ts";

/** What a recipe says of how its video was steered. */
export interface MadeControl {
  /** The control method and what was said about it. */
  readonly control?: ControlSettings;
  /** The clocks of Time-to-Move, if it was used. */
  readonly timeToMove?: DualClock;
  /** Normalized attention guidance, if it was used. */
  readonly nag?: Partial<AttentionGuidance>;
  /** The steps that the clocks count. */
  readonly steps?: number;
}

/** The hashes of a motion signal's files. */
export interface MadeSignal {
  /** Of the signal; made of the tracks if absent. */
  readonly signal_sha256?: string;
  /** Of the mask. */
  readonly mask_sha256?: string;
}

/** The keys of the clocks and of the signal's files. */
const CLOCK = ["time_to_move", "tweak", "tstrong"] as const;
const SIGNAL = ["motion_signal", "motion_mask"] as const;
type Clock = typeof CLOCK[number];

/** Where settings have what the other keys say. */
const STORED = {
  control: ["control", "method"],
  temperature: ["control", "temperature"],
  topk: ["control", "topk"],
  motion_start: ["control", "motionStart"],
  motion_end: ["control", "motionEnd"],
  motion_strength: ["control", "strength"],
  uncond_motion: ["control", "uncondMotion"],
  nag_scale: ["nag", "scale"],
  nag_tau: ["nag", "tau"],
  nag_alpha: ["nag", "alpha"],
} as const satisfies Record<
  Exclude<ControlKey, Clock | typeof SIGNAL[number]>,
  readonly ["control" | "nag", string]
>;

/**
 * The keys, among some, that say something else than what the video was made
 * with. What neither says is the default.
 *
 * @param keys those that are compared
 * @param changed those among them of which it is known that they were edited
 */
export function otherControl(
  now: Steering = { control: DEFAULT_CONTROL },
  made: MadeControl,
  { keys, changed }: {
    readonly keys: readonly ControlKey[];
    readonly changed: readonly string[];
  },
): ControlKey[] {
  const before = { control: DEFAULT_CONTROL, ...made };
  return keys.filter((key) => {
    if (isClock(key)) {
      return otherClock(key, now, { made, isEdited: changed.includes(key) });
    }
    if (isSignal(key)) return false;
    const [group, name] = STORED[key];
    const valueIn = (settings: { control: object; nag?: object }) =>
      (settings[group] as Record<string, unknown> | undefined)?.[name] ??
        CONTROL_SETTINGS[key].default;
    return valueIn(now) !== valueIn(before);
  });
}

function isClock(key: ControlKey): key is Clock {
  return (CLOCK as readonly string[]).includes(key);
}

/** Whether a key names a file of a motion signal. */
export function isSignal(key: string): key is typeof SIGNAL[number] {
  return (SIGNAL as readonly string[]).includes(key);
}

/**
 * Whether Time-to-Move was used in another way. A recipe has the steps, but not
 * whose clocks they are of, and flags may have set them: without an edit, only
 * that it was used counts for `time_to_move`.
 */
function otherClock(
  key: Clock,
  { timeToMove: now }: Steering,
  { made: { timeToMove: made, steps }, isEdited }: {
    readonly made: MadeControl;
    readonly isEdited: boolean;
  },
): boolean {
  if (!now || !made) return Boolean(now) !== Boolean(made);
  if (steps === undefined || (key === "time_to_move" && !isEdited)) {
    return false;
  }
  const { mode } = now;
  const modes = mode === "auto" ? ["object", "camera"] as const : [mode];
  const same = modes.some((mode) => {
    const { tweak, tstrong } = chosenClock({ ...now, mode }, steps);
    const isFirst = tweak === made.tweak, isLast = tstrong === made.tstrong;
    return key === "tweak"
      ? isFirst
      : key === "tstrong"
      ? isLast
      : isFirst && isLast;
  });
  return !same;
}

/**
 * Whether the files of an item's motion signal are others than those of the
 * video. A folder and the files in it are the same.
 */
export async function isOtherSignal(
  { timeToMove }: Partial<Steering> = {},
  made: MadeSignal | undefined,
): Promise<boolean> {
  const { signal, mask } = timeToMove ?? {};
  const isNamed = signal !== undefined || mask !== undefined;
  const wasNamed = made?.signal_sha256 !== undefined ||
    made?.mask_sha256 !== undefined;
  if (!isNamed || !wasNamed) return isNamed !== wasNamed;
  const now = await sourceOf(await findSignalFiles({ ...timeToMove }));
  return now.signal_sha256 !== made?.signal_sha256 ||
    now.mask_sha256 !== made?.mask_sha256;
}
