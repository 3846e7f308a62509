/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The scene that the camera moves in: flat, a floor, or a depth image.
 *
 * @module
 */

import { ChoiceField, NumberField, Section } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import {
  type DepthImage,
  PLAIN_SCENE,
  type SceneDepthSource,
} from "../../model/document.ts";
import { isScenePoint } from "../../model/scene_camera.ts";
import {
  sceneNote,
  updateScene,
  withScenePoints,
} from "../../model/scene_edits.ts";
import { edit, editorDocument, sayError, session } from "../state.ts";
import { readDepthImage } from "./read_depth_image.ts";

/** A new floor's horizon, as a share of the height. */
const HORIZON = 0.4;

function setDepth(depth: SceneDepthSource): void {
  edit((document) => updateScene(document, { depth }));
}

/** Lets the person choose a depth image. */
function chooseDepth(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/png,image/jpeg,image/webp";
  input.onchange = () => takeDepth(input.files?.[0]);
  input.click();
}

function takeDepth(file: File | undefined): void {
  if (!file) return;
  const open = session.peek();
  readDepthImage(file, editorDocument.peek()).then((depth) => {
    // Another image may be open by now.
    if (session.peek() === open) setDepth(depth);
  }, sayError);
}

/** The fields of the scene. */
export function SceneFields() {
  const document = editorDocument.value;
  const { fov, depth } = document.scene ?? PLAIN_SCENE;
  const points = document.tracks.filter(isScenePoint).length;
  const note = sceneNote(document);
  return (
    <Section title="Scene">
      <ChoiceField
        label="Depth"
        value={depth.kind}
        values={[
          ["flat", "Flat", "Everything equally far"],
          ["plane", "Ground", "A floor below the horizon, the sky above it"],
          ["image", "Image", "A depth image: MiDaS, Depth Anything, ..."],
        ]}
        onValue={(kind) => {
          if (kind === depth.kind) return;
          if (kind === "flat") setDepth({ kind });
          else if (kind === "plane") setDepth({ kind, horizon: HORIZON });
          else chooseDepth();
        }}
      />
      {depth.kind === "plane" && (
        <>
          <NumberField
            label="Horizon"
            title="From the upper edge, in % of the height"
            unit="%"
            value={100 * depth.horizon}
            min={-1000}
            max={95}
            onValue={(percent) =>
              setDepth({ ...depth, horizon: percent / 100 })}
          />
          <p class="hint">
            Select a move of the camera, then drag the line on the image.
          </p>
        </>
      )}
      {depth.kind === "image" && <DepthFields depth={depth} />}
      <NumberField
        label="View"
        name="Field of view"
        title="From the left to the right edge of the image"
        unit="°"
        value={fov}
        min={1}
        max={170}
        onValue={(fov) => edit((document) => updateScene(document, { fov }))}
      />
      {note && <p class="hint">{note}</p>}
      <button
        type="button"
        class="button small"
        title="Anchors where the scene shows the moves best, at most 20 tracks in all"
        onClick={() => {
          try {
            edit(withScenePoints);
          } catch (error) {
            sayError(error);
          }
        }}
      >
        <Icon name="grid" />{" "}
        {points > 0 ? `Choose ${points} points again` : "Add points"}
      </button>
    </Section>
  );
}

/** What the numbers of a depth image are. */
function DepthFields({ depth }: { readonly depth: DepthImage }) {
  return (
    <>
      <label
        class="file-drop depth-drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          takeDepth(event.dataTransfer?.files[0]);
        }}
      >
        <Icon name="layers" />
        <span>
          {depth.name}
          <br />
          <span class="hint">{depth.width}x{depth.height}, 8 bits</span>
        </span>
        <input
          type="file"
          accept="image/png,image/jpeg,image/webp"
          aria-label="Depth image"
          onChange={(event) => takeDepth(event.currentTarget.files?.[0])}
        />
      </label>
      <ChoiceField
        label="Bright is"
        value={depth.sense}
        values={[
          ["inverse", "Near", "Inverse depth, as most depth images show it"],
          ["metric", "Far", "The depth itself; black is unknown"],
        ]}
        onValue={(sense) => setDepth({ ...depth, sense })}
      />
      <NumberField
        label="Range"
        title="How many times as far the farthest is as the nearest; 0: the numbers as they are"
        unit="×"
        value={depth.span}
        min={0}
        max={1000}
        step={1}
        onValue={(span) => setDepth({ ...depth, span: span > 1 ? span : 0 })}
      />
    </>
  );
}
