/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Fields of the panels: numbers that are typed, choices, switches. Each shows
 * "mixed" where several tracks differ.
 *
 * @module
 */

import type { ComponentChildren } from "npm:preact@10.29.8";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Icon, type IconName } from "./icon.tsx";
import { walkRadios } from "./radio_keys.ts";

/** At most two digits after the point, and no zeros for nothing. */
export function formatNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A number that can be typed; it counts when Enter is pressed or focus leaves. */
export function NumberField(props: {
  /** What it is, shown on its left. */
  readonly label: string;
  /** What readers call it, where that is more than the label. */
  readonly name?: string;
  /** The number; undefined shows "mixed". */
  readonly value: number | undefined;
  /** Takes a number within the limits. */
  readonly onValue: (value: number) => void;
  readonly min?: number;
  readonly max?: number;
  readonly step?: number;
  readonly unit?: string;
  readonly title?: string;
  readonly disabled?: boolean;
}) {
  const draft = useSignal<string | undefined>(undefined);
  const { value, min = -Infinity, max = Infinity } = props;
  const shown = value === undefined ? "" : formatNumber(value);
  const take = (input: HTMLInputElement) => {
    const typed = input.valueAsNumber;
    draft.value = undefined;
    if (Number.isFinite(typed) && input.value !== shown) {
      props.onValue(Math.min(max, Math.max(min, typed)));
    }
    input.value = shown;
  };
  return (
    <label class="field" title={props.title}>
      <span class="label">{props.label}</span>
      <input
        type="number"
        aria-label={props.name ?? props.label}
        value={draft.value ?? shown}
        min={Number.isFinite(min) ? min : undefined}
        max={Number.isFinite(max) ? max : undefined}
        step={props.step ?? 1}
        disabled={props.disabled}
        placeholder={value === undefined ? "mixed" : undefined}
        data-draft={draft.value === undefined ? undefined : ""}
        onInput={(event) => draft.value = event.currentTarget.value}
        onChange={(event) => take(event.currentTarget)}
        onBlur={() => draft.value = undefined}
        onKeyDown={(event) => {
          // Done: the keys are meant for the image again.
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
      {props.unit && <span class="unit">{props.unit}</span>}
    </label>
  );
}

/** A frame, from 0 unless limited further to `max`. */
export function FrameField(
  props: Parameters<typeof NumberField>[0] & { readonly max: number },
) {
  return (
    <NumberField
      min={0}
      {...props}
      onValue={(frame) => props.onValue(Math.round(frame))}
    />
  );
}

/** A few values of which one is in force: buttons in a row. */
export function ChoiceField<T extends string>(props: {
  readonly label: string;
  /** The value in force; undefined when several disagree. */
  readonly value: T | undefined;
  readonly values: readonly (readonly [
    value: T,
    label: string,
    title?: string,
  ])[];
  readonly onValue: (value: T) => void;
  readonly disabled?: boolean;
}) {
  const { values, value } = props;
  const current = values.findIndex(([v]) => v === value);
  return (
    <div class="field">
      <span class="label" aria-hidden="true">{props.label}</span>
      <div
        class="segments"
        role="radiogroup"
        aria-label={props.label}
        onKeyDown={walkRadios}
      >
        {values.map(([v, label, title], i) => (
          <button
            key={v}
            type="button"
            role="radio"
            aria-checked={v === value}
            title={title}
            tabIndex={i === Math.max(0, current) ? 0 : -1}
            disabled={props.disabled}
            onClick={() => props.onValue(v)}
          >
            {label}
          </button>
        ))}
      </div>
    </div>
  );
}

/** A value that is felt rather than typed. */
export function SliderField(props: {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  readonly title?: string;
  readonly disabled?: boolean;
  readonly onValue: (value: number) => void;
}) {
  return (
    <label class="field" title={props.title}>
      <span class="label">{props.label}</span>
      <input
        type="range"
        aria-label={props.label}
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.value}
        disabled={props.disabled}
        onInput={(event) => props.onValue(event.currentTarget.valueAsNumber)}
      />
      <output>{formatNumber(props.value)}{props.unit}</output>
    </label>
  );
}

/** A small button of an icon; its text is in its tooltip. */
export function IconButton(props: {
  readonly icon: IconName;
  /** What it does, for readers and in the tooltip. */
  readonly label: string;
  /** More for the tooltip, for example the key. */
  readonly hint?: string;
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly tabIndex?: number;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="button quiet small icon-only"
      aria-label={props.label}
      aria-pressed={props.pressed}
      title={props.hint ? `${props.label} (${props.hint})` : props.label}
      disabled={props.disabled}
      tabIndex={props.tabIndex}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A part of a panel with a heading of its own. */
export function Section(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}) {
  return (
    <section class="part">
      <div class="part-head">
        <h3>{props.title}</h3>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}
