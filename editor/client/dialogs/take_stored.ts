/**
 * Taking what another program has stored into the document.
 *
 * @module
 */

import { batch } from "npm:@preact/signals@2.11.4";
import { commit } from "../../model/history.ts";
import { opened, request } from "../api.ts";
import {
  history,
  imageId,
  isConflict,
  meetConflict,
  refreshProject,
  saved,
  say,
  sayError,
  selectedPoint,
  selection,
  settledEtag,
} from "../state.ts";
import { refreshStored } from "./stored.ts";

/** Has the server do it, and shows the outcome: one Undo away from before. */
export async function takeStored(): Promise<void> {
  const id = imageId.value;
  if (id === undefined) return;
  try {
    const headers = { "if-match": await settledEtag() };
    const path = `/api/images/${id}/tracks`;
    const taken = await opened(await request("POST", path, { headers }));
    batch(() => {
      saved.value = taken;
      history.value = commit(history.value, taken.document);
      selection.value = new Set();
      selectedPoint.value = undefined;
    });
    await refreshStored();
    await refreshProject();
    say("Opened the stored version; Undo restores yours");
  } catch (error) {
    sayError(error);
    if (isConflict(error)) await meetConflict(id);
  }
}
