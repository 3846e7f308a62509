/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The strip between tool bar and image: the options of the active tool,
 * and what is shown over the image.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import type { Signal } from "npm:@preact/signals@2.11.4";
import { NumberField } from "../components/fields.tsx";
import type { IconName } from "../components/icon.tsx";
import { LabelButton } from "../components/label_button.tsx";
import { addAnchorGrid } from "./actions.ts";
import { load, loaded } from "./dialogs/load.ts";
import {
  CirclePointsField,
  CurveField,
  FalloffField,
  PaceField,
  TensionField,
} from "./inspector/shape_choices.tsx";
import {
  circleCount,
  curveKind,
  footprints,
  livePreview,
  loupe,
  onionSkin,
  strokeSpeed,
  tension,
  tool,
} from "./state.ts";
import { cancelPlacing, endPlacing, placing } from "./stage/placing.ts";
import { gridColumns, gridRows } from "./stage/grid.ts";

/** What can be shown over the image. */
const SHOWN: readonly {
  readonly of: Signal<boolean>;
  readonly icon: IconName;
  readonly label: string;
  readonly title: string;
}[] = [
  {
    of: livePreview,
    icon: "video",
    label: "Preview",
    title: "Move the image along with the tracks",
  },
  {
    of: onionSkin,
    icon: "layers",
    label: "Onion skin",
    title: "Show the tracks at other frames",
  },
  {
    of: footprints,
    icon: "rings",
    label: "Influence",
    title:
      "Show how far each track has influence: its weight falls to 37 % at the inner ring and to 1 % at the outer one",
  },
  {
    of: loupe,
    icon: "loupe",
    label: "Loupe",
    title: "Magnify what is under the pointer (L)",
  },
];

/** The strip. */
export function ToolOptions() {
  return (
    <div class="options">
      <div class="group" role="group" aria-label="Tool options">
        {placing.value ? <PlaceOptions /> : <OptionsOf tool={tool.value} />}
      </div>
      <span class="spring" />
      <div class="group" role="group" aria-label="View options">
        {SHOWN.map(({ of, ...button }) => (
          <LabelButton
            key={button.label}
            {...button}
            pressed={of.value}
            onClick={() => of.value = !of.value}
          />
        ))}
      </div>
    </div>
  );
}

/** What the tool keeps as its setting for the next shape. */
function setting<T>(of: Signal<T>) {
  return { value: of.value, onValue: (value: T) => of.value = value };
}

/** While copies are being placed. */
function PlaceOptions() {
  const several = placing.value!.copies.size > 1;
  return (
    <>
      <span class="hint">
        Click where the {several ? "copies begin" : "copy begins"}{" "}
        or move with the arrow keys
      </span>
      <button
        type="button"
        class="button"
        title="Leave them at this position (Enter)"
        onClick={() => endPlacing(placing.value?.focus)}
      >
        Place
      </button>
      <button
        type="button"
        class="button quiet"
        title="Remove them (Esc)"
        onClick={cancelPlacing}
      >
        Cancel
      </button>
    </>
  );
}

function OptionsOf({ tool }: { readonly tool: string }) {
  switch (tool) {
    case "select":
      return <FalloffField />;
    case "freehand":
      return <PaceField {...setting(strokeSpeed)} />;
    case "spline":
      return (
        <>
          <CurveField {...setting(curveKind)} />
          {curveKind.value === "cardinal" && (
            <TensionField {...setting(tension)} />
          )}
        </>
      );
    case "static":
      return (
        <>
          <GridField label="Grid" of={gridColumns} />
          <GridField label="×" of={gridRows} />
          <button
            type="button"
            class="button"
            title="Anchors over the whole image, away from what moves"
            onClick={addAnchorGrid}
          >
            Add grid
          </button>
        </>
      );
    case "circle":
      return <CirclePointsField {...setting(circleCount)} />;
    case "object":
      return <ObjectOptions />;
    default:
      return (
        <span class="hint">
          Drag to pan, scroll to zoom.
        </span>
      );
  }
}

/** What the object tool has, once it is loaded. */
function ObjectOptions() {
  useEffect(() => void load(), []);
  const Options = loaded.value?.objectOptions;
  return Options ? <Options /> : null;
}

function GridField(
  { label, of }: { readonly label: string; readonly of: Signal<number> },
) {
  return (
    <NumberField
      label={label}
      value={of.value}
      min={1}
      max={40}
      onValue={(count) => of.value = Math.round(count)}
    />
  );
}
