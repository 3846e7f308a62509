/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * When a motion runs and how its speed changes over time: for tracks and
 * camera moves alike.
 *
 * @module
 */

import { FrameField, Section } from "../../components/fields.tsx";
import type { Timing } from "../../model/document.ts";
import { type Easing, EASINGS } from "../../model/easing.ts";
import { setTimingEnd } from "../../model/timing_edits.ts";
import { EasingCurve } from "./EasingCurve.tsx";

const ENDS = [
  ["start", "Start", "The frame at which the motion starts"],
  ["end", "End", "The frame at which the motion ends"],
] as const;

/** The value that all have, undefined when they disagree. */
export function common<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

/** Start, end and easing of one or several motions. */
export function TimingFields(props: {
  readonly timings: readonly Timing[];
  readonly disabled?: boolean;
  /** Whether anything moves: what stands still has no easing. */
  readonly moves?: boolean;
  readonly onChange: (
    change: (timing: Timing) => Timing,
    options?: { readonly gesture?: string },
  ) => void;
}) {
  const { timings, onChange, disabled = false, moves = true } = props;
  const easing = timings[0]!.easing;
  const preset = common(timings.map((t) => presetOf(t.easing)));
  return (
    <Section title="Time">
      <div class="pair">
        {ENDS.map(([end, label, title]) => (
          <FrameField
            key={end}
            label={label}
            title={title}
            value={common(timings.map((t) => t[end]))}
            disabled={disabled}
            onValue={(at) =>
              onChange((t) =>
                setTimingEnd(t, end === "start" ? { start: at } : { end: at })
              )}
          />
        ))}
      </div>
      {moves && (
        <>
          <label class="field">
            <span class="label">Easing</span>
            <select
              aria-label="Easing"
              value={preset ?? "mixed"}
              disabled={disabled}
              onChange={(event) => {
                const chosen = EASINGS[
                  event.currentTarget.value as keyof typeof EASINGS
                ];
                if (chosen) onChange((t) => ({ ...t, easing: [...chosen] }));
              }}
            >
              {Object.keys(EASINGS).map((name) => (
                <option key={name} value={name}>{name}</option>
              ))}
              {preset === "custom" && <option value="custom">Custom</option>}
              {preset === undefined && <option value="mixed">Mixed</option>}
            </select>
          </label>
          <EasingCurve
            easing={easing}
            disabled={disabled}
            onChange={(next, gesture) =>
              onChange((t) => ({ ...t, easing: next }), { gesture })}
          />
        </>
      )}
    </Section>
  );
}

function presetOf(easing: Easing): string {
  const found = Object.entries(EASINGS).find(([, values]) =>
    values.every((value, i) => value === easing[i])
  );
  return found?.[0] ?? "custom";
}
