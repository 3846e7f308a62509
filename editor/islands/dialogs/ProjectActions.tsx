/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The right end of the tool bar: what happens with the project as a whole.
 *
 * @module
 */

import { Icon } from "../../components/icon.tsx";
import { storeTracksNow } from "../actions.ts";
import { editorDocument, pictureId } from "../state.ts";

/** Store Tracks, exchange, generate, help. */
export function ProjectActions() {
  return (
    <div class="group">
      <button
        type="button"
        class="button primary"
        disabled={pictureId.value === undefined ||
          editorDocument.value.tracks.length === 0}
        title="Write the track file, the overlay and the job list (Ctrl+S)"
        onClick={() => void storeTracksNow()}
      >
        <Icon name="save" /> Store Tracks
      </button>
    </div>
  );
}
