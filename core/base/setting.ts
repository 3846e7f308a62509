/**
 * Settings as data: what the help of a tool, the check of a job file, and a
 * form need to know of a value that a person chooses.
 *
 * @module
 */

/** What every setting has. */
export interface SettingBasics {
  /** The key in job files; the flag is `--` and the same. */
  readonly name: string;
  /** The title of the field in a form. */
  readonly label: string;
  /** The title of the group that it is listed in. */
  readonly group: string;
  /** What it does and how to choose, in one sentence without a period. */
  readonly help: string;
}

/** A number within bounds. */
export interface NumberSetting extends SettingBasics {
  /** A whole number, or any. */
  readonly kind: "integer" | "number";
  /** The least allowed value. */
  readonly min: number;
  /** The greatest allowed value. */
  readonly max: number;
  /** The step of a slider or of arrow keys. */
  readonly step: number;
  /** What applies where nothing is chosen; undefined where it is computed. */
  readonly default?: number;
}

/** One of several names. */
export interface ChoiceSetting<Value extends string = string>
  extends SettingBasics {
  /** Its values are names. */
  readonly kind: "choice";
  /** The names. */
  readonly choices: readonly Value[];
  /** What applies where nothing is chosen. */
  readonly default: Value;
  /** The name that the flag stands for without a value, if it may have none. */
  readonly bare?: Value;
}

/** The path of a file or folder. */
export interface PathSetting extends SettingBasics {
  /** Its values are paths. */
  readonly kind: "path";
}

/** A value that a person chooses. */
export type Setting = NumberSetting | ChoiceSetting | PathSetting;

/** What values a setting has, as text: `a number from 0 to 1`. */
export function describeValues(setting: Setting): string {
  switch (setting.kind) {
    case "integer":
      return `a whole number from ${setting.min} to ${setting.max}`;
    case "number":
      return `a number from ${setting.min} to ${setting.max}`;
    case "choice":
      return `one of ${setting.choices.join(", ")}`;
    case "path":
      return "a path";
  }
}

/** Whether a value is one of a setting's. */
export function acceptsValue(setting: Setting, value: unknown): boolean {
  switch (setting.kind) {
    case "integer":
    case "number":
      return typeof value === "number" && value >= setting.min &&
        value <= setting.max &&
        (setting.kind === "number" || Number.isInteger(value));
    case "choice":
      return setting.choices.includes(value as string);
    case "path":
      return typeof value === "string" && value.trim() !== "" &&
        // deno-lint-ignore no-control-regex
        !/[\x00-\x1f\x7f]/.test(value);
  }
}
