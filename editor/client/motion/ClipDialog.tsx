/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Motion from video: points followed through a video, and where their motion
 * goes on the image.
 *
 * @module
 */

import { useEffect, useMemo } from "npm:preact@10.29.8/hooks";
import { useSignalEffect } from "npm:@preact/signals@2.11.4";
import { TRACK_FPS } from "../../../core/tracks/track_set.ts";
import { IconButton } from "../../components/fields.tsx";
import { Icon } from "../../components/icon.tsx";
import { lengthText } from "../../model/document_length.ts";
import { addTracks } from "../../model/edits.ts";
import { motionTracks } from "../../model/motion_tracks.ts";
import { clipFile } from "../dialogs/clip_file.ts";
import { Dialog } from "../dialogs/Dialog.tsx";
import { dialog } from "../panels.ts";
import {
  edit,
  editorDocument,
  lastFrame,
  rendered,
  say,
  sayError,
  selection,
} from "../state.ts";
import { ClipSide } from "./ClipSide.tsx";
import { createMotionState, type MotionState } from "./motion_state.ts";
import { PlaceSide } from "./PlaceSide.tsx";

/** What a file field takes. */
export const CLIP_TYPES = "video/*,.mkv,.mov";

/** More tracks than these confuse the model. */
const MOST = 20;

/** The dialog. */
export function ClipDialog() {
  const state = useMemo(createMotionState, []);
  useEffect(() => () => state[Symbol.dispose](), []);
  useSignalEffect(() => {
    const file = clipFile.value;
    if (!file) return;
    clipFile.value = undefined;
    state.open(file);
  });
  const placed = state.placed.value;
  const count = placed?.tracks.count ?? 0;
  const add = () => {
    try {
      const tracks = motionTracks(editorDocument.peek(), placed!.tracks);
      edit((document) => addTracks(document, tracks));
      selection.value = new Set(tracks.map(({ id }) => id));
      say(`Added ${words(tracks.length, "track")} from the video`);
      dialog.value = undefined;
    } catch (error) {
      sayError(error);
    }
  };
  return (
    <Dialog
      wide="widest"
      title="Motion from video"
      onClose={() => dialog.value = undefined}
      actions={
        <button
          type="button"
          class="button primary"
          disabled={count === 0}
          onClick={add}
        >
          {count > 0 ? `Add ${words(count, "track")}` : "Add"}
        </button>
      }
    >
      {state.facts.value
        ? (
          <>
            <div class="motion">
              <ClipSide state={state} />
              <PlaceSide state={state} />
            </div>
            <Player state={state} />
            <Notes state={state} />
          </>
        )
        : <ClipField state={state} />}
      {state.error.value && (
        <p class="error motion-error" role="alert">{state.error.value}</p>
      )}
    </Dialog>
  );
}

/** A count with its noun. */
function words(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Before there is a video. */
function ClipField({ state }: { readonly state: MotionState }) {
  return (
    <label
      class="file-drop"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        const file = event.dataTransfer?.files[0];
        if (file) state.open(file);
      }}
    >
      <Icon name="video" />
      <span>
        {state.file.value?.name ?? "Choose a video, or drop one here"}
        <br />
        <span class="hint">
          Any that this browser plays; {lengthText(editorDocument.value)}{" "}
          of it are followed
        </span>
      </span>
      <input
        type="file"
        accept={CLIP_TYPES}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file) state.open(file);
        }}
      />
    </label>
  );
}

/** Time, for video and image together. */
function Player({ state }: { readonly state: MotionState }) {
  const samples = state.samples.value, playing = state.playing.value;
  useEffect(() => {
    if (!playing) return;
    let last = performance.now(), request = 0;
    const step = (now: number) => {
      // After a pause of the page it goes on where it was.
      state.advance(Math.min(100, now - last), samples);
      last = now;
      request = requestAnimationFrame(step);
    };
    request = requestAnimationFrame(step);
    return () => cancelAnimationFrame(request);
  }, [playing, samples]);
  const at = Math.min(samples - 1, Math.floor(state.frame.value));
  return (
    <div class="motion-player">
      <IconButton
        icon={playing ? "pause" : "play"}
        label={playing ? "Pause the video" : "Play the video"}
        onClick={() => state.playing.value = !playing}
      />
      <input
        type="range"
        aria-label="Sample"
        min={0}
        max={samples - 1}
        value={at}
        onInput={(event) => state.hold(event.currentTarget.valueAsNumber)}
      />
      <output>{(at / TRACK_FPS).toFixed(2)} s</output>
    </div>
  );
}

/** What there is to know about what was followed. */
function Notes({ state }: { readonly state: MotionState }) {
  const clip = state.followed.value, placed = state.placed.value;
  const notes: string[] = [];
  if (clip && placed) {
    const { tracks: { frames }, leftOut } = clip;
    notes.push(
      frames <= lastFrame.value
        ? `Only ${frames} of ${
          lastFrame.value + 1
        } samples: the video ends after ${
          ((frames - 1) / TRACK_FPS).toFixed(2)
        } s, then the tracks are hidden.`
        : `${frames} samples at 24 per second, out of ${clip.frames} frames.`,
    );
    if (leftOut > 0) {
      notes.push(
        `${leftOut} of the candidates were unreliable and are left out.`,
      );
    }
    if (placed.outside.length > 0) {
      notes.push(
        `${
          words(placed.outside.length, "track")
        } would begin outside of the image and will not be added.`,
      );
    }
    const all = placed.tracks.count + rendered.value.length;
    if (all > MOST) {
      notes.push(
        `${all} tracks in all: the model was trained on up to ${MOST}.`,
      );
    }
  }
  return (
    <div class="motion-notes" role="status">
      {notes.map((note) => <p key={note} class="hint">{note}</p>)}
    </div>
  );
}
