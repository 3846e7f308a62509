/**
 * The end of a conflict between two windows.
 *
 * @module
 */

import { commit } from "../../model/history.ts";
import { history, saved, saveNow, saveState } from "../state.ts";

/** Settles a conflict: keeps what is on this page, or takes what is saved. */
export function settleConflict(keep: "mine" | "theirs"): void {
  const conflict = saveState.value;
  if (conflict.state !== "conflict") return;
  saved.value = { document: conflict.theirs, etag: conflict.etag };
  saveState.value = { state: "saved" };
  // The other version stays reachable by undo in both cases.
  const h = history.value;
  history.value = keep === "theirs"
    ? commit(h, conflict.theirs)
    : { ...h, past: [...h.past, conflict.theirs], future: [] };
  void saveNow();
}
