/**
 * The end of a conflict between two windows.
 *
 * @module
 */

import { commit } from "../../model/history.ts";
import { history, session, setHistory } from "../state.ts";

/** Settles a conflict: keeps what is on this page, or takes what is saved. */
export function settleConflict(keep: "mine" | "theirs"): void {
  const open = session.value;
  const conflict = open?.saveState.value;
  if (!open || conflict?.state !== "conflict") return;
  const { theirs, etag, at } = conflict;
  open.saved.value = { document: theirs, etag, at };
  open.saveState.value = { state: "saved" };
  // The other version stays reachable by undo in both cases.
  const h = history.value;
  setHistory(
    keep === "theirs"
      ? commit(h, theirs)
      : { ...h, past: [...h.past, theirs], future: [] },
  );
  void open.saveNow();
}
