/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The field of a setting that is described as data. Left empty, the default
 * applies, which the field shows in gray.
 *
 * @module
 */

import { useId } from "npm:preact@10.29.8/hooks";
import {
  accepts,
  describe,
  type GenerateSetting,
} from "../model/generate_settings.ts";

/** A value of any setting. */
type Value = string | number | boolean;

/** The field. */
export function SettingField({ setting, value, disabled, onValue }: {
  readonly setting: GenerateSetting;
  /** What was chosen; undefined for the default. */
  readonly value: Value | undefined;
  readonly disabled: boolean;
  /** Called with a value of the setting, or with undefined for the default. */
  readonly onValue: (value: Value | undefined) => void;
}) {
  const id = useId();
  const { label, help, name } = setting;
  return (
    <div class="setting" data-setting={name} title={help}>
      <label for={id}>{label}</label>
      {setting.kind === "switch"
        ? (
          <input
            id={id}
            type="checkbox"
            checked={value === true}
            disabled={disabled}
            onChange={(event) =>
              onValue(event.currentTarget.checked || undefined)}
          />
        )
        : setting.kind === "choice"
        ? (
          <select
            id={id}
            disabled={disabled}
            onChange={(event) => {
              const chosen = event.currentTarget.value;
              onValue(chosen === setting.default ? undefined : chosen);
            }}
          >
            {setting.choices.map((choice) => (
              <option
                key={choice}
                value={choice}
                selected={choice === (value ?? setting.default)}
              >
                {choice}
              </option>
            ))}
          </select>
        )
        : (
          <TypedField
            id={id}
            setting={setting}
            value={value}
            disabled={disabled}
            onValue={onValue}
          />
        )}
    </div>
  );
}

/** A number or a text; what is not allowed is said by the browser. */
function TypedField({ id, setting, value, disabled, onValue }: {
  readonly id: string;
  readonly setting: GenerateSetting;
  readonly value: Value | undefined;
  readonly disabled: boolean;
  readonly onValue: (value: Value | undefined) => void;
}) {
  const isNumber = setting.kind === "integer" || setting.kind === "number";
  const standard = "default" in setting ? setting.default : undefined;
  return (
    <input
      id={id}
      type={isNumber ? "number" : "text"}
      value={value === undefined ? "" : String(value)}
      placeholder={standard !== undefined
        ? String(standard)
        : setting.kind === "text"
        ? setting.example
        : setting.name === "base_seed"
        ? "random"
        : "automatic"}
      min={isNumber ? setting.min : undefined}
      max={isNumber ? setting.max : undefined}
      step={setting.kind === "integer" ? setting.step : "any"}
      disabled={disabled}
      onInput={(event) => event.currentTarget.setCustomValidity("")}
      onChange={(event) => {
        const input = event.currentTarget;
        const typed = input.value.trim();
        if (typed === "" && input.validity.valid) return onValue(undefined);
        const next = isNumber ? input.valueAsNumber : typed;
        if (accepts(setting, next)) return onValue(next);
        input.setCustomValidity(`Expected ${describe(setting)}`);
        input.reportValidity();
        input.value = value === undefined ? "" : String(value);
      }}
    />
  );
}
