/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * When a motion runs and how its speed changes over time: for tracks and
 * camera moves alike.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { FrameField, Section } from "../../components/fields.tsx";
import type { Timing } from "../../model/document.ts";
import { type Easing, EASINGS } from "../../model/easing.ts";
import { easingParts, setPart } from "../../model/easing_parts.ts";
import { setTimingEnd } from "../../model/timing_edits.ts";
import { lastFrame } from "../state.ts";
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
  const part = useSignal(0);
  const [first] = timings;
  const shown = Math.min(part.value, first!.joints?.length ?? 0);
  const preset = common(timings.map((t) => presetOf(partOf(t, shown))));
  return (
    <Section title="Time">
      <div class="pair">
        {ENDS.map(([end, label, title]) => (
          <FrameField
            key={end}
            label={label}
            title={title}
            value={common(timings.map((t) => t[end]))}
            max={lastFrame.value}
            disabled={disabled}
            onValue={(at) =>
              onChange((t) =>
                setTimingEnd(
                  t,
                  end === "start" ? { start: at } : { end: at },
                  { last: lastFrame.peek() },
                )
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
                if (!chosen) return;
                onChange((t) => ({
                  ...t,
                  ...setPart(t, Math.min(shown, t.joints?.length ?? 0), [
                    ...chosen,
                  ]),
                }));
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
            easing={first!}
            part={shown}
            disabled={disabled}
            onPart={(next) => part.value = next}
            onChange={({ easing, joints }, gesture) =>
              onChange(
                ({ joints: _, ...t }) => ({
                  ...t,
                  easing,
                  ...joints && { joints },
                }),
                gesture === undefined ? {} : { gesture },
              )}
          />
        </>
      )}
    </Section>
  );
}

/** The curve of a part; of the last one where there are fewer. */
function partOf(timing: Timing, part: number): Easing {
  return (easingParts(timing)[part] ?? easingParts(timing).at(-1)!).easing;
}

function presetOf(easing: Easing): string {
  const found = Object.entries(EASINGS).find(([, values]) =>
    values.every((value, i) => value === easing[i])
  );
  return found?.[0] ?? "custom";
}
