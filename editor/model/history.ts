/**
 * Undo and redo: a list of whole documents. Documents are never changed in
 * place, so that neighbors in the list share almost everything.
 *
 * @module
 */

/** The most steps that are kept. */
export const MAX_STEPS = 500;

/** An immutable history; `present` is what is shown. */
export interface History<T> {
  /** What undo goes back to, the latest last. */
  readonly past: readonly T[];
  /** What is shown now. */
  readonly present: T;
  /** What redo goes forward to, the next first. */
  readonly future: readonly T[];
  /** The gesture that made the present; the same again replaces it. */
  readonly gesture: string | undefined;
}

/** A history that begins with `present`. */
export function startHistory<T>(present: T): History<T> {
  return { past: [], present, future: [], gesture: undefined };
}

/**
 * A history with one more step. Steps of one `gesture` (a drag, a slider, a
 * word that is typed) become one step.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { commit, startHistory, undo } from "./history.ts";
 * let h = startHistory(0);
 * h = commit(h, 1, { gesture: "drag 7" });
 * h = commit(h, 2, { gesture: "drag 7" });
 * assert.equal(undo(h).present, 0);
 * ```
 */
export function commit<T>(
  history: History<T>,
  present: T,
  options: { readonly gesture?: string } = {},
): History<T> {
  if (present === history.present) return history;
  const { gesture } = options;
  const goesOn = gesture !== undefined && gesture === history.gesture;
  return {
    past: goesOn
      ? history.past
      : [...history.past, history.present].slice(-MAX_STEPS),
    present,
    future: [],
    gesture,
  };
}

/** One step back; the same history where there is none. */
export function undo<T>(history: History<T>): History<T> {
  const present = history.past.at(-1);
  if (present === undefined) return history;
  return {
    past: history.past.slice(0, -1),
    present,
    future: [history.present, ...history.future],
    gesture: undefined,
  };
}

/** One step forward; the same history where there is none. */
export function redo<T>(history: History<T>): History<T> {
  const [present, ...future] = history.future;
  if (present === undefined) return history;
  return {
    past: [...history.past, history.present],
    present,
    future,
    gesture: undefined,
  };
}
