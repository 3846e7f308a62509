/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The right end of the tool bar: what happens with the project as a whole.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { LabelButton } from "../../components/label_button.tsx";
import { storeTracksNow } from "../store_tracks.ts";
import { dialog } from "../panels.ts";
import { editorDocument, imageId, saveState } from "../state.ts";
import { run, runShare } from "./generation.ts";
import { stored, storing } from "./stored.ts";

/** The description of the button. */
const STORED_LABELS = {
  never: "Write the track file, the overlay and the job file",
  current: "Stored: the files match the drawing",
  outdated: "Changes not stored yet: write track file, overlay and job file",
  replaced: "The stored files were changed by another program",
} as const;

/** Exchange, generate, and Store Tracks. */
export function ProjectActions() {
  const closed = imageId.value === undefined;
  const empty = closed || editorDocument.value.tracks.length === 0;
  const word = stored.value ?? "never";
  const working = run.value?.state === "running";
  return (
    <div class="group project-actions">
      <LabelButton
        icon="import"
        label="Import"
        title="Tracks from a file: .pth, .npz, .npy, .json or .svg"
        disabled={closed}
        onClick={() => dialog.value = "import"}
      />
      <LabelButton
        icon="export"
        label="Export"
        title="Tracks as a file: .pth, .json or .npz; the preview as a video"
        disabled={empty}
        onClick={() => dialog.value = "export"}
      />
      <LabelButton
        icon="generate"
        label={working ? `${Math.round(100 * runShare.value)} %` : "Generate"}
        title="Generate video"
        disabled={empty && !working}
        onClick={() => dialog.value = "generate"}
      />
      <button
        type="button"
        class="button primary store"
        disabled={empty || storing.value ||
          saveState.value.state === "conflict"}
        aria-description={STORED_LABELS[word]}
        title={`${STORED_LABELS[word]} (Ctrl+S)`}
        onClick={() => void storeTracksNow()}
      >
        <Icon
          name={empty
            ? "save"
            : word === "current"
            ? "check"
            : word === "replaced"
            ? "warning"
            : "save"}
        />
        <span class="button-label">Store Tracks</span>
      </button>
    </div>
  );
}
