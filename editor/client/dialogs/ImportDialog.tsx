/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Import: tracks from a file of any kind that is known, looked at before they
 * are added.
 *
 * @module
 */

import { useSignal, useSignalEffect } from "npm:@preact/signals@2.11.4";
import type { TrackReading } from "../../../core/tracks/read_tracks.ts";
import { Icon } from "../../components/icon.tsx";
import { addTracks } from "../../model/edits.ts";
import type { ImportedTracks } from "../../model/exchange.ts";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import {
  droppedFiles,
  edit,
  editorDocument,
  say,
  selection,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { ReadingFields } from "./ReadingFields.tsx";
import { readSvgLines } from "./svg_lines.ts";

type Found =
  | { readonly file: File; readonly tracks: ImportedTracks }
  | { readonly file: File; readonly error: string };

/** The dialog. */
export function ImportDialog() {
  const file = useSignal<File | undefined>(undefined);
  const reading = useSignal<TrackReading>({ length: "auto" });
  const found = useSignal<Found | undefined>(undefined);
  useSignalEffect(() => {
    const [dropped] = droppedFiles.value;
    if (!dropped) return;
    file.value = dropped;
    droppedFiles.value = [];
  });
  useSignalEffect(() => {
    const chosen = file.value, how = reading.value;
    if (!chosen) return;
    void look(chosen, how).then((result) => {
      if (file.peek() === chosen && reading.peek() === how) {
        found.value = result;
      }
    });
  });
  const result = found.value;
  const tracks = result && "tracks" in result ? result.tracks : undefined;
  const add = () => {
    edit((document) => addTracks(document, tracks!.tracks));
    selection.value = new Set(tracks!.tracks.map((track) => track.id));
    const count = tracks!.tracks.length;
    say(`Added ${count} ${count === 1 ? "track" : "tracks"}`);
    dialog.value = undefined;
  };
  return (
    <Dialog
      title="Import tracks"
      onClose={() => dialog.value = undefined}
      actions={
        <button
          type="button"
          class="button primary"
          disabled={!tracks}
          onClick={add}
        >
          {tracks ? `Add ${tracks.tracks.length}` : "Add"}
        </button>
      }
    >
      <label
        class="file-drop"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          event.stopPropagation();
          file.value = event.dataTransfer?.files[0];
        }}
      >
        <Icon name="import" />
        <span>
          {file.value?.name ?? "Choose a file, or drop one here"}
          <br />
          <span class="hint">
            .pth, .npz, .npy, .json (ATI, CoTracker, ComfyUI), .svg paths, or a
            scene .png of Spline-Path-Control
          </span>
        </span>
        <input
          type="file"
          accept=".pth,.pt,.npz,.npy,.json,.txt,.nk,.csv,.svg,.png"
          onChange={(event) => file.value = event.currentTarget.files?.[0]}
        />
      </label>
      <ReadingFields
        reading={reading.value}
        arrays={/\barrays? "/.test(
          result && "error" in result
            ? result.error
            : tracks?.notes.join() ?? "",
        )}
        onReading={(next) => reading.value = next}
      />
      <div class="found" role="status">
        {result && "error" in result && <p class="error">{result.error}</p>}
        {tracks && (
          <>
            <p>
              {tracks.tracks.length}{" "}
              {tracks.tracks.length === 1 ? "track" : "tracks"} found.
            </p>
            {tracks.notes.map((note) => <p key={note} class="hint">{note}</p>)}
          </>
        )}
      </div>
    </Dialog>
  );
}

async function look(file: File, reading: TrackReading): Promise<Found> {
  const document = editorDocument.peek();
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const isSvg = file.type === "image/svg+xml" ||
      file.name.toLowerCase().endsWith(".svg");
    const tracks = isSvg
      ? await ask("importLines", {
        lines: readSvgLines(new TextDecoder().decode(bytes), document),
        document,
      })
      : await ask("importTracks", {
        ...reading,
        bytes,
        name: file.name,
        document,
      });
    return { file, tracks };
  } catch (error) {
    return {
      file,
      error: error instanceof Error ? error.message : String(error),
    };
  }
}
