/**
 * The end of a conflict between two windows.
 *
 * @module
 */

import { commit } from "../../model/history.ts";
import { rescaleHistory } from "../../model/rescale_document.ts";
import { refreshProject, session } from "../state.ts";

/**
 * Settles a conflict: keeps what is on this page, or takes what is saved; in
 * the size of what is saved, for the image may have been replaced.
 */
export function settleConflict(keep: "mine" | "theirs"): void {
  const open = session.value;
  const conflict = open?.saveState.value;
  if (!open || conflict?.state !== "conflict") return;
  const { theirs, etag, at } = conflict;
  const drawn = open.history.value, h = rescaleHistory(drawn, theirs);
  open.saved.value = { document: theirs, etag, at };
  open.saveState.value = { state: "saved" };
  // The other version stays reachable by undo in both cases.
  open.history.value = keep === "theirs"
    ? commit(h, theirs)
    : { ...h, past: [...h.past, theirs], future: [] };
  void open.saveNow();
  // The other image is shown, too; without an answer the next look finds it.
  if (h !== drawn) void refreshProject().catch(() => {});
}
