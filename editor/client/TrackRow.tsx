/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * One row of the list of tracks: its number, name, lock, and eye.
 *
 * @module
 */

import { Badge } from "../components/badge.tsx";
import { Icon } from "../components/icon.tsx";
import type { EditorTrack } from "../model/document.ts";
import { editTrack } from "./panels.ts";

/** What a row shows and what it reports. */
export interface TrackRowProps {
  readonly track: EditorTrack;
  /** From 0. */
  readonly index: number;
  readonly selected: boolean;
  /** Whether the checks have something to say about it. */
  readonly risky: boolean;
  /** Where a dragged row would go. */
  readonly drop: boolean | "after";
  readonly renaming: boolean;
  /** The cell that the Tab key reaches: 0 to 2, undefined in other rows. */
  readonly focusCell: number | undefined;
  readonly onFocus: () => void;
  readonly onGrip: (event: PointerEvent) => void;
  readonly onSelect: (event: MouseEvent) => void;
  readonly onRename: () => void;
  readonly onRenamed: () => void;
}

/** A row of the grid, with three cells that the arrow keys reach. */
export function TrackRow(props: TrackRowProps) {
  const { track, index } = props;
  const cellTab = (cell: number) => props.focusCell === cell ? 0 : -1;
  return (
    <div
      class="track-row"
      role="row"
      aria-rowindex={index + 1}
      aria-selected={props.selected}
      data-hidden={track.hidden}
      data-drop={props.drop}
      onFocusIn={props.onFocus}
    >
      <span
        class="grip"
        role="gridcell"
        title="Drag to reorder (Alt+↑ and Alt+↓)"
        onPointerDown={props.onGrip}
      >
        <Badge color={track.colour} number={index + 1} />
      </span>
      <span role="gridcell" class="track-cell">
        {props.renaming
          ? <NameField track={track} onDone={props.onRenamed} />
          : (
            <button
              type="button"
              class="track-name"
              data-cell
              tabIndex={cellTab(0)}
              title={`${track.name} (F2 or double click to rename)`}
              onClick={props.onSelect}
              onDblClick={props.onRename}
            >
              {track.name}
            </button>
          )}
        {props.risky && (
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
          editTrack(track.id, (t) => ({ ...t, locked: !t.locked }), {
            evenLocked: true,
          })}
      />
      <RowSwitch
        on={track.hidden}
        icons={["eye-off", "eye"]}
        labels={["Show", "Hide"]}
        name={track.name}
        tabIndex={cellTab(2)}
        onToggle={() =>
          editTrack(track.id, (t) => ({ ...t, hidden: !t.hidden }), {
            evenLocked: true,
          })}
      />
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
