/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The video: which points are followed, and which of their tracks are kept.
 *
 * @module
 */

import { useMemo } from "npm:preact@10.29.8/hooks";
import { ChoiceField, NumberField } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { trackColor } from "../../components/palette.ts";
import type { Point } from "../../model/document.ts";
import { secondsOf } from "../../model/document_length.ts";
import { editorDocument } from "../state.ts";
import type { MotionState } from "./motion_state.ts";
import { motionPaths, paintClip } from "./paint_motion.ts";
import { FrameView } from "./FrameView.tsx";

/** The most points of a grid: a square of 20. */
const MOST_GRID = 400;

/** The left half of the dialog. */
export function ClipSide({ state }: { readonly state: MotionState }) {
  const clip = state.followed.value, size = state.facts.value!;
  return (
    <section class="motion-side" aria-label="The video">
      <Shown state={state} />
      <p class="hint motion-name">
        {state.file.value!.name}: {size.width}x{size.height},{" "}
        {size.duration.toFixed(1)} s
      </p>
      {clip ? <Found state={state} /> : <Choice state={state} />}
    </section>
  );
}

/** The frame with what is on it. */
function Shown({ state }: { readonly state: MotionState }) {
  const clip = state.followed.value, { width, height } = state.facts.value!;
  const paths = useMemo(() => clip ? motionPaths(clip.tracks) : [], [clip]);
  // Read here: this is rendered again with every frame, and nothing else is.
  state.frame.value;
  const picks = !clip && state.kind.value === "points";
  const press = (at: Point, reach: number) => {
    if (clip) {
      const now = Math.floor(state.frame.peek());
      const near = paths.map(({ track }) => {
        const p = track.points[Math.min(now, track.points.length - 1)]!;
        return Math.hypot(p.x - at.x, p.y - at.y);
      });
      const best = near.indexOf(Math.min(...near));
      if (best >= 0 && near[best]! <= reach) toggle(state, best);
    } else if (picks) {
      const points = state.clicked.peek();
      const others = points.filter(({ x, y }) =>
        Math.hypot(x - at.x, y - at.y) > reach
      );
      state.clicked.value = others.length < points.length
        ? others
        : [...points, {
          x: Math.min(width - 1, Math.max(0, at.x)),
          y: Math.min(height - 1, Math.max(0, at.y)),
        }];
    }
  };
  return (
    <FrameView
      width={width}
      height={height}
      label={clip
        ? "The video with the tracks that were found"
        : "The first frame with the points to follow"}
      paint={(ctx, view) => paintClip(ctx, view, { state, paths })}
      onPress={press}
    />
  );
}

function toggle({ removed }: MotionState, n: number): void {
  const next = new Set(removed.peek());
  if (!next.delete(n)) next.add(n);
  removed.value = next;
}

/** Before anything was followed. */
function Choice({ state }: { readonly state: MotionState }) {
  const kind = state.kind.value, share = state.share.value;
  const working = share !== undefined;
  const clicked = state.clicked.value.length;
  const { duration } = state.facts.value!;
  return (
    <>
      <ChoiceField
        label="Points"
        value={kind}
        values={[
          ["auto", "Auto", "Some of every motion that is found, at most 20"],
          ["grid", "Grid", "Evenly spread over the frame"],
          ["points", "Clicked", "Where you click on the frame"],
        ]}
        disabled={working}
        onValue={(value) => state.kind.value = value}
      />
      {kind === "points"
        ? (
          <p class="hint">
            {clicked === 0
              ? "Click on what should be followed."
              : `${clicked} ${
                clicked === 1 ? "point" : "points"
              }; a click on one takes it away.`}
          </p>
        )
        : (
          <NumberField
            label="How many"
            value={state.counts[kind].value}
            min={1}
            max={kind === "auto" ? 20 : MOST_GRID}
            disabled={working}
            onValue={(value) => state.counts[kind].value = Math.round(value)}
          />
        )}
      <div class="pair">
        <NumberField
          label="From"
          title="Where in the video to begin"
          unit="s"
          value={state.from.value}
          min={0}
          max={Math.max(0, duration - 0.05)}
          step={0.1}
          disabled={working}
          onValue={(value) => state.begin(value)}
        />
        <NumberField
          label="For"
          name="Seconds to follow"
          title="At most as long as the video of this image"
          unit="s"
          value={state.seconds.value}
          min={0.05}
          max={secondsOf(editorDocument.value)}
          step={0.1}
          disabled={working}
          onValue={(value) => state.seconds.value = value}
        />
      </div>
      {working
        ? (
          <div class="row">
            <progress value={share} max={1} aria-label="Tracking" />
            <span class="hint">{Math.round(100 * share)} %</span>
            <button type="button" class="button" onClick={() => state.stop()}>
              Stop
            </button>
          </div>
        )
        : (
          <button
            type="button"
            class="button primary"
            disabled={kind === "points" && clicked === 0}
            onClick={() => void state.track()}
          >
            <Icon name="play" /> Track
          </button>
        )}
    </>
  );
}

/** What was found: each track, kept or removed. */
function Found({ state }: { readonly state: MotionState }) {
  const { tracks: { count }, suspects } = state.followed.value!;
  const removed = state.removed.value;
  const reasons = new Map(suspects.map(({ index, reason }) => [index, reason]));
  const left = suspects.filter(({ index }) => !removed.has(index));
  return (
    <>
      <ul class="motion-tracks" aria-label="Tracks that were found">
        {Array.from({ length: count }, (_, n) => {
          const reason = reasons.get(n);
          return (
            <li key={n}>
              <button
                type="button"
                class="motion-track"
                aria-pressed={!removed.has(n)}
                aria-label={`Track ${n + 1}${reason ? `, ${reason}` : ""}`}
                title={reason
                  ? `Unreliable: ${reason}`
                  : "Click to remove it, or to take it back"}
                style={{ borderColor: trackColor(n) }}
                onClick={() => toggle(state, n)}
              >
                {reason && <Icon name="warning" />}
                {n + 1}
              </button>
            </li>
          );
        })}
      </ul>
      <div class="row">
        {left.length > 0 && (
          <button
            type="button"
            class="button small"
            onClick={() =>
              state.removed.value = new Set([
                ...removed,
                ...left.map(({ index }) => index),
              ])}
          >
            Remove unreliable ({left.length})
          </button>
        )}
        <button
          type="button"
          class="button small"
          onClick={() => state.stop()}
        >
          Other points
        </button>
      </div>
    </>
  );
}
