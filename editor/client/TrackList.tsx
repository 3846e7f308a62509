/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The list of tracks: what is selected, named, locked, hidden and in which
 * order. A grid for the keyboard: arrows walk, Alt and arrows move a track.
 *
 * @module
 */

import { useRef } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Badge } from "../components/badge.tsx";
import { IconButton } from "../components/fields.tsx";
import { Icon } from "../components/icon.tsx";
import { rowHeight, Rows } from "../components/rows.tsx";
import type { EditorTrack } from "../model/document.ts";
import { reorderTracks } from "../model/list_edits.ts";
import { deleteLast, deleteSelected } from "./actions.ts";
import { editTrack, selectTrack } from "./panels.ts";
import { duplicateSelected } from "./stage/placing.ts";
import {
  edit,
  editorDocument,
  imageId,
  issues,
  rendered,
  selectedPoint,
  selection,
} from "./state.ts";

/** Height of a row, px. */
const ROW = rowHeight(30, 40);

/** The list and its buttons. */
export function TrackList() {
  const { tracks } = editorDocument.value;
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
      cell: Math.min(2, Math.max(0, cell)),
    };
    requestAnimationFrame(() =>
      root.current?.querySelector<HTMLElement>('[data-cell][tabindex="0"]')
        ?.focus()
    );
  };
  const selectTo = (row: number) => {
    const from = tracks.findIndex((track) => chosen.has(track.id));
    const [a, b] = [Math.min(from < 0 ? row : from, row), Math.max(from, row)];
    selectedPoint.value = undefined;
    selection.value = new Set(tracks.slice(a, b + 1).map((track) => track.id));
  };
  const move = (track: EditorTrack, to: number) => {
    const ids = chosen.has(track.id) ? chosen : new Set([track.id]);
    edit((document) => reorderTracks(document, ids, to));
  };
  const press = (event: KeyboardEvent) => {
    const { row, cell } = { ...focus.value, row: focusRow };
    const track = tracks[row];
    if (!track || renaming.value !== undefined) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step !== undefined && event.altKey) {
      const ids = chosen.has(track.id) ? chosen : new Set([track.id]);
      const first = tracks.findIndex((t) => ids.has(t.id));
      move(track, first + step);
      goTo(row + step, cell);
    } else if (step !== undefined) {
      goTo(row + step, cell);
      const next = tracks[row + step];
      if (next && event.shiftKey) {
        selectedPoint.value = undefined;
        selection.value = new Set([...chosen, track.id, next.id]);
      } else if (next && cell === 0) selectTrack(next.id);
    } else if (event.key === "ArrowRight") goTo(row, cell + 1);
    else if (event.key === "ArrowLeft") goTo(row, cell - 1);
    else if (event.key === "Home") goTo(0, cell);
    else if (event.key === "End") goTo(tracks.length - 1, cell);
    else if (event.key === "F2") renaming.value = track.id;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drag = (event: PointerEvent, track: EditorTrack) => {
    const grip = event.currentTarget as HTMLElement;
    const list = root.current!.querySelector(".rows-all")!;
    grip.setPointerCapture(event.pointerId);
    const rowAt = (e: PointerEvent) =>
      Math.min(
        tracks.length,
        Math.max(
          0,
          Math.round((e.clientY - list.getBoundingClientRect().top) / ROW),
        ),
      );
    grip.onpointermove = (e) => dropAt.value = rowAt(e);
    grip.onlostpointercapture = () => {
      grip.onpointermove = grip.onlostpointercapture = null;
      const at = dropAt.value;
      dropAt.value = undefined;
      if (at === undefined) return;
      const ids = chosen.has(track.id) ? chosen : new Set([track.id]);
      // Rows that are taken out above do not count for where they go.
      const above = tracks.slice(0, at).filter((t) => ids.has(t.id)).length;
      move(track, at - above);
    };
    grip.onpointercancel = () => dropAt.value = undefined;
  };

  const first = tracks.findIndex((track) => chosen.has(track.id));
  return (
    <div class="tracks" ref={root}>
      <div class="panel-head">
        <h2 class="panel-title">
          Tracks <span class="count">{tracks.length || ""}</span>
        </h2>
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
          disabled={tracks.length === 0}
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
      {tracks.length === 0
        ? (
          <p class="nothing">
            {imageId.value === undefined
              ? "Add an image to begin."
              : "Draw on the image: each stroke is a track."}
          </p>
        )
        : (
          <div
            class="track-grid"
            role="grid"
            aria-label="Tracks"
            aria-multiselectable="true"
            aria-rowcount={tracks.length}
            onKeyDown={press}
          >
            <Rows
              count={tracks.length}
              height={ROW}
              keep={focusRow}
              reveal={first < 0 ? focusRow : first}
              render={(index) => {
                const track = tracks[index]!;
                const cellTab = (cell: number) =>
                  index === focusRow && focus.value.cell === cell ? 0 : -1;
                return (
                  <div
                    key={track.id}
                    class="track-row"
                    role="row"
                    aria-rowindex={index + 1}
                    aria-selected={chosen.has(track.id)}
                    data-hidden={track.hidden}
                    data-drop={dropAt.value === index ||
                      (dropAt.value === tracks.length &&
                        index === tracks.length - 1 && "after")}
                    onFocusIn={() => {
                      if (focus.value.row !== index) {
                        focus.value = { ...focus.value, row: index };
                      }
                    }}
                  >
                    <span
                      class="grip"
                      role="gridcell"
                      title="Drag to reorder (Alt+↑ and Alt+↓)"
                      onPointerDown={(event) => drag(event, track)}
                    >
                      <Badge color={track.colour} number={index + 1} />
                    </span>
                    <span role="gridcell" class="track-cell">
                      {renaming.value === track.id
                        ? (
                          <NameField
                            track={track}
                            onDone={() => {
                              renaming.value = undefined;
                              goTo(index, 0);
                            }}
                          />
                        )
                        : (
                          <button
                            type="button"
                            class="track-name"
                            data-cell
                            tabIndex={cellTab(0)}
                            title={`${track.name} (F2 or double click to rename)`}
                            onClick={(event) => {
                              focus.value = { row: index, cell: 0 };
                              if (event.shiftKey) selectTo(index);
                              else {
                                selectTrack(track.id, {
                                  toggle: event.ctrlKey || event.metaKey,
                                });
                              }
                            }}
                            onDblClick={() => renaming.value = track.id}
                          >
                            {track.name}
                          </button>
                        )}
                      {risky.has(track.id) && (
                        <span
                          class="risky"
                          title="See “Checks” below"
                          role="img"
                          aria-label="has issues, see Checks"
                        >
                          <Icon name="warning" />
                        </span>
                      )}
                    </span>
                    <RowSwitch
                      on={track.locked}
                      icons={["lock", "unlock"]}
                      labels={["Unlock", "Lock"]}
                      name={track.name}
                      tabIndex={cellTab(1)}
                      onToggle={() =>
                        editTrack(
                          track.id,
                          (t) => ({ ...t, locked: !t.locked }),
                          { evenLocked: true },
                        )}
                    />
                    <RowSwitch
                      on={track.hidden}
                      icons={["eye-off", "eye"]}
                      labels={["Show", "Hide"]}
                      name={track.name}
                      tabIndex={cellTab(2)}
                      onToggle={() =>
                        editTrack(
                          track.id,
                          (t) => ({ ...t, hidden: !t.hidden }),
                          { evenLocked: true },
                        )}
                    />
                  </div>
                );
              }}
            />
          </div>
        )}
    </div>
  );
}

function RowSwitch(props: {
  readonly on: boolean;
  readonly icons: readonly ["lock" | "eye-off", "unlock" | "eye"];
  readonly labels: readonly [whenOn: string, whenOff: string];
  readonly name: string;
  readonly tabIndex: number;
  readonly onToggle: () => void;
}) {
  const which = props.on ? 0 : 1;
  return (
    <span role="gridcell">
      <button
        type="button"
        class="row-switch"
        data-cell
        data-on={props.on}
        tabIndex={props.tabIndex}
        aria-label={`${props.labels[which]} ${props.name}`}
        title={props.labels[which]}
        onClick={props.onToggle}
      >
        <Icon name={props.icons[which]} />
      </button>
    </span>
  );
}

function NameField(
  { track, onDone }: {
    readonly track: EditorTrack;
    readonly onDone: () => void;
  },
) {
  let cancelled = false;
  return (
    <input
      type="text"
      class="rename"
      aria-label="Name of the track"
      // Not `value`: what is typed must outlive whatever renders the list again.
      defaultValue={track.name}
      maxLength={200}
      ref={(input) => {
        if (!input || document.activeElement === input) return;
        input.focus();
        input.select();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") cancelled = true;
        if (event.key === "Enter" || event.key === "Escape") {
          event.currentTarget.blur();
        }
      }}
      onBlur={(event) => {
        const name = event.currentTarget.value.trim();
        if (!cancelled && name && name !== track.name) {
          editTrack(track.id, (t) => ({ ...t, name }), { evenLocked: true });
        }
        onDone();
      }}
    />
  );
}
