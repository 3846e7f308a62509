/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Another picture in a picture's place: asked first.
 *
 * @module
 */

import { type PictureSummary, request } from "../api.ts";
import { dialog, replacing } from "../panels.ts";
import {
  openPicture,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";

/** The question. */
export function ReplacePictureDialog() {
  if (!replacing.value) return null;
  const { picture, file } = replacing.value;
  return (
    <Dialog
      title={`Replace picture ${picture.id}?`}
      onClose={() => dialog.value = undefined}
      actions={
        <button
          type="button"
          class="button primary"
          onClick={() => {
            dialog.value = undefined;
            void replace(picture, file);
          }}
        >
          Replace
        </button>
      }
    >
      <p>
        “{file.name}” takes its place. The tracks stay and are scaled to the new
        size; the old file moves to the project’s trash.
      </p>
    </Dialog>
  );
}

/** The points are rescaled by the server. */
async function replace(picture: PictureSummary, file: File): Promise<void> {
  try {
    await settledEtag();
    await request("PUT", `/api/pictures/${picture.id}/image`, { body: file });
    await refreshProject();
    await openPicture(picture.id);
    say(`Replaced picture ${picture.id}; its tracks were scaled with it`);
  } catch (error) {
    sayError(error);
  }
}
