/**
 * The flags that choose how motion enters the model.
 *
 * @module
 */

import type { ControlSettings } from "../../core/control/create_control.ts";
import { CONTROL_METHODS } from "../../core/control/motion_control.ts";
import {
  type Command,
  numberBetween,
  Option,
  UsageError,
} from "../shared/tool.ts";

/** Flags that belong to one method only. */
const OWN_FLAGS = {
  "ati": ["temperature", "topk", "motion_start", "motion_end"],
  "wan-move": ["motion_strength", "uncond_motion"],
  "none": [],
} as const;

/** The names of all control flags. */
export const CONTROL_FLAGS = [
  "control",
  ...Object.values(OWN_FLAGS).flat(),
] as const;

/** Adds the flags to a program. */
export function addControlFlags(program: Command) {
  return program
    .optionsGroup("Motion control:")
    .addOption(
      new Option(
        "--control <method>",
        "how tracks steer: ati; wan-move (needs Wan-Move's checkpoint); none is plain image-to-video",
      ).choices(CONTROL_METHODS).default("ati" as const),
    )
    .option(
      "--temperature <number>",
      "ATI: how narrow a track's influence is; trained with 220",
      numberBetween(0, 10_000),
    )
    .option(
      "--topk <number>",
      "ATI: how many tracks act at one place; trained with 2",
      numberBetween(1, 100, "integer"),
    )
    .option(
      "--motion_start <fraction>",
      "ATI: the fraction of the steps from which the motion acts, 0 to 1",
      numberBetween(0, 1),
    )
    .option(
      "--motion_end <fraction>",
      "ATI: the fraction up to which it acts, included, 0 to 1",
      numberBetween(0, 1),
    )
    .option(
      "--motion_strength <number>",
      "Wan-Move: 1 replaces features as trained, 0 leaves them",
      numberBetween(0, 10),
    )
    .addOption(
      new Option(
        "--uncond_motion <on|off>",
        "Wan-Move: whether the pass with the negative prompt gets the motion; on as the official code",
      ).choices(["on", "off"] as const),
    );
}

/** What the flags hold. */
type ControlFlagValues = ReturnType<
  ReturnType<typeof addControlFlags>["opts"]
>;

/**
 * The method and its settings.
 *
 * @throws {UsageError} When a flag belongs to another method.
 */
export function controlOf(
  flags: ControlFlagValues,
  compat: "exact" | "reference",
): ControlSettings {
  const { control: method } = flags;
  for (const [owner, names] of Object.entries(OWN_FLAGS)) {
    const stray = names.find((name) => flags[name] !== undefined);
    if (owner !== method && stray !== undefined) {
      throw new UsageError(
        `Cannot use --${stray} with --control ${method}: it belongs to --control ${owner}`,
      );
    }
  }
  switch (method) {
    case "none":
      return { method };
    case "wan-move":
      return {
        method,
        ...(flags.motion_strength !== undefined &&
          { strength: flags.motion_strength }),
        ...(flags.uncond_motion && { uncondMotion: flags.uncond_motion }),
        ...(compat === "reference" && { compat }),
      };
    case "ati":
      return {
        method,
        ...(flags.temperature !== undefined &&
          { temperature: flags.temperature }),
        ...(flags.topk !== undefined && { topk: flags.topk }),
        ...(flags.motion_start !== undefined &&
          { motionStart: flags.motion_start }),
        ...(flags.motion_end !== undefined && { motionEnd: flags.motion_end }),
      };
  }
}
