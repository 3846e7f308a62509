/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The image: whose motion it gets, and where.
 *
 * @module
 */

import { useMemo } from "npm:preact@10.29.8/hooks";
import { ChoiceField, NumberField } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { editorDocument } from "../state.ts";
import { FrameView } from "./FrameView.tsx";
import {
  COVERING,
  type MotionPlace,
  type MotionState,
} from "./motion_state.ts";
import { motionPaths, paintPlaced } from "./paint_motion.ts";

/** The right half of the dialog. */
export function PlaceSide({ state }: { readonly state: MotionState }) {
  const place = state.place.value;
  const { followed } = state;
  const isUnknown = followed.value !== undefined && !followed.value.camera;
  const set = (change: Partial<MotionPlace>) =>
    state.place.value = { ...state.place.peek(), ...change };
  return (
    <section class="motion-side" aria-label="The image">
      <Shown state={state} />
      <p class="hint motion-name">
        Drag the frame to where the motion should be.
      </p>
      <ChoiceField
        label="Motion"
        value={isUnknown ? "both" : state.part.value}
        disabled={isUnknown}
        values={[
          ["both", "All", "As it is in the video"],
          ["object", "Objects", "Without what the camera does"],
          ["camera", "Camera", "Only what the camera does"],
        ]}
        onValue={(part) => state.part.value = part}
      />
      {isUnknown && (
        <p class="hint">
          What the camera does is found by points all over the frame: automatic
          ones, or a grid.
        </p>
      )}
      <div class="pair">
        <NumberField
          label="Scale"
          title="100 %: the frame covers the image"
          unit="%"
          value={place.scale}
          min={1}
          max={1000}
          onValue={(scale) => set({ scale })}
        />
        <NumberField
          label="Turn"
          title="Clockwise"
          unit="°"
          value={place.degrees}
          min={-360}
          max={360}
          onValue={(degrees) => set({ degrees })}
        />
        <NumberField
          label="Right"
          title="From the middle of the image"
          unit="px"
          value={place.dx}
          min={-1e6}
          max={1e6}
          onValue={(dx) => set({ dx })}
        />
        <NumberField
          label="Down"
          title="From the middle of the image"
          unit="px"
          value={place.dy}
          min={-1e6}
          max={1e6}
          onValue={(dy) => set({ dy })}
        />
      </div>
      <div class="row">
        <button
          type="button"
          class="button small"
          aria-pressed={place.mirror}
          onClick={() => set({ mirror: !place.mirror })}
        >
          <Icon name="flip-x" /> Mirror
        </button>
        <button
          type="button"
          class="button small"
          disabled={place === COVERING}
          onClick={() => state.place.value = COVERING}
        >
          Cover the image
        </button>
      </div>
    </section>
  );
}

/** The image with the tracks on it. */
function Shown({ state }: { readonly state: MotionState }) {
  const placed = state.placed.value, kept = state.kept.value;
  const paths = useMemo(
    () =>
      placed
        ? motionPaths(placed.tracks, placed.kept.map((n) => kept[n]!))
        : [],
    [placed, kept],
  );
  state.frame.value; // rendered again with every frame
  const { width, height } = editorDocument.value;
  return (
    <FrameView
      width={width}
      height={height}
      label="The image with the motion on it"
      paint={(ctx, view) => paintPlaced(ctx, view, { state, paths })}
      onDrag={({ dx, dy }) => {
        const { place } = state;
        const hundredth = (value: number) => Math.round(100 * value) / 100;
        place.value = {
          ...place.peek(),
          dx: hundredth(place.peek().dx + dx),
          dy: hundredth(place.peek().dy + dy),
        };
      }}
    />
  );
}
