/**
 * Copies that are not yet where they shall be: made by "Duplicate", they wait
 * beside their originals or follow the pointer until they are placed or taken
 * away again. Whatever else a person does meanwhile places them.
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
  spoken,
  tool,
} from "../state.ts";

/** Copies on their way. */
export interface Placing {
  /** The gesture of all their moves: one step of undo. */
  readonly gesture: string;
  /** What there was before them. */
  readonly before: History<EditorDocument>;
  /** What was selected then: the originals. */
  readonly originals: ReadonlySet<string>;
  /** The copies, which are selected, where they were made. */
  readonly copies: ReadonlySet<string>;
  /** How far beside the originals they were made, px of the picture. */
  readonly beside: number;
  /** What the keyboard was at when it asked for them. */
  readonly focus: HTMLElement | null;
}

/** The copies on their way, if there are any. */
export const placing = signal<Placing | undefined>(undefined);

/** How far beside its original a copy is made, px of a 480 px picture. */
const BESIDE = 24;

/** Copies the selected tracks; the copies are selected and wait to be placed. */
export function duplicateSelected(): void {
  const originals = selection.value;
  if (originals.size === 0) {
    say("Select what shall be duplicated first");
    return;
  }
  batch(() => {
    const before = history.value;
    const { width, height } = before.present;
    const beside = BESIDE * Math.min(width, height) / 480;
    const made = duplicateTracks(before.present, originals, {
      dx: beside,
      dy: beside,
    });
    const copies = new Set(made.copies);
    if (copies.size === 0) return;
    const gesture = `place ${newId()}`;
    edit(() => made.document, { gesture });
    selectedPoint.value = undefined;
    selection.value = copies;
    const focus = document.querySelector<HTMLElement>(":focus-visible");
    placing.value = { gesture, before, originals, copies, beside, focus };
    spoken.value = `${
      copies.size === 1 ? "The copy is" : `${copies.size} copies are`
    } beside: arrow keys move, Enter places, Escape takes away`;
  });
}

/** The copies stay where they are; the keyboard may go on where it was. */
export function endPlacing(focus?: HTMLElement | null): void {
  if (!placing.value) return;
  placing.value = undefined;
  spoken.value = "Placed";
  focus?.focus();
}

/** The copies go again, as if there had never been any. */
export function takeAway(): void {
  const now = placing.value;
  if (!now) return;
  batch(() => {
    placing.value = undefined;
    history.value = now.before;
    selection.value = now.originals;
    spoken.value = "Taken away";
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
