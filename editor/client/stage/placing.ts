/**
 * Copies that are not yet in their final position: made by "Duplicate", they wait
 * next to their originals or follow the pointer until they are placed or
 * removed. Any other action places them.
 *
 * @module
 */

import { batch, effect, signal } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../../model/document.ts";
import { duplicateTracks, newId } from "../../model/edits.ts";
import type { History } from "../../model/history.ts";
import {
  edit,
  history,
  say,
  selectedPoint,
  selection,
  setHistory,
  spoken,
  tool,
} from "../state.ts";

/** Copies that are being placed. */
export interface Placing {
  /** The gesture of all their moves: one step of undo. */
  readonly gesture: string;
  /** What there was before them. */
  readonly before: History<EditorDocument>;
  /** What was selected then: the originals. */
  readonly originals: ReadonlySet<string>;
  /** The copies, which are selected, where they were made. */
  readonly copies: ReadonlySet<string>;
  /** The offset from the originals at which they were made, px of the image. */
  readonly offset: number;
  /** What the keyboard was at when it asked for them. */
  readonly focus: HTMLElement | null;
}

/** The copies that are being placed, if any. */
export const placing = signal<Placing | undefined>(undefined);

/** The offset of a copy from its original, px of a 480 px image. */
const OFFSET = 24;

/** Copies the selected tracks; the copies are selected and wait to be placed. */
export function duplicateSelected(): void {
  const originals = selection.value;
  if (originals.size === 0) {
    say("Select the tracks to duplicate first");
    return;
  }
  batch(() => {
    const before = history.value;
    const { width, height } = before.present;
    const offset = OFFSET * Math.min(width, height) / 480;
    const made = duplicateTracks(before.present, originals, {
      dx: offset,
      dy: offset,
    });
    const copies = new Set(made.copies);
    if (copies.size === 0) return;
    const gesture = `place ${newId()}`;
    edit(() => made.document, { gesture });
    selectedPoint.value = undefined;
    selection.value = copies;
    const focus = document.querySelector<HTMLElement>(":focus-visible");
    placing.value = { gesture, before, originals, copies, offset, focus };
    spoken.value = `${
      copies.size === 1 ? "The copy is" : `${copies.size} copies are`
    } next to the original: arrow keys move, Enter places, Escape removes`;
  });
}

/** The copies stay where they are; the focus may return to where it was. */
export function endPlacing(focus?: HTMLElement | null): void {
  if (!placing.value) return;
  placing.value = undefined;
  spoken.value = "Placed";
  focus?.focus();
}

/** Removes the copies. */
export function cancelPlacing(): void {
  const now = placing.value;
  if (!now) return;
  batch(() => {
    placing.value = undefined;
    setHistory(now.before);
    selection.value = now.originals;
    spoken.value = "Removed";
  });
  now.focus?.focus();
}

// An undo, another tool, another selection, another edit: they are placed.
let hand = tool.peek();
effect(() => {
  const now = placing.value;
  const same = tool.value === hand;
  hand = tool.value;
  if (
    now && !(same && history.value.gesture === now.gesture &&
      selection.value === now.copies)
  ) placing.value = undefined;
});
