/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The status line: where the pointer is, which frame is shown, how fast the
 * selected track is there, and whether everything is saved.
 *
 * @module
 */

import { computed } from "npm:@preact/signals@2.11.4";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import { stored } from "./dialogs/stored.ts";
import {
  imageId,
  lastFrame,
  notice,
  pointer,
  rendered,
  saveState,
  selection,
  wholeFrame,
} from "./state.ts";

const SAVE_LABELS = {
  saved: "All changes saved",
  waiting: "Saving…",
  offline: "Not saved: server not responding; kept in this browser",
  refused: "Not saved: server error; kept in this browser",
  conflict: "Changed in another window",
} as const;

/** After "All changes saved". */
const STORED_LABELS = {
  never: "",
  current: ", stored",
  outdated: ", not stored yet",
  replaced: "; stored files replaced",
} as const;

/** Speed of the first selected track around the frame shown, px per frame. */
const speed = computed(() => {
  const track = rendered.value.find((t) => selection.value.has(t.id));
  if (!track) return undefined;
  const to = Math.min(lastFrame.value, Math.max(1, wholeFrame.value));
  const a = track.points[to - 1]!, b = track.points[to]!;
  return Math.hypot(b.x - a.x, b.y - a.y);
});

/** The status line. */
export function StatusLine() {
  const at = pointer.value;
  const message = notice.value;
  return (
    <footer class="status">
      <span class="cell wide" title="Position in px of the image">
        {at ? `x ${Math.round(at.x)}  y ${Math.round(at.y)} px` : "x –  y – px"}
      </span>
      <span class="cell wide" title="Frame at 24 per second">
        Frame {wholeFrame.value} / {lastFrame.value} ·{" "}
        {(wholeFrame.value / TRACK_FPS).toFixed(2)} s
      </span>
      <span class="cell" title="Speed of the selected track at this frame">
        {speed.value === undefined
          ? "– px/frame"
          : `${speed.value.toFixed(1)} px/frame`}
      </span>
      <span
        class={`message ${message?.kind ?? ""}`}
        role={message?.kind === "error" ? "alert" : "status"}
      >
        {message?.text}
      </span>
      {imageId.value !== undefined && (
        <span class={`save ${saveState.value.state}`}>
          {SAVE_LABELS[
            saveState.value.state === "offline" && saveState.value.refused
              ? "refused"
              : saveState.value.state
          ]}
          {saveState.value.state === "saved" &&
            STORED_LABELS[stored.value ?? "never"]}
        </span>
      )}
    </footer>
  );
}
