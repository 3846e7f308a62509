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
  isConflict,
  meetConflict,
  pictureId,
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
  const id = pictureId.value;
  if (id === undefined) return;
  try {
    const headers = { "if-match": await settledEtag() };
    const path = `/api/pictures/${id}/tracks`;
    const taken = await opened(await request("POST", path, { headers }));
    batch(() => {
      saved.value = taken;
      history.value = commit(history.value, taken.document);
      selection.value = new Set();
      selectedPoint.value = undefined;
    });
    await refreshStored();
    await refreshProject();
    say("Opened what was stored there; Undo brings yours back");
  } catch (error) {
    sayError(error);
    if (isConflict(error)) await meetConflict(id);
  }
}
