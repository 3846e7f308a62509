/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The timeline: the frames with those that the video shows, playback,
 * one lane per camera move and track.
 *
 * @module
 */

import { useRef } from "npm:preact@10.29.8/hooks";
import {
  type Signal,
  useSignal,
  useSignalEffect,
} from "npm:@preact/signals@2.11.4";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import { rowHeight, Rows } from "../components/rows.tsx";
import {
  editorDocument,
  frame,
  imageId,
  lastFrame,
  selectedMove,
  selection,
} from "./state.ts";
import { loaded } from "./dialogs/load.ts";
import { frameAt, shareOf, timeView, videoFrame } from "./timeline/frames.ts";
import { MoveLane, TrackLane } from "./timeline/Lanes.tsx";
import { Ruler } from "./timeline/Ruler.tsx";
import { Transport } from "./timeline/Transport.tsx";

/** Height of a lane, px. */
const LANE = rowHeight(28, 48);

/** The timeline. */
export function Timeline() {
  const { tracks, camera } = editorDocument.value;
  const body = useRef<HTMLDivElement>(null);
  const playhead = useRef<HTMLDivElement>(null);
  const hover = useSignal<number | undefined>(undefined);

  // The playhead moves at the display's rate: past Preact, straight to CSS.
  useSignalEffect(() => {
    // Not to the whole timeline: every lane would be styled anew.
    const at = shareOf(Math.min(lastFrame.value, Math.max(0, frame.value)));
    playhead.current?.style.setProperty("--at", String(at));
    // The last frame at the right end may come out as 1 and a rounding error.
    playhead.current?.toggleAttribute(
      "data-away",
      Math.abs(at - 0.5) > 0.500001,
    );
  });
  const { first, zoom } = timeView.value;
  const Zoom = loaded.value?.timeZoom;

  const firstMove = camera.findIndex((move) => move.id === selectedMove.value);
  const firstTrack = tracks.findIndex((track) => selection.value.has(track.id));
  const reveal = firstTrack >= 0
    ? camera.length + firstTrack
    : firstMove >= 0
    ? firstMove
    : undefined;
  return (
    <>
      <Transport />
      <div
        class="time-body"
        ref={body}
        data-zoomed={zoom > 1}
        style={{ "--first": first, "--frame": zoom / lastFrame.value }}
        onPointerMove={(event) => {
          const lane = (event.target as Element).closest("[data-axis]");
          hover.value = lane ? frameAt(lane, event.clientX) : undefined;
        }}
        onPointerLeave={() => hover.value = undefined}
      >
        <Ruler />
        <Rows
          class="lanes"
          count={camera.length + tracks.length}
          height={LANE}
          reveal={reveal}
          render={(index) => {
            const move = camera[index];
            if (move) {
              return (
                <MoveLane
                  key={move.id}
                  move={move}
                  chosen={move.id === selectedMove.value}
                />
              );
            }
            const at = index - camera.length;
            const track = tracks[at]!;
            return (
              <TrackLane
                key={track.id}
                track={track}
                number={at + 1}
                chosen={selection.value.has(track.id)}
              />
            );
          }}
        />
        {tracks.length + camera.length === 0 &&
          imageId.value !== undefined && (
          <p class="nothing lanes-empty">
            Each track has a lane here: drag its bar to set when it moves, and
            the line below it to set when it is visible.
          </p>
        )}
        {Zoom && <Zoom body={body} />}
        <div class="playhead" ref={playhead} aria-hidden="true" />
        <HoverLine at={hover} />
      </div>
    </>
  );
}

/** Where the pointer is in time. */
function HoverLine({ at }: { readonly at: Signal<number | undefined> }) {
  const frame = at.value;
  if (frame === undefined) return null;
  const used = videoFrame(frame);
  return (
    <div
      class="hoverhead"
      aria-hidden="true"
      style={{ "--at": shareOf(frame) }}
    >
      <span class={shareOf(frame) > 0.5 ? "before" : ""}>
        {frame} · {(frame / TRACK_FPS).toFixed(2)} s
        {used === undefined ? "" : ` · video ${used}`}
      </span>
    </div>
  );
}
