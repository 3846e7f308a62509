/**
 * Flags made of settings that are described as data.
 *
 * @module
 */

import {
  acceptsValue,
  describeValues,
  type Setting,
} from "../../core/base/setting.ts";
import { InvalidArgumentError, numberBetween, Option } from "./tool.ts";

/** What the value is called in the help. */
const PLACEHOLDERS = {
  integer: "number",
  number: "number",
  choice: "name",
  path: "file",
} as const;

/**
 * The flag of a setting. It has no default: what is absent was not chosen.
 *
 * @param prefix what the setting belongs to, before its help
 */
export function settingOption(setting: Setting, prefix = ""): Option {
  const { name, help, kind } = setting;
  const value = PLACEHOLDERS[kind];
  const isBare = kind === "choice" && setting.bare !== undefined;
  const option = new Option(
    `--${name} ${isBare ? `[${value}]` : `<${value}>`}`,
    prefix + help +
      (kind === "choice" ? ` (default: ${setting.default})` : ""),
  );
  switch (kind) {
    case "integer":
    case "number":
      return option.argParser(numberBetween(setting.min, setting.max, kind));
    case "choice":
      if (setting.bare !== undefined) option.preset(setting.bare);
      return option.choices(setting.choices);
    case "path":
      return option.argParser((text) => {
        if (acceptsValue(setting, text)) return text;
        throw new InvalidArgumentError(`expected ${describeValues(setting)}.`);
      });
  }
}
