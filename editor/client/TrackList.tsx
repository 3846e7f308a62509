/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The list of tracks: what is selected, named, locked, hidden and in which
 * order. A grid for the keyboard: arrows walk, Alt and arrows move a track.
 *
 * @module
 */

import type { RefObject } from "npm:preact@10.29.8";
import { useRef } from "npm:preact@10.29.8/hooks";
import { type Signal, useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../components/fields.tsx";
import { rowHeight, Rows } from "../components/rows.tsx";
import type { EditorTrack } from "../model/document.ts";
import { reorderTracks } from "../model/list_edits.ts";
import { deleteLast, deleteSelected } from "./actions.ts";
import { dialog, selectTrack } from "./panels.ts";
import { duplicateSelected } from "./stage/placing.ts";
import {
  edit,
  editorDocument,
  imageId,
  issues,
  rendered,
  selectedPoint,
  selection,
  trackSet,
} from "./state.ts";
import { TrackRow } from "./TrackRow.tsx";

/** Height of a row, px. */
const ROW = rowHeight(30, 40);
/** The cells of a row that the arrow keys reach: name, lock, eye. */
const LAST_CELL = 2;

/** The list and its buttons. */
export function TrackList() {
  const { tracks } = editorDocument.value;
  return (
    <div class="tracks">
      <ListHead count={tracks.length} />
      {tracks.length === 0
        ? (
          <p class="nothing">
            {imageId.value === undefined
              ? "Add an image to begin."
              : "Draw on the image: each stroke is a track."}
          </p>
        )
        : <TrackGrid tracks={tracks} />}
    </div>
  );
}

function ListHead({ count }: { readonly count: number }) {
  const chosen = selection.value;
  // Those that Store Tracks writes.
  const stored = trackSet.value.count;
  return (
    <div class="panel-head">
      <h2 class="panel-title">
        Tracks{" "}
        <span
          class="count"
          title={stored === count
            ? undefined
            : `${count} in the list; a circle is several, a hidden one is none`}
        >
          {stored === count ? count || "" : `${count}, stored as ${stored}`}
        </span>
      </h2>
      <IconButton
        icon="star"
        label="Copy, paste and presets"
        disabled={imageId.value === undefined}
        onClick={() => dialog.value = "motion"}
      />
      <IconButton
        icon="copy"
        label="Duplicate the selected tracks"
        hint="Ctrl+D"
        disabled={chosen.size === 0}
        onClick={duplicateSelected}
      />
      <IconButton
        icon="delete-last"
        label="Delete the last track"
        disabled={count === 0}
        onClick={deleteLast}
      />
      <IconButton
        icon="trash"
        label="Delete the selected tracks"
        hint="Delete"
        disabled={chosen.size === 0}
        onClick={deleteSelected}
      />
    </div>
  );
}

function TrackGrid({ tracks }: { readonly tracks: readonly EditorTrack[] }) {
  const chosen = selection.value;
  const focus = useSignal({ row: 0, cell: 0 });
  const renaming = useSignal<string | undefined>(undefined);
  const dropAt = useSignal<number | undefined>(undefined);
  const root = useRef<HTMLDivElement>(null);
  const focusRow = Math.min(focus.value.row, tracks.length - 1);
  const risky = new Set(
    issues.value.map((issue) => rendered.value[issue.track]?.id),
  );
  const goTo = (row: number, cell: number) => {
    focus.value = {
      row: Math.min(tracks.length - 1, Math.max(0, row)),
      cell: Math.min(LAST_CELL, Math.max(0, cell)),
    };
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>('[data-cell][tabindex="0"]')
        ?.focus()
    );
  };
  const press = (event: KeyboardEvent) => {
    const track = tracks[focusRow];
    if (!track || renaming.value !== undefined) return;
    const { cell } = focus.value;
    if (event.key === "F2") renaming.value = track.id;
    else if (!walk(event, { tracks, row: focusRow, cell, goTo })) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const first = tracks.findIndex((track) => chosen.has(track.id));
  return (
    <div
      class="track-grid"
      role="grid"
      aria-label="Tracks"
      aria-multiselectable="true"
      aria-rowcount={tracks.length}
      ref={root}
      onKeyDown={press}
    >
      <Rows
        count={tracks.length}
        height={ROW}
        keep={focusRow}
        reveal={first < 0 ? focusRow : first}
        render={(index) => {
          const track = tracks[index]!;
          return (
            <TrackRow
              key={track.id}
              track={track}
              index={index}
              selected={chosen.has(track.id)}
              risky={risky.has(track.id)}
              drop={dropAt.value === index ||
                (dropAt.value === tracks.length &&
                  index === tracks.length - 1 && "after")}
              renaming={renaming.value === track.id}
              focusCell={index === focusRow ? focus.value.cell : undefined}
              onFocus={() => {
                if (focus.value.row !== index) {
                  focus.value = { ...focus.value, row: index };
                }
              }}
              onGrip={(event) =>
                dragRow(event, { tracks, track, dropAt, root })}
              onSelect={(event) => {
                focus.value = { row: index, cell: 0 };
                if (event.shiftKey) selectTo(tracks, index);
                else {
                  selectTrack(track.id, {
                    toggle: event.ctrlKey || event.metaKey,
                  });
                }
              }}
              onRename={() => renaming.value = track.id}
              onRenamed={() => {
                renaming.value = undefined;
                goTo(index, 0);
              }}
            />
          );
        }}
      />
    </div>
  );
}

/** The selection with `track` in it, or `track` alone. */
function chosenWith(track: EditorTrack): ReadonlySet<string> {
  return selection.value.has(track.id) ? selection.value : new Set([track.id]);
}

/** Moves `track`, and what is selected with it, to row `to`. */
function moveTo(track: EditorTrack, to: number): void {
  const ids = chosenWith(track);
  edit((document) => reorderTracks(document, ids, to));
}

/** Selects from the first selected row to `row`. */
function selectTo(tracks: readonly EditorTrack[], row: number): void {
  const from = tracks.findIndex((track) => selection.value.has(track.id));
  const [a, b] = [Math.min(from < 0 ? row : from, row), Math.max(from, row)];
  selectedPoint.value = undefined;
  selection.value = new Set(tracks.slice(a, b + 1).map((track) => track.id));
}

/** Arrow keys, Home, and End; whether the key was one of them. */
function walk(
  event: KeyboardEvent,
  { tracks, row, cell, goTo }: {
    readonly tracks: readonly EditorTrack[];
    readonly row: number;
    readonly cell: number;
    readonly goTo: (row: number, cell: number) => void;
  },
): boolean {
  const track = tracks[row]!;
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step !== undefined && event.altKey) {
    const ids = chosenWith(track);
    moveTo(track, tracks.findIndex((t) => ids.has(t.id)) + step);
    goTo(row + step, cell);
  } else if (step !== undefined) {
    goTo(row + step, cell);
    const next = tracks[row + step];
    if (next && event.shiftKey) {
      selectedPoint.value = undefined;
      selection.value = new Set([...selection.value, track.id, next.id]);
    } else if (next && cell === 0) selectTrack(next.id);
  } else if (event.key === "ArrowRight") goTo(row, cell + 1);
  else if (event.key === "ArrowLeft") goTo(row, cell - 1);
  else if (event.key === "Home") goTo(0, cell);
  else if (event.key === "End") goTo(tracks.length - 1, cell);
  else return false;
  return true;
}

/** Follows the pointer from a row's grip and moves the row where it is let go. */
function dragRow(
  event: PointerEvent,
  { tracks, track, dropAt, root }: {
    readonly tracks: readonly EditorTrack[];
    readonly track: EditorTrack;
    readonly dropAt: Signal<number | undefined>;
    readonly root: RefObject<HTMLDivElement>;
  },
): void {
  const grip = event.currentTarget as HTMLElement;
  const list = root.current!.querySelector(".rows-all")!;
  grip.setPointerCapture(event.pointerId);
  const rowAt = (e: PointerEvent) => {
    const row = (e.clientY - list.getBoundingClientRect().top) / ROW;
    return Math.min(tracks.length, Math.max(0, Math.round(row)));
  };
  grip.onpointermove = (e) => dropAt.value = rowAt(e);
  grip.onlostpointercapture = () => {
    grip.onpointermove = grip.onlostpointercapture = null;
    const at = dropAt.value;
    dropAt.value = undefined;
    if (at === undefined) return;
    const ids = chosenWith(track);
    // Rows that are taken out above do not count for where they go.
    const above = tracks.slice(0, at).filter((t) => ids.has(t.id)).length;
    moveTo(track, at - above);
  };
  grip.onpointercancel = () => dropAt.value = undefined;
}
