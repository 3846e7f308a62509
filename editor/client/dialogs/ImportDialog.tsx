/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Import: tracks from a file of any kind that is known, looked at before they
 * are added.
 *
 * @module
 */

import { useSignal, useSignalEffect } from "npm:@preact/signals@2.11.4";
import type { LengthPolicy } from "../../../core/tracks/fit_length.ts";
import { ChoiceField } from "../../components/fields.tsx";
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
import { readSvgLines } from "./svg_lines.ts";

type Found =
  | { readonly file: File; readonly tracks: ImportedTracks }
  | { readonly file: File; readonly error: string };

/** The dialog. */
export function ImportDialog() {
  const file = useSignal<File | undefined>(undefined);
  const length = useSignal<LengthPolicy>("pad");
  const found = useSignal<Found | undefined>(undefined);
  useSignalEffect(() => {
    const [dropped] = droppedFiles.value;
    if (!dropped) return;
    file.value = dropped;
    droppedFiles.value = [];
  });
  useSignalEffect(() => {
    const chosen = file.value, policy = length.value;
    if (!chosen) return;
    void look(chosen, policy).then((result) => {
      if (file.peek() === chosen && length.peek() === policy) {
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
            .pth, .npz, .npy, .json (ATI, CoTracker, ComfyUI), or .svg paths
          </span>
        </span>
        <input
          type="file"
          accept=".pth,.npz,.npy,.json,.svg"
          onChange={(event) => file.value = event.currentTarget.files?.[0]}
        />
      </label>
      <ChoiceField
        label="Length"
        value={length.value === "resample" ? "resample" : "pad"}
        values={[
          ["pad", "Cut or pad", "Frame by frame; what is missing is hidden"],
          ["resample", "Stretch", "The whole track over the five seconds"],
        ]}
        onValue={(value) => length.value = value}
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

async function look(file: File, length: LengthPolicy): Promise<Found> {
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
      : await ask("importTracks", { bytes, name: file.name, document, length });
    return { file, tracks };
  } catch (error) {
    return {
      file,
      error: error instanceof Error ? error.message : String(error),
    };
  }
}
