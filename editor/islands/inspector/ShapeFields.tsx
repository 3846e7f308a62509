/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What is particular to a kind of shape: the curve of a spline, the circle of
 * a zoom, the speed of a stroke.
 *
 * @module
 */

import {
  ChoiceField,
  IconButton,
  NumberField,
  Section,
  SliderField,
} from "../../components/fields.tsx";
import type { EditorTrack, Shape } from "../../model/document.ts";
import { LAST_FRAME } from "../../model/document.ts";
import { setCurve, setRadius, subdivideAll } from "../../model/edits.ts";
import { editTrack } from "../panels.ts";
import { wholeFrame } from "../state.ts";

type Kind<K extends Shape["kind"]> = Extract<Shape, { kind: K }>;

interface FieldsProps<K extends Shape["kind"]> {
  readonly shape: Kind<K>;
  readonly disabled: boolean;
  readonly set: (shape: Kind<K>, gesture?: string) => void;
}

/** The fields of one track's shape. */
export function ShapeFields(
  { track, disabled }: {
    readonly track: EditorTrack;
    readonly disabled: boolean;
  },
) {
  const { shape } = track;
  const set = (next: Shape, gesture?: string) =>
    editTrack(
      track.id,
      (t) => ({ ...t, shape: next }),
      gesture === undefined ? {} : { gesture },
    );
  switch (shape.kind) {
    case "spline":
      return <SplineFields {...{ shape, disabled, set }} />;
    case "circle":
      return <CircleFields {...{ shape, disabled, set }} />;
    case "freehand":
      return <FreehandFields {...{ shape, disabled, set }} />;
    default:
      return null;
  }
}

function SplineFields({ shape, disabled, set }: FieldsProps<"spline">) {
  return (
    <Section title={`Curve, ${shape.points.length} points`}>
      <ChoiceField
        label="Kind"
        value={shape.curve}
        values={[
          ["cardinal", "Smooth", "Runs smoothly through all points"],
          ["linear", "Straight", "Straight from point to point"],
          ["bezier", "Bezier", "Each point has two handles"],
        ]}
        disabled={disabled}
        onValue={(curve) => set(setCurve(shape, curve))}
      />
      {shape.curve === "cardinal" && (
        <SliderField
          label="Tension"
          title="0 is round, 1 is straight"
          value={shape.tension}
          min={0}
          max={1}
          step={0.05}
          disabled={disabled}
          onValue={(tension) => set({ ...shape, tension }, "tension")}
        />
      )}
      <button
        type="button"
        class="button small"
        title="A new point in the middle of every piece"
        disabled={disabled || shape.points.length < 2 ||
          shape.points.length > 500}
        onClick={() => set(subdivideAll(shape))}
      >
        Subdivide
      </button>
    </Section>
  );
}

function FreehandFields({ shape, disabled, set }: FieldsProps<"freehand">) {
  const timed = shape.times.length === shape.points.length;
  return (
    <Section title="Stroke">
      <ChoiceField
        label="Walk"
        value={shape.speed}
        values={[
          ["even", "Evenly", "At the same speed all the way"],
          ["drawn", "As drawn", "As fast as the hand was"],
        ]}
        disabled={disabled || !timed}
        onValue={(speed) => set({ ...shape, speed })}
      />
    </Section>
  );
}

function CircleFields({ shape, disabled, set }: FieldsProps<"circle">) {
  const { radii } = shape;
  const first = radii[0]!, last = radii.at(-1)!;
  const zoom = first.radius > 0 ? last.radius / first.radius : 1;
  const setKey = (index: number, frame: number, radius: number) =>
    set(
      setRadius({ ...shape, radii: radii.toSpliced(index, 1) }, frame, radius),
    );
  return (
    <Section
      title="Circle"
      actions={
        <IconButton
          icon="plus"
          label={`Add a radius at frame ${wholeFrame.value}`}
          disabled={disabled ||
            radii.some((key) => key.frame === wholeFrame.value)}
          onClick={() =>
            set(setRadius(shape, wholeFrame.value, radiusNow(shape)))}
        />
      }
    >
      <div class="pair">
        <NumberField
          label="Points"
          title="How many tracks stand on the circle"
          value={shape.count}
          min={1}
          max={64}
          disabled={disabled}
          onValue={(count) => set({ ...shape, count: Math.round(count) })}
        />
        <NumberField
          label="Angle"
          title="Where the first point stands, clockwise from the right"
          unit="°"
          value={shape.angle}
          disabled={disabled}
          onValue={(angle) => set({ ...shape, angle })}
        />
      </div>
      <NumberField
        label="Zoom"
        unit="× from first to last"
        title="The last radius over the first: above 1 comes closer"
        value={zoom}
        min={0}
        max={100}
        step={0.05}
        disabled={disabled || first.radius === 0}
        onValue={(factor) =>
          set(setRadius(
            shape,
            radii.length > 1 ? last.frame : LAST_FRAME,
            first.radius * factor,
          ))}
      />
      <ul class="keys" aria-label="Radius over time">
        {radii.map((key, i) => (
          <li key={i} class="triple">
            <NumberField
              label="Frame"
              value={key.frame}
              min={i === 0 ? 0 : radii[i - 1]!.frame + 1}
              max={radii[i + 1] ? radii[i + 1]!.frame - 1 : LAST_FRAME}
              disabled={disabled}
              onValue={(frame) => setKey(i, Math.round(frame), key.radius)}
            />
            <NumberField
              label="Radius"
              unit="px"
              value={key.radius}
              min={0}
              max={1e6}
              disabled={disabled}
              onValue={(radius) => setKey(i, key.frame, radius)}
            />
            <IconButton
              icon="close"
              label={`Remove the radius at frame ${key.frame}`}
              disabled={disabled || radii.length === 1}
              onClick={() => set({ ...shape, radii: radii.toSpliced(i, 1) })}
            />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The radius at the frame shown, in between two keys. */
function radiusNow(shape: Kind<"circle">): number {
  const at = wholeFrame.value;
  const before = shape.radii.findLast((key) => key.frame <= at);
  const after = shape.radii.find((key) => key.frame >= at);
  if (!before || !after) return (before ?? after)!.radius;
  const span = after.frame - before.frame;
  const t = span === 0 ? 0 : (at - before.frame) / span;
  return before.radius + t * (after.radius - before.radius);
}
