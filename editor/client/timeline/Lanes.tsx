/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The lanes: a bar for the time in which a track moves, and below it a line for
 * the frames in which it is visible. All of it can be dragged, and moved by keys.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { memo } from "./memo.ts";
import { Badge } from "../../components/badge.tsx";
import { Icon } from "../../components/icon.tsx";
import { trackColor } from "../../components/palette.ts";
import { updateMove } from "../../model/update_move.ts";
import {
  type CameraMove,
  type EditorTrack,
  type Timing,
} from "../../model/document.ts";
import { setVisible } from "../../model/edits.ts";
import {
  clampFrame,
  moveTiming,
  setTimingEnd,
} from "../../model/timing_edits.ts";
import { editTrack, selectTrack } from "../panels.ts";
import { goToFrame } from "../stage/playback.ts";
import { edit, lastFrame, selectedMove, wholeFrame } from "../state.ts";
import { frameAt, frameLeft, framesWide } from "./frames.ts";

type Change = (
  change: (timing: Timing) => Timing,
  gesture: string,
) => void;

/** A track's lane. */
export const TrackLane = memo(function TrackLane(
  { track, number, chosen }: {
    readonly track: EditorTrack;
    readonly number: number;
    readonly chosen: boolean;
  },
) {
  return (
    <div
      class="lane"
      role="group"
      aria-label={track.name}
      data-chosen={chosen}
      data-hidden={track.hidden}
      style={{ "--track": trackColor(track.colour) }}
    >
      <button
        type="button"
        class="lane-name"
        tabIndex={-1}
        title={track.name}
        onClick={(event) =>
          selectTrack(track.id, { toggle: event.ctrlKey || event.metaKey })}
      >
        <Badge color={track.colour} number={number} />
        <span>{track.name}</span>
        {track.locked && <Icon name="lock" />}
      </button>
      <div class="lane-axis" data-axis>
        <Bar
          name={track.name}
          timing={track.timing}
          locked={track.locked}
          onSelect={(toggle) => {
            if (toggle || !chosen) selectTrack(track.id, { toggle });
          }}
          onChange={(change, gesture) =>
            editTrack(
              track.id,
              (t) => ({ ...t, timing: change(t.timing) }),
              { gesture },
            )}
        />
        <VisibleLine track={track} />
      </div>
    </div>
  );
});

/** A camera move's lane. */
export const MoveLane = memo(function MoveLane(
  { move, chosen }: { readonly move: CameraMove; readonly chosen: boolean },
) {
  return (
    <div
      class="lane camera"
      role="group"
      aria-label={`Camera: ${move.name}`}
      data-chosen={chosen}
      data-hidden={!move.enabled}
    >
      <button
        type="button"
        class="lane-name"
        tabIndex={-1}
        title={move.name}
        onClick={() => selectedMove.value = move.id}
      >
        <Icon name={move.kind === "scene" ? "camera" : move.kind} />
        <span>{move.name}</span>
      </button>
      <div class="lane-axis" data-axis>
        <Bar
          name={move.name}
          timing={move.timing}
          locked={false}
          onSelect={() => selectedMove.value = move.id}
          onChange={(change, gesture) =>
            edit(
              (document) =>
                updateMove(document, move.id, (m) => ({
                  ...m,
                  timing: change(m.timing),
                })),
              { gesture: `${gesture} ${move.id}` },
            )}
        />
      </div>
    </div>
  );
});

/** The parts of a bar that can be taken hold of. */
const PARTS = ["whole", "start", "end"] as const;
type Part = typeof PARTS[number];

function shift(timing: Timing, part: Part, by: number): Timing {
  const time = { last: lastFrame.peek() };
  return part === "whole"
    ? moveTiming(timing, by, time)
    : part === "start"
    ? setTimingEnd(timing, { start: timing.start + by }, time)
    : setTimingEnd(timing, { end: timing.end + by }, time);
}

function Bar(props: {
  readonly name: string;
  readonly timing: Timing;
  readonly locked: boolean;
  readonly onSelect: (toggle: boolean) => void;
  readonly onChange: Change;
}) {
  const { name, timing, locked, onChange } = props;
  const { start, end } = timing;
  const drag = (event: PointerEvent, part: Part) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    const handle = event.currentTarget as HTMLElement;
    props.onSelect(event.ctrlKey || event.metaKey);
    if (locked) return;
    const axis = handle.closest("[data-axis]")!;
    handle.setPointerCapture(event.pointerId);
    const from = frameAt(axis, event.clientX);
    const gesture = `bar ${part} ${event.timeStamp}`;
    handle.onpointermove = (e) => {
      const by = frameAt(axis, e.clientX) - from;
      onChange(() => shift(timing, part, by), gesture);
    };
    handle.onlostpointercapture = () => {
      handle.onpointermove = handle.onlostpointercapture = null;
    };
  };
  const press = (event: KeyboardEvent, part: Part) => {
    const step = event.shiftKey ? 10 : 1;
    const by = { ArrowLeft: -step, ArrowRight: step }[event.key];
    if (by === undefined || locked) return;
    event.preventDefault();
    event.stopPropagation();
    onChange((t) => shift(t, part, by), `bar keys ${part}`);
  };
  const labels = {
    whole: [`When ${name} moves`, start, `frame ${start} to ${end}`],
    start: [`Start of ${name}`, start, `frame ${start}`],
    end: [`End of ${name}`, end, `frame ${end}`],
  } as const;
  return (
    <div
      class="bar"
      data-locked={locked}
      style={{ left: frameLeft(start), width: framesWide(end - start) }}
    >
      {PARTS.map((part) => (
        <span
          key={part}
          class={`bar-${part}`}
          role="slider"
          tabIndex={0}
          aria-label={labels[part][0]}
          aria-valuemin={0}
          aria-valuemax={lastFrame.value}
          aria-valuenow={labels[part][1]}
          aria-valuetext={labels[part][2]}
          aria-disabled={locked}
          title={`${labels[part][0]}: ${labels[part][2]}`}
          onPointerDown={(event) => drag(event, part)}
          onKeyDown={(event) => press(event, part)}
          onFocus={(event) => {
            if (event.currentTarget.matches(":focus-visible")) {
              props.onSelect(false);
            }
          }}
        />
      ))}
    </div>
  );
}

/** The line of visible frames: drag over seen frames to hide them, and back. */
function VisibleLine({ track }: { readonly track: EditorTrack }) {
  const { visible, locked, name } = track;
  /** The range being dragged or between keys, and what it will be. */
  const range = useSignal<
    { readonly from: number; readonly to: number } | undefined
  >(undefined);
  const seenAt = (at: number) =>
    visible.some(([from, to]) => from <= at && at <= to);
  const apply = (from: number, to: number, show: boolean) =>
    editTrack(track.id, (t) => ({
      ...t,
      visible: setVisible(t.visible, {
        from: Math.min(from, to),
        to: Math.max(from, to),
        visible: show,
      }),
    }));
  const drag = (event: PointerEvent) => {
    if (event.button !== 0 || locked) return;
    const line = event.currentTarget as HTMLElement;
    line.setPointerCapture(event.pointerId);
    const from = frameAt(line, event.clientX);
    range.value = { from, to: from };
    line.onpointermove = (e) =>
      range.value = { from, to: frameAt(line, e.clientX) };
    const finish = (commit: boolean) => {
      line.onpointermove = line.onpointerup = line.onlostpointercapture = null;
      const done = range.value;
      range.value = undefined;
      if (commit && done) apply(done.from, done.to, !seenAt(done.from));
    };
    line.onpointerup = () => finish(true);
    line.onlostpointercapture = () => finish(false);
  };
  const press = (event: KeyboardEvent) => {
    if (locked) return;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const at = wholeFrame.value;
    if (step !== undefined) {
      const to = clampFrame(
        at + step * (event.ctrlKey ? 10 : 1),
        lastFrame.peek(),
      );
      range.value = event.shiftKey
        ? { from: range.value?.from ?? at, to }
        : undefined;
      goToFrame(to);
    } else if (event.key === "Enter" || event.key === " ") {
      const { from, to } = range.value ?? { from: at, to: at };
      apply(from, to, !seenAt(from));
      range.value = undefined;
    } else if (event.key === "Escape" && range.value) range.value = undefined;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const marked = range.value;
  return (
    <div
      class="visibility"
      role="slider"
      tabIndex={0}
      aria-label={`When ${name} is visible`}
      aria-description="Arrow keys go through the frames, with Shift they mark some, Enter hides or shows them."
      aria-valuemin={0}
      aria-valuemax={lastFrame.value}
      aria-valuenow={wholeFrame.value}
      aria-valuetext={`frame ${wholeFrame.value} ${
        seenAt(wholeFrame.value) ? "visible" : "hidden"
      }`}
      aria-disabled={locked}
      title="Drag to hide frames, or to show them again"
      data-axis
      onPointerDown={drag}
      onKeyDown={press}
      onBlur={() => range.value = undefined}
    >
      {visible.map(([from, to]) => (
        <span
          key={from}
          class="visible-range"
          style={{ left: frameLeft(from), width: framesWide(to - from) }}
        />
      ))}
      {marked && (
        <span
          class={`visible-mark ${seenAt(marked.from) ? "hides" : "shows"}`}
          style={{
            left: frameLeft(Math.min(marked.from, marked.to)),
            width: framesWide(Math.abs(marked.to - marked.from)),
          }}
        />
      )}
    </div>
  );
}
