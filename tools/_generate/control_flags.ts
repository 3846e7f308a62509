/**
 * The flags that choose how motion enters the model: the settings of motion
 * control, for all entries that do not say it themselves.
 *
 * @module
 */

import {
  CONTROL_KEYS,
  CONTROL_SETTINGS,
  type ControlValues,
  controlValuesIn,
  OWNER_TITLES,
  ownerOf,
} from "../../core/control/control_values.ts";
import {
  describeIdleMotion,
  describeStray,
  findStray,
} from "../../core/control/resolve_control.ts";
import { settingOption } from "../shared/setting_option.ts";
import { type Command, UsageError } from "../shared/tool.ts";

/** The names of all control flags. */
export const CONTROL_FLAGS = CONTROL_KEYS;

/** Adds the flags to a program. */
export function addControlFlags(
  program: Command,
): { opts(): ControlValues } {
  for (const key of CONTROL_KEYS) {
    const setting = CONTROL_SETTINGS[key];
    const owner = ownerOf(key);
    program.optionsGroup(`${setting.group}:`).addOption(
      settingOption(setting, owner && `${OWNER_TITLES[owner]}: `),
    );
  }
  return { opts: () => controlValuesIn(program.opts()) };
}

/**
 * What the flags choose.
 *
 * @throws {UsageError} When a flag belongs to another method than `--control`,
 * or the motion would act in no step.
 */
export function controlOf(flags: ControlValues): ControlValues {
  const values = controlValuesIn(flags);
  const write = (key: string, value?: string) =>
    value === undefined ? `--${key}` : `--${key} ${value}`;
  const [stray] = findStray(values);
  if (stray) throw new UsageError(describeStray(stray, values, write));
  const idle = describeIdleMotion(values, write);
  if (idle !== undefined) throw new UsageError(idle);
  return values;
}
