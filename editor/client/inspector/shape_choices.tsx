/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The settings that a shape has from its tool on: chosen in the strip above
 * the image for what is drawn next, in the inspector for what is there.
 *
 * @module
 */

import {
  ChoiceField,
  NumberField,
  SliderField,
} from "../../components/fields.tsx";
import type { FreehandShape, SplineShape } from "../../model/document.ts";
import { falloff } from "../state.ts";

interface ChoiceProps<T> {
  readonly value: T;
  readonly disabled?: boolean;
  readonly onValue: (value: T) => void;
}

/** How a spline runs through its points. */
export function CurveField(props: ChoiceProps<SplineShape["curve"]>) {
  return (
    <ChoiceField
      label="Curve"
      values={[
        ["cardinal", "Smooth", "Runs smoothly through all points"],
        ["linear", "Linear", "Straight from point to point"],
        ["bezier", "Bezier", "Each point has two handles"],
      ]}
      {...props}
    />
  );
}

/** How tight a smooth curve is. */
export function TensionField(props: ChoiceProps<number>) {
  return (
    <SliderField
      label="Tension"
      title="0 is round, 1 is straight"
      min={0}
      max={1}
      step={0.05}
      {...props}
    />
  );
}

/** How a stroke is walked. */
export function PaceField(props: ChoiceProps<FreehandShape["speed"]>) {
  return (
    <ChoiceField
      label="Timing"
      values={[
        ["even", "Constant", "Constant speed along the path"],
        ["drawn", "As drawn", "The speed of the stroke"],
      ]}
      {...props}
    />
  );
}

/** The number of tracks on a circle. */
export function CirclePointsField(props: ChoiceProps<number>) {
  return (
    <NumberField
      label="Points"
      title="Number of tracks on the circle"
      min={1}
      max={64}
      {...props}
      onValue={(count) => props.onValue(Math.round(count))}
    />
  );
}

/** How far the neighbors of a dragged point come along. */
export function FalloffField() {
  return (
    <SliderField
      label="Falloff"
      title="How many points away a neighbor follows a dragged point by half"
      value={falloff.value}
      min={0}
      max={40}
      step={1}
      unit=" points"
      onValue={(value) => falloff.value = value}
    />
  );
}
