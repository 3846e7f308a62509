/**
 * Store Tracks.
 *
 * @module
 */

import type { StoredFiles } from "../../model/stored_files.ts";
import { request, RequestError } from "../api.ts";
import { dialog } from "../panels.ts";
import { isConflict } from "../session.ts";
import { isImageShown, shownImage } from "../images.ts";
import { renderOverlay } from "../stage/overlay.ts";
import {
  imageId,
  refreshProject,
  say,
  sayError,
  session,
  settledEtag,
} from "../state.ts";
import { refreshStored, stored, storedFiles, storing } from "./stored.ts";

/**
 * Store Tracks: saves, draws the image with its tracks, and has the server
 * write the track file, the overlay and the job file's entry. What another
 * program has written there is asked about, unless `over` names it. All of it is about the
 * image that is open when it begins; false where that is not stored.
 */
export async function storeNow(over?: string): Promise<boolean> {
  const current = session.value;
  const shown = shownImage.value;
  if (!current || !shown || storing.value) return false;
  const { id } = current;
  if (!isImageShown.value) {
    say("The image is still being loaded: store its tracks after that");
    return false;
  }
  if (stored.value === "replaced" && over === undefined) {
    dialog.value = "replaced";
    return false;
  }
  storing.value = true;
  try {
    say("Storing the tracks…");
    const overlay = await renderOverlay(shown, current.history.value.present);
    const etag = await settledEtag(current);
    const done = await storeTracks(id, { etag, overlay, over });
    if (imageId.value === id) storedFiles.value = done.stored;
    await refreshProject();
    say(
      `Stored ${done.tracks} ${
        done.tracks === 1 ? "track" : "tracks"
      }: ${done.jobsFile}`,
    );
    return true;
  } catch (error) {
    sayError(error);
    if (isConflict(error)) await current.meetConflict();
    if (error instanceof RequestError && error.status === 409) {
      if (session.value !== current) return false;
      await refreshStored();
      dialog.value = "replaced";
    }
    return false;
  } finally {
    storing.value = false;
  }
}

/**
 * The request. `overlay` is the image with its tracks, as PNG; `over` the
 * tag of another program's files that may be replaced.
 *
 * @throws {RequestError} With status 409 when there are such files; its
 * `body.stored` says what is there.
 */
async function storeTracks(
  id: string,
  options: {
    readonly etag: string;
    readonly overlay: Blob;
    readonly over?: string | undefined;
  },
): Promise<{ jobsFile: string; tracks: number; stored: StoredFiles }> {
  const { etag, overlay, over } = options;
  const path = `api/images/${id}/tracks${over ? `?over=${over}` : ""}`;
  const response = await request("PUT", path, {
    body: overlay,
    headers: { "if-match": etag },
  });
  return await response.json();
}
