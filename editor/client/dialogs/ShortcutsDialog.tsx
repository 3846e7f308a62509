/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/** Every key, and what it does. @module */

import { dialog } from "../panels.ts";
import { Dialog } from "./Dialog.tsx";
import { rememberHints } from "./hints_read.ts";

/** Keys next to each other are alternatives; "+" joins those held. */
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
    ["O", "Object"],
    ["H", "Hand"],
  ]],
  ["View", [
    ["+ -", "Zoom in, out"],
    ["0", "Fit to window"],
    ["1", "Actual size"],
    ["Space", "Hold to pan"],
    ["L", "Loupe; hold to use it briefly"],
  ]],
  ["Time", [
    ["Space", "Play, pause"],
    [", .", "One frame back, forward"],
    ["< >", "Half a second back, forward"],
    ["Home End", "First, last frame"],
    ["Ctrl+wheel", "Enlarge the timeline"],
  ]],
  ["Edit", [
    ["Ctrl+Z", "Undo"],
    ["Ctrl+Shift+Z", "Redo"],
    ["Ctrl+A", "Select all tracks"],
    ["Ctrl+C", "Copy the tracks, or the whole motion"],
    ["Ctrl+X", "Cut the tracks"],
    ["Ctrl+V", "Paste, scaled to the image"],
    ["Ctrl+Shift+V", "Paste without scaling"],
    ["Ctrl+D", "Duplicate and place"],
    ["Delete", "Delete what is selected"],
    ["Esc", "Cancel, select nothing"],
    ["Ctrl+S", "Store Tracks"],
  ]],
  ["On the image, by keyboard", [
    ["← → ↑ ↓", "Move the crosshair, or what is selected"],
    ["Shift+←", "Ten times as far"],
    ["Enter", "Set a point; draw: pen down, pen up"],
    ["Tab", "Select: the next track"],
    ["[ ]", "Previous, next point"],
    ["I", "Add a point after the selected one"],
  ]],
  ["In the list and the timeline", [
    ["↑ ↓", "Previous, next track"],
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
