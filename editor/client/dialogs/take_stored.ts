/**
 * Taking what another program has stored into the document.
 *
 * @module
 */

import { batch } from "npm:@preact/signals@2.11.4";
import { commit } from "../../model/history.ts";
import { opened, request } from "../api.ts";
import { isConflict } from "../session.ts";
import {
  refreshProject,
  say,
  sayError,
  selectedPoint,
  selection,
  session,
  settledEtag,
} from "../state.ts";
import { refreshStored } from "./stored.ts";

/** Has the server do it, and shows the outcome: one Undo away from before. */
export async function takeStored(): Promise<void> {
  const current = session.value;
  if (!current) return;
  try {
    const headers = { "if-match": await settledEtag(current) };
    const path = `api/images/${current.id}/tracks`;
    const taken = await opened(await request("POST", path, { headers }));
    batch(() => {
      current.saved.value = taken;
      current.history.value = commit(current.history.value, taken.document);
      // Another image may be open by now.
      if (session.value !== current) return;
      selection.value = new Set();
      selectedPoint.value = undefined;
    });
    await refreshStored();
    await refreshProject();
    say("Opened the stored version; Undo restores yours");
  } catch (error) {
    sayError(error);
    if (isConflict(error)) await current.meetConflict();
  }
}
