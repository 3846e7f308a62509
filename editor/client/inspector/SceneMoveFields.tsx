/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The settings of a camera move in the scene: which way, and how much.
 *
 * @module
 */

import { ChoiceField, NumberField } from "../../components/fields.tsx";
import {
  type CameraMove,
  PLAIN_SCENE,
  type SceneCameraMove,
} from "../../model/document.ts";
import {
  describeAmount,
  describeShare,
  SCENE_MOVE_WORDS,
} from "../../model/scene_edits.ts";
import {
  amountUnit,
  sceneAmount,
  strengthOf,
  strengthRange,
} from "../../model/scene_strength.ts";
import { editorDocument } from "../state.ts";

/** In the list of moves: how much, and which way. */
export function sceneSummary({ move, strength }: SceneCameraMove): string {
  const way = SCENE_MOVE_WORDS[move].ways[strength < 0 ? 1 : 0];
  return `${Math.round(10 * Math.abs(strength)) / 10} % ${way.toLowerCase()}`;
}

/** Direction and strength, in % of the image and in the tools' unit. */
export function SceneMoveFields(
  { move, onChange }: {
    readonly move: SceneCameraMove;
    readonly onChange: (by: (move: CameraMove) => CameraMove) => void;
  },
) {
  const document = editorDocument.value;
  const { name, ways, does } = SCENE_MOVE_WORDS[move.move];
  const { width, height, scene = PLAIN_SCENE } = document;
  const view = { width, height, fov: scene.fov };
  const [least, most] = strengthRange(move.move);
  const back = move.strength < 0;
  const set = (strength: number) =>
    onChange((m) => ({
      ...m,
      strength: Math.min(most, Math.max(least, strength)),
    } as CameraMove));
  const unit = amountUnit(move.move);
  return (
    <>
      <ChoiceField
        label={name}
        value={back ? "back" : "on"}
        values={[["on", ways[0], does], ["back", ways[1]]]}
        onValue={(way) =>
          set(
            way === "back" ? -Math.abs(move.strength) : Math.abs(move.strength),
          )}
      />
      <NumberField
        label="Strength"
        title={`How far the image moves, in % ${describeShare(move)}`}
        unit="%"
        value={Math.abs(move.strength)}
        min={0}
        max={back ? -least : most}
        step={1}
        onValue={(strength) => set(back ? -strength : strength)}
      />
      <NumberField
        label="Amount"
        title="The same for deno task tracks camera"
        unit={unit}
        value={sceneAmount(move.move, move.strength, view)}
        step={unit === "°" ? 1 : 0.05}
        onValue={(amount) => set(strengthOf(move.move, amount, view))}
      />
      <p class="hint">
        {does}. {Math.round(10 * Math.abs(move.strength)) / 10} %{" "}
        {describeShare(move)}: {describeAmount(move, document)}.
      </p>
    </>
  );
}
