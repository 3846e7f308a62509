/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/** Every key, and what it does. @module */

import { dialog } from "../panels.ts";
import { Dialog } from "./Dialog.tsx";
import { rememberHints } from "./hints_read.ts";

/** Keys that stand side by side are alternatives; "+" joins those held. */
const SHEET: readonly (readonly [
  title: string,
  rows: readonly (readonly [keys: string, what: string])[],
])[] = [
  ["Tools", [
    ["V", "Select"],
    ["B", "Draw"],
    ["P", "Curve"],
    ["A", "Anchor"],
    ["C", "Circle"],
    ["H", "Hand"],
  ]],
  ["View", [
    ["+ -", "Zoom in, out"],
    ["0", "Show the whole picture"],
    ["1", "Show its own size"],
    ["Space", "Held: drag the view"],
    ["L", "Loupe; held: while held"],
  ]],
  ["Time", [
    ["Space", "Play, stop"],
    [", .", "One frame back, on"],
    ["< >", "Half a second back, on"],
    ["Home End", "First, last frame"],
  ]],
  ["Edit", [
    ["Ctrl+Z", "Undo"],
    ["Ctrl+Shift+Z", "Redo"],
    ["Ctrl+A", "Select all tracks"],
    ["Ctrl+D", "Duplicate and place"],
    ["Delete", "Delete what is selected"],
    ["Esc", "Drop what was begun, select nothing"],
    ["Ctrl+S", "Store Tracks"],
  ]],
  ["On the picture, by keyboard", [
    ["← → ↑ ↓", "Move the crosshair, or what is selected"],
    ["Shift+←", "Ten times as far"],
    ["Enter", "Set a point; draw: press and let go"],
    ["Tab", "Select: the next track"],
    ["[ ]", "The point before, the next point"],
    ["I", "A new point after the chosen one"],
  ]],
  ["In the list and the timeline", [
    ["↑ ↓", "Walk through the tracks"],
    ["Shift+↓", "Select several"],
    ["Alt+↑", "Move a track up"],
    ["F2", "Rename"],
    ["← →", "Move a bar or one of its ends"],
    ["Shift+→", "Visibility: mark frames"],
    ["Enter", "Visibility: hide or show them"],
  ]],
];

/** The sheet. */
export function ShortcutsDialog() {
  return (
    <Dialog
      wide="widest"
      title="Shortcuts"
      onClose={() => dialog.value = undefined}
      closeLabel="Close"
      actions={
        <button
          type="button"
          class="button"
          onClick={() => {
            rememberHints([]);
            dialog.value = undefined;
          }}
        >
          Show the hints again
        </button>
      }
    >
      <div class="sheet">
        {SHEET.map(([title, rows]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {rows.map(([keys, what]) => (
                <div key={keys + what}>
                  <dt>
                    {keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
