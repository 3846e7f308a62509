/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The strip between tool bar and picture: the options of the tool in hand,
 * and what is shown over the picture.
 *
 * @module
 */

import type { ComponentChildren } from "npm:preact@10.29.8";
import type { Signal } from "npm:@preact/signals@2.11.4";
import { Toggle } from "../components/toggle.tsx";
import { addAnchorGrid } from "./actions.ts";
import {
  circleCount,
  curveKind,
  falloff,
  footprints,
  livePreview,
  loupe,
  onionSkin,
  strokeSpeed,
  tension,
  tool,
} from "./state.ts";
import { gridColumns, gridRows } from "./stage/grid.ts";

/** The strip. */
export function ToolOptions() {
  return (
    <div class="options">
      <div class="group" role="group" aria-label="Options of the tool">
        <OptionsOf tool={tool.value} />
      </div>
      <span class="spring" />
      <div class="group" role="group" aria-label="What is shown">
        <Toggle
          of={livePreview}
          icon="film"
          label="Preview"
          title="Move the picture along with the tracks"
        />
        <Toggle
          of={onionSkin}
          icon="layers"
          label="Onion skin"
          title="Show where things are at other frames"
        />
        <Toggle
          of={footprints}
          icon="rings"
          label="Reach"
          title="Show how far each track reaches: its weight falls to 37 % at the inner ring and to 1 % at the outer one"
        />
        <Toggle
          of={loupe}
          icon="loupe"
          label="Loupe"
          title="Magnify what is under the pointer (L)"
        />
      </div>
    </div>
  );
}

function OptionsOf({ tool }: { readonly tool: string }) {
  switch (tool) {
    case "select":
      return (
        <Slider
          label="Neighbours follow"
          of={falloff}
          min={0}
          max={40}
          step={1}
          unit="points"
          title="How many points away a neighbour follows a dragged point by half"
        />
      );
    case "freehand":
      return (
        <Choice
          label="Speed"
          of={strokeSpeed}
          values={[["even", "Even"], ["drawn", "As drawn"]]}
        />
      );
    case "spline":
      return (
        <>
          <Choice
            label="Curve"
            of={curveKind}
            values={[["cardinal", "Smooth"], ["linear", "Straight"], [
              "bezier",
              "Bezier",
            ]]}
          />
          {curveKind.value === "cardinal" && (
            <Slider
              label="Tension"
              of={tension}
              min={0}
              max={1}
              step={0.05}
              title="0 is round, 1 is straight"
            />
          )}
        </>
      );
    case "static":
      return (
        <>
          <NumberField label="Grid" of={gridColumns} min={1} max={40} />
          <NumberField label="×" of={gridRows} min={1} max={40} />
          <button
            type="button"
            class="button"
            title="Anchors over the whole picture, away from what moves"
            onClick={addAnchorGrid}
          >
            Add grid
          </button>
        </>
      );
    case "circle":
      return <NumberField label="Points" of={circleCount} min={1} max={64} />;
    default:
      return <Hint>Drag to move the picture, scroll to zoom.</Hint>;
  }
}

function Hint({ children }: { readonly children: ComponentChildren }) {
  return <span class="hint">{children}</span>;
}

function Choice<T extends string>(props: {
  readonly label: string;
  readonly of: Signal<T>;
  readonly values: readonly (readonly [value: T, label: string])[];
}) {
  return (
    <div class="choice" role="radiogroup" aria-label={props.label}>
      <span class="label" aria-hidden="true">{props.label}</span>
      {props.values.map(([value, label]) => (
        <button
          key={value}
          type="button"
          role="radio"
          class="button quiet"
          aria-checked={props.of.value === value}
          onClick={() => props.of.value = value}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function Slider(props: {
  readonly label: string;
  readonly of: Signal<number>;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  readonly title: string;
}) {
  return (
    <label class="slider" title={props.title}>
      <span class="label">{props.label}</span>
      <input
        type="range"
        min={props.min}
        max={props.max}
        step={props.step}
        value={props.of.value}
        onInput={(event) => props.of.value = event.currentTarget.valueAsNumber}
      />
      <output>{props.of.value} {props.unit}</output>
    </label>
  );
}

function NumberField(props: {
  readonly label: string;
  readonly of: Signal<number>;
  readonly min: number;
  readonly max: number;
}) {
  return (
    <label class="number">
      <span class="label">{props.label}</span>
      <input
        type="number"
        min={props.min}
        max={props.max}
        value={props.of.value}
        onInput={(event) => {
          const value = Math.round(event.currentTarget.valueAsNumber);
          if (value >= props.min && value <= props.max) props.of.value = value;
        }}
      />
    </label>
  );
}
