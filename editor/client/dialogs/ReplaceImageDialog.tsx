/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Confirms that an image is replaced.
 *
 * @module
 */

import { type ImageSummary, request } from "../api.ts";
import { checkedImage } from "../checked_image.ts";
import { dialog, replacing } from "../panels.ts";
import {
  openImage,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "../state.ts";
import { Dialog } from "./Dialog.tsx";

/** The question. */
export function ReplaceImageDialog() {
  if (!replacing.value) return null;
  const { image, file } = replacing.value;
  return (
    <Dialog
      title={`Replace image ${image.id}?`}
      onClose={() => dialog.value = undefined}
      actions={
        <button
          type="button"
          class="button primary"
          onClick={() => {
            dialog.value = undefined;
            void replace(image, file);
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
async function replace(image: ImageSummary, file: File): Promise<void> {
  try {
    (await checkedImage(file)).bitmap.close();
    await settledEtag();
    await request("PUT", `api/images/${image.id}/file`, { body: file });
    await refreshProject();
    await openImage(image.id);
    say(`Replaced image ${image.id}; its tracks were scaled with it`);
  } catch (error) {
    sayError(error);
  }
}
