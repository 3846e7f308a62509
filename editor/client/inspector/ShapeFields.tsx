/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What is particular to a kind of shape: the curve of a spline, the circle of
 * a zoom, the speed of a stroke.
 *
 * @module
 */

import {
  FrameField,
  IconButton,
  NumberField,
  Section,
} from "../../components/fields.tsx";
import {
  type CircleShape,
  type EditorTrack,
  type FreehandShape,
  ownLastFrame,
  type Shape,
  type SplineShape,
} from "../../model/document.ts";
import { isObject } from "../../model/objects.ts";
import { setCurve, setRadius, subdivideAll } from "../../model/edits.ts";
import { editTrack } from "../panels.ts";
import { ObjectFields } from "./ObjectFields.tsx";
import { wholeFrame } from "../state.ts";
import {
  CirclePointsField,
  CurveField,
  PaceField,
  TensionField,
} from "./shape_choices.tsx";

interface FieldsProps<S extends Shape> {
  readonly shape: S;
  readonly disabled: boolean;
  readonly set: (shape: S, gesture?: string) => void;
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
    case "object":
      return isObject(track)
        ? <ObjectFields track={track} disabled={disabled} />
        : null;
    default:
      return null;
  }
}

function SplineFields({ shape, disabled, set }: FieldsProps<SplineShape>) {
  return (
    <Section title={`Curve, ${shape.points.length} points`}>
      <CurveField
        value={shape.curve}
        disabled={disabled}
        onValue={(curve) => set(setCurve(shape, curve))}
      />
      {shape.curve === "cardinal" && (
        <TensionField
          value={shape.tension}
          disabled={disabled}
          onValue={(tension) => set({ ...shape, tension }, "tension")}
        />
      )}
      <button
        type="button"
        class="button small"
        title="Add a point in the middle of every segment"
        disabled={disabled || shape.points.length < 2 ||
          shape.points.length > 500}
        onClick={() => set(subdivideAll(shape))}
      >
        Subdivide
      </button>
    </Section>
  );
}

function FreehandFields({ shape, disabled, set }: FieldsProps<FreehandShape>) {
  const timed = shape.times.length === shape.points.length;
  return (
    <Section title="Stroke">
      <PaceField
        value={shape.speed}
        disabled={disabled || !timed}
        onValue={(speed) => set({ ...shape, speed })}
      />
    </Section>
  );
}

function CircleFields({ shape, disabled, set }: FieldsProps<CircleShape>) {
  const { radii } = shape;
  const first = radii[0]!, last = radii.at(-1)!;
  const zoom = first.radius > 0 ? last.radius / first.radius : 1;
  const at = Math.min(ownLastFrame(shape), wholeFrame.value);
  return (
    <Section
      title="Circle"
      actions={
        <IconButton
          icon="plus"
          label={`Add a radius at frame ${at}`}
          disabled={disabled || radii.some((key) => key.frame === at)}
          onClick={() => set(setRadius(shape, at, radiusAt(shape, at)))}
        />
      }
    >
      <div class="pair">
        <CirclePointsField
          value={shape.count}
          disabled={disabled}
          onValue={(count) => set({ ...shape, count })}
        />
        <NumberField
          label="Angle"
          title="Angle of the first point, clockwise from the right"
          unit="°"
          value={shape.angle}
          disabled={disabled}
          onValue={(angle) => set({ ...shape, angle })}
        />
      </div>
      <NumberField
        label="Zoom"
        unit="× from first to last"
        title="The last radius over the first: above 1 zooms in"
        value={zoom}
        min={0}
        max={100}
        step={0.05}
        disabled={disabled || first.radius === 0}
        onValue={(factor) =>
          set(setRadius(
            shape,
            radii.length > 1 ? last.frame : ownLastFrame(shape),
            first.radius * factor,
          ))}
      />
      <ul class="keys" aria-label="Radius over time">
        {radii.map((_, i) => (
          <RadiusKey key={i} index={i} {...{ shape, disabled, set }} />
        ))}
      </ul>
    </Section>
  );
}

/** One of the radii of a circle: at which frame, how large. */
function RadiusKey(
  { shape, disabled, set, index }: FieldsProps<CircleShape> & {
    readonly index: number;
  },
) {
  const { radii } = shape;
  const { frame, radius } = radii[index]!;
  const others = { ...shape, radii: radii.toSpliced(index, 1) };
  return (
    <li class="triple">
      <FrameField
        label="Frame"
        value={frame}
        min={index === 0 ? 0 : radii[index - 1]!.frame + 1}
        max={radii[index + 1]
          ? radii[index + 1]!.frame - 1
          : ownLastFrame(shape)}
        disabled={disabled}
        onValue={(at) => set(setRadius(others, at, radius))}
      />
      <NumberField
        label="Radius"
        unit="px"
        value={radius}
        min={0}
        max={1e6}
        disabled={disabled}
        onValue={(to) => set(setRadius(others, frame, to))}
      />
      <IconButton
        icon="close"
        label={`Remove the radius at frame ${frame}`}
        disabled={disabled || radii.length === 1}
        onClick={() => set(others)}
      />
    </li>
  );
}

/** The radius at a frame, in between two keys. */
function radiusAt(shape: CircleShape, at: number): number {
  const before = shape.radii.findLast((key) => key.frame <= at);
  const after = shape.radii.find((key) => key.frame >= at);
  if (!before || !after) return (before ?? after)!.radius;
  const span = after.frame - before.frame;
  const t = span === 0 ? 0 : (at - before.frame) / span;
  return before.radius + t * (after.radius - before.radius);
}
