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
import { emptyDocument } from "../../model/document.ts";
import { addImported } from "../../model/add_imported.ts";
import { lengthText } from "../../model/document_length.ts";
import type { ImportedTracks } from "../../model/exchange.ts";
import type { MotionSize } from "../../model/motion.ts";
import { ask } from "../exchange.ts";
import { dialog } from "../panels.ts";
import {
  droppedFiles,
  edit,
  editorDocument,
  say,
  selection,
} from "../state.ts";
import { isClip, openClip } from "./clip_file.ts";
import { Dialog } from "./Dialog.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { ReadingFields } from "./ReadingFields.tsx";
import { readSvgLines } from "./svg_lines.ts";

type Found =
  & { readonly file: File; readonly how: TrackReading }
  & ({ readonly tracks: ImportedTracks } | { readonly error: string });

/** The dialog. */
export function ImportDialog() {
  const file = useSignal<File | undefined>(undefined);
  const reading = useSignal<TrackReading>({ length: "auto" });
  const sizes = useSignal<readonly MotionSize[]>([]);
  const found = useSignal<Found | undefined>(undefined);
  const choose = (next: File | undefined) => {
    if (next && isClip(next)) return openClip(next);
    const { fromSize: _, unit: __, ...rest } = reading.peek();
    // What was said of another file's px is not known of this one's.
    if (sizes.peek().length > 0) reading.value = rest;
    sizes.value = [];
    file.value = next;
  };
  useSignalEffect(() => {
    const [dropped] = droppedFiles.value;
    if (!dropped) return;
    choose(dropped);
    droppedFiles.value = [];
  });
  useSignalEffect(() => {
    const chosen = file.value, how = reading.value;
    if (!chosen) return;
    void look(chosen, how).then((result) => {
      if (file.peek() === chosen && reading.peek() === how) {
        found.value = result;
        const { sizes: likely = [] } = "tracks" in result ? result.tracks : {};
        if (likely.length > 0) sizes.value = likely;
      }
    });
  });
  const result = found.value;
  const tracks = result && "tracks" in result ? result.tracks : undefined;
  // Nothing is added before it is known where it goes.
  const isAsked = (tracks?.sizes?.length ?? 0) > 0;
  // While another file is read, what is shown is of the one before.
  const isFresh = result?.file === file.value && result?.how === reading.value;
  const add = () => {
    const before = editorDocument.peek();
    edit((document) => addImported(document, tracks!));
    const longer = editorDocument.peek().frames !== before.frames;
    selection.value = new Set(tracks!.tracks.map((track) => track.id));
    const count = tracks!.tracks.length;
    say(
      `Added ${count} ${count === 1 ? "track" : "tracks"}${
        longer
          ? `; the video is now ${lengthText(editorDocument.peek())} long`
          : ""
      }`,
    );
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
          disabled={!tracks || isAsked || !isFresh}
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
          choose(event.dataTransfer?.files[0]);
        }}
      >
        <Icon name="import" />
        <span>
          {file.value?.name ?? "Choose a file, or drop one here"}
          <br />
          <span class="hint">
            .pth, .npz, .npy, .json (ATI, CoTracker, ComfyUI, a motion of this
            editor), .svg paths, a scene .png of Spline-Path-Control; or a
            video, for its motion
          </span>
        </span>
        <input
          type="file"
          accept=".pth,.pt,.npz,.npy,.json,.txt,.nk,.csv,.svg,.png,video/*,.mkv,.mov"
          onChange={(event) => choose(event.currentTarget.files?.[0])}
        />
      </label>
      {sizes.value.length > 0 && (
        <SizeQuestion
          sizes={sizes.value}
          reading={reading.value}
          onReading={(next) => reading.value = next}
        />
      )}
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
            <DocumentView
              document={addImported(
                emptyDocument(editorDocument.value),
                tracks,
              )}
              size={240}
              label="The tracks on the image"
            />
          </>
        )}
      </div>
    </Dialog>
  );
}

/** Asks which image px belong to that would be in a corner of this one. */
function SizeQuestion({ sizes, reading, onReading }: {
  readonly sizes: readonly MotionSize[];
  readonly reading: TrackReading;
  readonly onReading: (reading: TrackReading) => void;
}) {
  const { fromSize, unit, ...rest } = reading;
  const { width, height } = editorDocument.value;
  return (
    <div class="size-question" role="group" aria-label="Size they were made on">
      <p>
        These px do not fill this image. On which size were they drawn?
      </p>
      <div class="row">
        {sizes.map((size) => (
          <button
            key={`${size.width} ${size.height}`}
            type="button"
            class="button small"
            aria-pressed={fromSize?.width === size.width &&
              fromSize.height === size.height}
            onClick={() => onReading({ ...rest, fromSize: size })}
          >
            {size.width} × {size.height}
          </button>
        ))}
        <button
          type="button"
          class="button small"
          aria-pressed={!fromSize && unit === "px"}
          onClick={() =>
            onReading({ ...rest, unit: "px" })}
        >
          This image, {width} × {height}
        </button>
      </div>
      <p class="hint">For another size fill in “Made on” below.</p>
    </div>
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
    return { file, how: reading, tracks };
  } catch (error) {
    return {
      file,
      how: reading,
      error: error instanceof Error ? error.message : String(error),
    };
  }
}
