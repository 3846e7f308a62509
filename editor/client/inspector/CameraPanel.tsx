/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The camera: moves as layers on top of what the tracks do. Every number is a
 * setting that can be changed later; nothing adds up. The camera moves in a
 * scene, by the names that film crews use; below them are moves of the flat
 * image.
 *
 * @module
 */

import type { SceneMoveKind } from "../../../core/tracks/camera/scene_move.ts";
import {
  ChoiceField,
  IconButton,
  NumberField,
} from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import {
  addMove,
  createMove,
  describePan,
  MOVE_KINDS,
  MOVE_NAMES,
  type MoveKind,
  removeMove,
} from "../../model/camera_edits.ts";
import { updateMove } from "../../model/update_move.ts";
import type { CameraMove, ImageMove } from "../../model/document.ts";
import {
  addSceneMove,
  createSceneMove,
  SCENE_MOVE_WORDS,
} from "../../model/scene_edits.ts";
import {
  edit,
  editorDocument,
  sayError,
  selectedMove,
  selection,
} from "../state.ts";
import { MovePicture } from "./MovePicture.tsx";
import { SceneFields } from "./SceneFields.tsx";
import { SceneMoveFields, sceneSummary } from "./SceneMoveFields.tsx";
import { TimingFields } from "./TimingFields.tsx";

/** The moves in the scene, in the order in which they are offered. */
const SCENE_KINDS = Object.keys(SCENE_MOVE_WORDS) as SceneMoveKind[];

const TITLES: Readonly<Record<MoveKind, string>> = {
  pan: "Shift the flat image, in px per frame",
  zoom: "Scale the flat image about a point",
  rotate: "Turn the flat image about a point",
  orbit: "Shift the lower half of the image against the upper one",
};

/** The panel. */
export function CameraPanel() {
  const { camera } = editorDocument.value;
  const chosen = camera.find((move) => move.id === selectedMove.value);
  const add = (kind: MoveKind) => {
    const move = createMove(editorDocument.value, kind);
    edit((document) => addMove(document, move));
    selectedMove.value = move.id;
  };
  const addToScene = (kind: SceneMoveKind) => {
    try {
      const move = createSceneMove(editorDocument.value, kind);
      edit((document) => addSceneMove(document, move));
      selectedMove.value = move.id;
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <>
      <div class="part">
        <div
          class="scene-adds"
          role="group"
          aria-label="Add a camera move"
        >
          {SCENE_KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              class="button scene-add"
              title={SCENE_MOVE_WORDS[kind].does}
              onClick={() => addToScene(kind)}
            >
              <MovePicture move={kind} />
              {SCENE_MOVE_WORDS[kind].name}
            </button>
          ))}
        </div>
        <div class="adds" role="group" aria-label="Move the flat image">
          {MOVE_KINDS.map((kind) => (
            <button
              key={kind}
              type="button"
              class="button small"
              title={TITLES[kind]}
              aria-label={MOVE_NAMES[kind]}
              onClick={() => add(kind)}
            >
              <Icon name={kind} /> {MOVE_NAMES[kind].replace(" image", "")}
            </button>
          ))}
        </div>
        {camera.length === 0 && (
          <p class="nothing">
            The camera moves every track, or those that you select. It stays a
            separate layer; the lower row moves the flat image instead.
          </p>
        )}
        <ul class="moves" aria-label="Camera moves">
          {camera.map((move) => (
            <li key={move.id} data-chosen={move === chosen}>
              <button
                type="button"
                class="move-name"
                aria-pressed={move === chosen}
                onClick={() => selectedMove.value = move.id}
              >
                <Icon name={move.kind === "scene" ? "camera" : move.kind} />
                <span>{move.name}</span>
                <span class="hint">{summary(move)}</span>
              </button>
              <IconButton
                icon={move.enabled ? "eye" : "eye-off"}
                label={`${
                  move.enabled ? "Switch off" : "Switch on"
                } ${move.name}`}
                onClick={() =>
                  change(move, (m) => ({ ...m, enabled: !m.enabled }))}
              />
              <IconButton
                icon="trash"
                label={`Delete ${move.name}`}
                onClick={() => {
                  selectedMove.value = undefined;
                  edit((document) => removeMove(document, move.id));
                }}
              />
            </li>
          ))}
        </ul>
      </div>
      {chosen && <MoveFields move={chosen} />}
      {chosen?.kind !== "scene" &&
        camera.some(({ kind }) => kind === "scene") && <SceneFields />}
    </>
  );
}

function change(
  move: CameraMove,
  by: (move: CameraMove) => CameraMove,
  gesture?: string,
): void {
  edit(
    (document) => updateMove(document, move.id, by),
    gesture === undefined ? {} : { gesture: `${gesture} ${move.id}` },
  );
}

function summary(move: CameraMove): string {
  switch (move.kind) {
    case "pan":
      return `${move.dx}, ${move.dy} px/frame`;
    case "zoom":
      return `× ${move.factor}`;
    case "rotate":
      return `${move.degrees}°`;
    case "orbit":
      return `${move.shift} px`;
    case "scene":
      return sceneSummary(move);
  }
}

function MoveFields({ move }: { readonly move: CameraMove }) {
  const all = move.applies === "all";
  const { tracks } = editorDocument.value;
  return (
    <>
      <div class="part">
        {move.kind === "scene"
          ? (
            <SceneMoveFields
              move={move}
              onChange={(by) => change(move, by)}
            />
          )
          : <Amounts move={move} />}
        {move.kind !== "pan" && move.kind !== "scene" && <Center move={move} />}
        <ChoiceField
          label="Applies to"
          value={all ? "all" : "some"}
          values={[
            ["all", "All tracks", "Including tracks that are drawn later"],
            ["some", "Selected", "Only the tracks that are selected now"],
          ]}
          onValue={(which) =>
            change(move, (m) => ({
              ...m,
              applies: which === "all" ? "all" : [...selection.value],
            }))}
        />
        {move.applies !== "all" && (
          <div class="row">
            <span class="hint">
              {move.applies.length === 0
                ? "No track yet: select some."
                : tracks.filter((t) => move.applies.includes(t.id))
                  .map((t) => t.name).join(", ")}
            </span>
            <button
              type="button"
              class="button small"
              disabled={selection.value.size === 0}
              onClick={() =>
                change(move, (m) => ({ ...m, applies: [...selection.value] }))}
            >
              Use selected ({selection.value.size})
            </button>
          </div>
        )}
      </div>
      {move.kind === "scene" && <SceneFields />}
      <TimingFields
        timings={[move.timing]}
        onChange={(by, options) =>
          change(
            move,
            (m) => ({ ...m, timing: by(m.timing) }),
            options?.gesture,
          )}
      />
    </>
  );
}

function Amounts({ move }: { readonly move: ImageMove }) {
  switch (move.kind) {
    case "pan":
      return (
        <>
          {(["dx", "dy"] as const).map((axis) => (
            <NumberField
              key={axis}
              label={axis === "dx" ? "Right" : "Down"}
              title={axis === "dx"
                ? "Px per frame to the right, as if the camera panned left"
                : "Px per frame downwards, as if the camera panned up"}
              unit="px/frame"
              value={move[axis]}
              min={-10000}
              max={10000}
              step={0.1}
              onValue={(value) =>
                change(move, (m) => ({ ...m, [axis]: value }))}
            />
          ))}
          <p class="hint">{describePan(move, editorDocument.value)}</p>
        </>
      );
    case "zoom":
      return (
        <NumberField
          label="Zoom"
          title="Final size over initial size: above 1 zooms in"
          unit="×"
          value={move.factor}
          min={0.01}
          max={100}
          step={0.05}
          onValue={(factor) =>
            change(move, (m) => ({ ...m, factor } as typeof move))}
        />
      );
    case "rotate":
      return (
        <NumberField
          label="Angle"
          title="Clockwise; negative values turn counterclockwise"
          unit="°"
          value={move.degrees}
          min={-7200}
          max={7200}
          onValue={(degrees) =>
            change(move, (m) => ({ ...m, degrees } as typeof move))}
        />
      );
    case "orbit":
      return (
        <NumberField
          label="Parallax"
          title="How far the nearest points travel sideways, px"
          unit="px"
          value={move.shift}
          min={-1e6}
          max={1e6}
          onValue={(shift) =>
            change(move, (m) => ({ ...m, shift } as typeof move))}
        />
      );
  }
}

function Center(
  { move }: { readonly move: Exclude<ImageMove, { kind: "pan" }> },
) {
  return (
    <div class="pair">
      {(["x", "y"] as const).map((axis) => (
        <NumberField
          key={axis}
          label={axis === "x" ? "Center X" : "Y"}
          name={`Center ${axis.toUpperCase()}`}
          title="The point that stays fixed, px of the image"
          value={move[axis]}
          min={-1e6}
          max={1e6}
          onValue={(value) => change(move, (m) => ({ ...m, [axis]: value }))}
        />
      ))}
    </div>
  );
}
