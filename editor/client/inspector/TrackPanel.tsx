/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The settings of the selected tracks. What is typed holds for all of them;
 * locked ones stay as they are.
 *
 * @module
 */

import {
  ChoiceField,
  IconButton,
  NumberField,
} from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { walkRadios } from "../../components/radio_keys.ts";
import { COLOR_NAMES, PALETTE } from "../../components/palette.ts";
import type { EditorTrack } from "../../model/document.ts";
import {
  mirrorShape,
  moveShape,
  reverseShape,
  shapePositions,
} from "../../model/edits.ts";
import { scaleTracks, scalingMove } from "../../model/scale_tracks.ts";
import {
  meanSpeed,
  shapeLength,
  speedProblem,
  withSpeed,
} from "../../model/timing_edits.ts";
import { editSelected } from "../panels.ts";
import {
  edit,
  editorDocument,
  lastFrame,
  say,
  selectedTracks,
} from "../state.ts";
import { FalloffField } from "./shape_choices.tsx";
import { ShapeFields } from "./ShapeFields.tsx";
import { common, TimingFields } from "./TimingFields.tsx";
import { VisibilityFields } from "./VisibilityFields.tsx";

/** The panel. */
export function TrackPanel() {
  const tracks = selectedTracks.value;
  const [first] = tracks;
  if (!first) return null;
  const disabled = tracks.every((track) => track.locked);
  const bends = tracks.some((track) =>
    track.shape.kind === "freehand" || track.shape.kind === "free"
  );
  return (
    <>
      <div class="part">
        {tracks.length === 1
          ? <Name track={first} />
          : <p class="many">{tracks.length} tracks</p>}
        {disabled && (
          <p class="hint locked">
            <Icon name="lock" /> Locked: unlock in the list to change it.
          </p>
        )}
        <Colors tracks={tracks} />
        <Position tracks={tracks} disabled={disabled} />
        <div class="row">
          <IconButton
            icon="flip-x"
            label="Mirror left and right"
            disabled={disabled}
            onClick={() => mirror("horizontal")}
          />
          <IconButton
            icon="flip-y"
            label="Mirror up and down"
            disabled={disabled}
            onClick={() => mirror("vertical")}
          />
          <IconButton
            icon="reverse"
            label="Reverse: from the end to the start"
            disabled={disabled}
            onClick={() =>
              editSelected((track) => ({
                ...track,
                shape: reverseShape(track.shape),
              }))}
          />
        </div>
      </div>
      {tracks.length === 1 && <ShapeFields track={first} disabled={disabled} />}
      <TimingFields
        timings={tracks.map((track) => track.timing)}
        moves={tracks.some((track) => track.shape.kind !== "static")}
        disabled={disabled}
        onChange={(change, options) =>
          editSelected(
            (track) => ({ ...track, timing: change(track.timing) }),
            options,
          )}
      />
      <div class="part">
        <ChoiceField
          label="Before/after"
          value={common(tracks.map((track) => track.timing.outside))}
          values={[
            ["hold", "Hold", "Stays in place before and after its motion"],
            ["hide", "Hide", "Invisible before and after its motion"],
          ]}
          disabled={disabled}
          onValue={(outside) =>
            editSelected((track) => ({
              ...track,
              timing: { ...track.timing, outside },
            }))}
        />
        <Speed tracks={tracks} disabled={disabled} />
        <SizeAtEnd tracks={tracks} disabled={disabled} />
        {bends && <FalloffField />}
      </div>
      {tracks.length === 1 && (
        <VisibilityFields track={first} disabled={disabled} />
      )}
    </>
  );
}

function mirror(axis: "horizontal" | "vertical"): void {
  editSelected((track) => ({
    ...track,
    shape: mirrorShape(track.shape, axis),
  }));
}

function Name({ track }: { readonly track: EditorTrack }) {
  return (
    <label class="field">
      <span class="label">Name</span>
      <input
        type="text"
        key={track.id}
        value={track.name}
        maxLength={200}
        onChange={(event) => {
          const name = event.currentTarget.value.trim();
          if (name) {
            editSelected((t) => ({ ...t, name }), { evenLocked: true });
          } else event.currentTarget.value = track.name;
        }}
      />
    </label>
  );
}

function Colors({ tracks }: { readonly tracks: readonly EditorTrack[] }) {
  const chosen = common(tracks.map((t) => t.colour % PALETTE.length));
  return (
    <div
      class="swatches"
      role="radiogroup"
      aria-label="Color"
      onKeyDown={walkRadios}
    >
      {PALETTE.map((color, i) => (
        <button
          key={color}
          type="button"
          role="radio"
          class="swatch"
          aria-checked={chosen === i}
          tabIndex={i === (chosen ?? 0) ? 0 : -1}
          aria-label={COLOR_NAMES[i]}
          title={COLOR_NAMES[i]}
          style={{ "--track": color }}
          onClick={() =>
            editSelected((track) => ({ ...track, colour: i }), {
              evenLocked: true,
            })}
        />
      ))}
    </div>
  );
}

function Position(
  { tracks, disabled }: {
    readonly tracks: readonly EditorTrack[];
    readonly disabled: boolean;
  },
) {
  const positions = tracks.map((track) => shapePositions(track.shape)[0]!);
  const what = tracks.every((track) => track.shape.kind === "circle")
    ? "the center"
    : "the start";
  const set = (axis: "x" | "y", value: number) =>
    editSelected((track) => {
      const at = shapePositions(track.shape)[0]!;
      return {
        ...track,
        shape: moveShape(track.shape, {
          dx: axis === "x" ? value - at.x : 0,
          dy: axis === "y" ? value - at.y : 0,
        }),
      };
    });
  return (
    <div class="pair">
      {(["x", "y"] as const).map((axis) => (
        <NumberField
          key={axis}
          label={axis === "x" ? "X" : "Y"}
          title={`Position of ${what}, px of the image`}
          value={common(positions.map((at) => Math.round(10 * at[axis]) / 10))}
          min={-1e6}
          max={1e6}
          step={0.5}
          disabled={disabled}
          onValue={(value) => set(axis, value)}
        />
      ))}
    </div>
  );
}

function Speed(
  { tracks, disabled }: {
    readonly tracks: readonly EditorTrack[];
    readonly disabled: boolean;
  },
) {
  const moves = tracks.some((track) => shapeLength(track.shape) > 0);
  const speeds = tracks.map((track) =>
    Math.round(meanSpeed(track.shape, track.timing) * 100) / 100
  );
  return (
    <NumberField
      label="Speed"
      unit="px/frame"
      title="Average speed (sets the end frame)"
      value={common(speeds)}
      min={0.01}
      step={0.1}
      disabled={disabled || !moves}
      onValue={(speed) => {
        editSelected((track) => ({
          ...track,
          timing: withSpeed(track, speed, { last: lastFrame.peek() }),
        }));
        const moving = tracks.filter((track) => shapeLength(track.shape) > 0);
        const problem = moving.map((track) =>
          speedProblem(track, speed, { last: lastFrame.peek() })
        )
          .find((text) => text !== undefined);
        if (problem) say(problem, "error");
      }}
    />
  );
}

/** How large the selected tracks are at the end, about their middle. */
function SizeAtEnd(
  { tracks, disabled }: {
    readonly tracks: readonly EditorTrack[];
    readonly disabled: boolean;
  },
) {
  const ids = new Set(tracks.map((track) => track.id));
  const factor = scalingMove(editorDocument.value, ids)?.factor ?? 1;
  // One point that stays has no size.
  const hasSize = tracks.length > 1 || tracks[0]?.shape.kind !== "static";
  return (
    <NumberField
      label="End size"
      unit="%"
      title="Size at the end, about the middle of the starts; its time and easing are in the Camera tab"
      value={Math.round(1000 * factor) / 10}
      min={1}
      max={10_000}
      disabled={disabled || !hasSize}
      onValue={(percent) =>
        edit((document) => scaleTracks(document, ids, percent / 100), {
          gesture: `size ${[...ids].join()}`,
        })}
    />
  );
}
