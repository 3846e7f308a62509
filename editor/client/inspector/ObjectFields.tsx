/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What is particular to an object: its tracks, its turn and size over time,
 * what is in front; and the options of the tool that marks objects.
 *
 * @module
 */

import {
  ChoiceField,
  FrameField,
  IconButton,
  NumberField,
  Section,
  SliderField,
} from "../../components/fields.tsx";
import { type ObjectShape, ownLastFrame } from "../../model/document.ts";
import { keyFrameAt } from "../../model/easing.ts";
import { spreadPoints } from "../../model/mark_object.ts";
import { type ObjectTrack, setTurn, turnAt } from "../../model/objects.ts";
import { editTrack } from "../panels.ts";
import { project, selectedTracks, wholeFrame } from "../state.ts";
import {
  addAnchorsAround,
  brushSize,
  markMode,
  moveObject,
  objectFromTracks,
  selectedObject,
  snapObject,
  snapping,
  snapsToEdges,
} from "../stage/object_options.ts";

/** The fields of one object. */
export function ObjectFields(
  { track, disabled }: {
    readonly track: ObjectTrack;
    readonly disabled: boolean;
  },
) {
  const { shape } = track;
  const set: SetShape = (next, gesture) =>
    editTrack(
      track.id,
      (t) => ({ ...t, shape: next }),
      gesture === undefined ? {} : { gesture },
    );
  return (
    <Section
      title="Object"
      actions={
        <>
          <IconButton
            icon="spline"
            label="Move the outline to the edges near it"
            disabled={disabled || snapping.value}
            onClick={() => void snapObject(track.id)}
          />
        </>
      }
    >
      <NumberField
        label="Tracks"
        title="Number of tracks on the object"
        value={shape.points.length}
        min={1}
        max={20}
        disabled={disabled}
        onValue={(count) =>
          set({
            ...shape,
            points: spreadPoints(shape.outline, Math.round(count)),
          })}
      />
      <TurnFields {...{ track, disabled, set }} />
      {shape.turns.length > 1 && <TurnKeys {...{ shape, disabled, set }} />}
      <OrderButtons disabled={disabled} />
    </Section>
  );
}

/** How a part of the fields changes the object. */
type SetShape = (next: ObjectShape, gesture?: string) => void;

/** The turn and size in the current frame. */
function TurnFields(
  { track, disabled, set }: {
    readonly track: ObjectTrack;
    readonly disabled: boolean;
    readonly set: SetShape;
  },
) {
  const { shape } = track;
  // Turn and size are of the object's own time, as a circle's radius.
  const frame = keyFrameAt(track, wholeFrame.value);
  const now = turnAt(shape, frame);
  const turnNow = (change: Partial<typeof now>, gesture: string) => {
    const { degrees, scale } = { ...now, ...change };
    set(setTurn(shape, { frame, degrees, scale }), gesture);
  };
  return (
    <div class="pair">
      <NumberField
        label="Turn"
        title={frame === 0
          ? "Go to a later frame to turn it on the way there"
          : `Clockwise, at frame ${frame} of its motion`}
        unit="°"
        value={Math.round(10 * now.degrees) / 10}
        min={-7200}
        max={7200}
        disabled={disabled || frame === 0}
        onValue={(degrees) => turnNow({ degrees }, "turn")}
      />
      <NumberField
        label="Size"
        title={frame === 0
          ? "Go to a later frame to scale it on the way there"
          : `Compared to the image, at frame ${frame} of its motion`}
        unit="%"
        value={Math.round(1000 * now.scale) / 10}
        min={1}
        max={10_000}
        disabled={disabled || frame === 0}
        onValue={(percent) => turnNow({ scale: percent / 100 }, "size")}
      />
    </div>
  );
}

/** All turns and sizes over time. */
function TurnKeys(
  { shape, disabled, set }: {
    readonly shape: ObjectShape;
    readonly disabled: boolean;
    readonly set: SetShape;
  },
) {
  return (
    <ul class="keys" aria-label="Turn and size over time">
      {shape.turns.map((key, i) =>
        i === 0 ? null : (
          <li class="triple" key={i}>
            <FrameField
              label="Frame"
              value={key.frame}
              min={shape.turns[i - 1]!.frame + 1}
              max={shape.turns[i + 1]
                ? shape.turns[i + 1]!.frame - 1
                : ownLastFrame(shape)}
              disabled={disabled}
              onValue={(at) =>
                set({
                  ...shape,
                  turns: shape.turns.with(i, { ...key, frame: at }),
                })}
            />
            <span class="label">
              {Math.round(key.degrees)}° · {Math.round(100 * key.scale)} %
            </span>
            <IconButton
              icon="close"
              label={`Remove the turn and size at frame ${key.frame}`}
              disabled={disabled}
              onClick={() => {
                const turns = shape.turns.toSpliced(i, 1);
                set({ ...shape, turns: turns.length > 1 ? turns : [] });
              }}
            />
          </li>
        )
      )}
    </ul>
  );
}

/** What is in front of what, and what holds the object's surroundings. */
function OrderButtons({ disabled }: { readonly disabled: boolean }) {
  return (
    <div class="row">
      <button
        type="button"
        class="button small"
        title="Pin what is around it, so that it moves alone"
        disabled={disabled}
        onClick={addAnchorsAround}
      >
        Anchors around
      </button>
      <button
        type="button"
        class="button small"
        title="In front of all other objects"
        disabled={disabled}
        onClick={() => moveObject("front")}
      >
        To front
      </button>
      <button
        type="button"
        class="button small"
        title="Behind all other objects: it is hidden where they are"
        disabled={disabled}
        onClick={() => moveObject("back")}
      >
        To back
      </button>
    </div>
  );
}

/** The options of the object tool. */
export function ObjectOptions() {
  const loose = selectedTracks.value.length > 0 && !selectedObject();
  return (
    <>
      <ChoiceField
        label="Mark"
        value={markMode.value}
        values={[
          ["lasso", "Lasso", "Draw around the object"],
          ["brush", "Brush", "Paint over the object"],
          ...project.value?.segments
            ? [
              [
                "model",
                "Model",
                "Click on the object; with Shift on more of it, with Alt on what is not of it",
              ] as const,
            ]
            : [],
        ]}
        onValue={(mode) => markMode.value = mode}
      />
      {loose && (
        <button
          type="button"
          class="button"
          title="Find what the selected tracks move, as an object"
          disabled={snapping.value}
          onClick={() => void objectFromTracks()}
        >
          From tracks
        </button>
      )}
      {markMode.value === "brush" && (
        <SliderField
          label="Brush"
          title="The brush's radius on the screen"
          value={brushSize.value}
          min={3}
          max={80}
          step={1}
          unit=" px"
          onValue={(size) => brushSize.value = size}
        />
      )}
      {markMode.value === "model" && (
        <span class="hint" aria-live="polite">
          {snapping.value
            ? "The model is looking…"
            : "Shift adds, Alt takes away."}
        </span>
      )}
      {markMode.value !== "model" && (
        <label
          class="check"
          title="Move what is drawn to the edges of the image near it"
        >
          <input
            type="checkbox"
            checked={snapsToEdges.value}
            onChange={(event) =>
              snapsToEdges.value = event.currentTarget.checked}
          />{" "}
          Snap to edges
        </label>
      )}
    </>
  );
}
