/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The right end of the tool bar: what happens with the project as a whole.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { WordButton } from "../../components/word_button.tsx";
import { storeTracksNow } from "../actions.ts";
import { dialog } from "../panels.ts";
import { editorDocument, pictureId, saveState } from "../state.ts";
import { run, runShare } from "./generation.ts";
import { stored, storing } from "./stored.ts";

/** What the button says of itself beside its name. */
const STORED_WORDS = {
  never: "Write the track file, the overlay and the job list",
  current: "Stored: the files are what is drawn",
  outdated: "Changes not stored yet: write track file, overlay and job list",
  replaced: "Another program has written the stored files",
} as const;

/** Exchange, generate, and Store Tracks. */
export function ProjectActions() {
  const closed = pictureId.value === undefined;
  const empty = closed || editorDocument.value.tracks.length === 0;
  const word = stored.value ?? "never";
  const working = run.value?.state === "running";
  return (
    <div class="group project-actions">
      <WordButton
        icon="import"
        label="Import"
        title="Tracks from a file: .pth, .npz, .npy, .json or .svg"
        disabled={closed}
        onClick={() => dialog.value = "import"}
      />
      <WordButton
        icon="export"
        label="Export"
        title="Tracks as a file: .pth, .json or .npz; the preview as a video"
        disabled={empty}
        onClick={() => dialog.value = "export"}
      />
      <WordButton
        icon="generate"
        label={working ? `${Math.round(100 * runShare.value)} %` : "Generate"}
        title="Make the video"
        disabled={empty && !working}
        onClick={() => dialog.value = "generate"}
      />
      <button
        type="button"
        class="button primary store"
        disabled={empty || storing.value ||
          saveState.value.state === "conflict"}
        aria-description={STORED_WORDS[word]}
        title={`${STORED_WORDS[word]} (Ctrl+S)`}
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
        <span class="word">Store Tracks</span>
      </button>
    </div>
  );
}
