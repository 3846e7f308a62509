/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Export: the tracks as a file for other programs, the preview as a video.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import type { WritableTracksFormat } from "../../../core/tracks/write_tracks.ts";
import { Icon } from "../../components/icon.tsx";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import { shownPicture } from "../pictures.ts";
import {
  editorDocument,
  pictureId,
  project,
  say,
  sayError,
  trackSet,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { startRun } from "./start_run.ts";
import { recordPreview } from "./preview_film.ts";
import { saveFile } from "./save_file.ts";

const FORMATS: readonly (readonly [
  format: WritableTracksFormat,
  title: string,
  text: string,
])[] = [
  ["pth", ".pth", "ATI’s own file, as Store Tracks writes it"],
  ["json", ".json", "For ComfyUI: KJNodes’ splines, WanVideo’s ATI tracks"],
  ["npz", ".npz", "For NumPy: (tracks, 121, 1, 3), times 8"],
];

/** The dialog. */
export function ExportDialog() {
  const recording = useSignal<
    { readonly stop: AbortController; readonly share: number } | undefined
  >(undefined);
  useEffect(() => () => recording.peek()?.stop.abort(), []);
  const id = pictureId.value ?? "tracks";
  const shown = shownPicture.value;
  const canStart = project.value!.generator.engines.includes("preview");

  const write = async (format: WritableTracksFormat) => {
    try {
      const bytes = await ask("exportTracks", {
        document: editorDocument.value,
        format,
      });
      saveFile(new Blob([bytes]), `${id}.${format}`);
      say(`Exported ${id}.${format}`);
    } catch (error) {
      sayError(error);
    }
  };
  const film = async () => {
    const stop = new AbortController();
    recording.value = { stop, share: 0 };
    try {
      const video = await recordPreview(shown!, trackSet.value, {
        signal: stop.signal,
        onProgress: (share) => recording.value = { stop, share },
      });
      saveFile(video, `${id}-preview.webm`);
      say(`Exported ${id}-preview.webm`);
    } catch (error) {
      if (!stop.signal.aborted) sayError(error);
    } finally {
      recording.value = undefined;
    }
  };
  return (
    <Dialog
      title={`Export picture ${id}`}
      onClose={() => dialog.value = undefined}
    >
      <ul class="exports" aria-label="Tracks as a file">
        {FORMATS.map(([format, title, text]) => (
          <li key={format}>
            <button
              type="button"
              class="export"
              onClick={() => void write(format)}
            >
              <Icon name="download" />
              <strong>{title}</strong>
              <span class="hint">{text}</span>
            </button>
          </li>
        ))}
        {canStart && (
          <li>
            <button
              type="button"
              class="export"
              onClick={() => {
                dialog.value = "generate";
                void startRun([pictureId.value!], "preview");
              }}
            >
              <Icon name="film" />
              <strong>Preview .mp4</strong>
              <span class="hint">The motion preview, as the tools make it</span>
            </button>
          </li>
        )}
        <li>
          <button
            type="button"
            class="export"
            disabled={!shown || recording.value !== undefined ||
              trackSet.value.count === 0}
            onClick={() => void film()}
          >
            <Icon name="film" />
            <strong>Preview .webm</strong>
            <span class="hint">
              Recorded in this browser, in the five seconds that it lasts
            </span>
          </button>
        </li>
      </ul>
      <div class="run-line" data-idle={recording.value === undefined}>
        <progress
          max={1}
          value={recording.value?.share ?? 0}
          aria-label="Recording"
        />
        <button
          type="button"
          class="button small"
          disabled={recording.value === undefined}
          onClick={() => recording.value?.stop.abort()}
        >
          Stop
        </button>
      </div>
    </Dialog>
  );
}
