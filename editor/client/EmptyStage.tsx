/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * What stands where the picture will be: how to begin.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { Icon } from "../components/icon.tsx";
import { load, loaded } from "./dialogs/load.ts";
import { choosePictures } from "./pictures.ts";

/** The ways in: a picture of one's own, or an example. */
export function EmptyStage() {
  useEffect(() => void load(), []);
  const Examples = loaded.value?.examples;
  return (
    <div
      class="empty"
      // There is nothing to draw on or to zoom, but it may have to scroll.
      onPointerDown={(event) => event.stopPropagation()}
      onWheel={(event) => event.stopPropagation()}
    >
      <Icon name="image-plus" />
      <p class="empty-title">Start with a picture</p>
      <p class="hint">Drop it here, paste it, or choose it: JPEG, PNG, WebP</p>
      <button type="button" class="button primary" onClick={choosePictures}>
        Choose a picture
      </button>
      <div class="empty-examples">{Examples && <Examples />}</div>
    </div>
  );
}
