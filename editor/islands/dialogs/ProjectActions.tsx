/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The right end of the tool bar: what happens with the project as a whole.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { storeTracksNow } from "../actions.ts";
import { dialog } from "../panels.ts";
import { editorDocument, pictureId, saveState } from "../state.ts";
import { run, runShare } from "./generation.ts";
import { storing, unstored } from "./stored.ts";

/** Exchange, generate, and Store Tracks. */
export function ProjectActions() {
  const closed = pictureId.value === undefined;
  const empty = closed || editorDocument.value.tracks.length === 0;
  const working = run.value?.state === "running";
  return (
    <div class="group project-actions">
      <button
        type="button"
        class="button quiet"
        disabled={closed}
        title="Tracks from a file: .pth, .npz, .npy, .json or .svg"
        onClick={() => dialog.value = "import"}
      >
        <Icon name="import" />
        <span class="word">Import</span>
      </button>
      <button
        type="button"
        class="button quiet"
        disabled={empty}
        title="Tracks as a file: .pth, .json or .npz; the preview as a video"
        onClick={() => dialog.value = "export"}
      >
        <Icon name="export" />
        <span class="word">Export</span>
      </button>
      <button
        type="button"
        class="button quiet generate"
        disabled={empty && !working}
        title="Make the video"
        onClick={() => dialog.value = "generate"}
      >
        <Icon name="generate" />
        <span class="word">
          {working ? `${Math.round(100 * runShare.value)} %` : "Generate"}
        </span>
      </button>
      <button
        type="button"
        class="button primary store"
        disabled={empty || storing.value ||
          saveState.value.state === "conflict"}
        aria-description={unstored.value ? undefined : "Stored as they are"}
        title="Write the track file, the overlay and the job list (Ctrl+S)"
        onClick={() => void storeTracksNow()}
      >
        <Icon name={empty || unstored.value ? "save" : "check"} />
        <span class="word">Store Tracks</span>
      </button>
    </div>
  );
}
