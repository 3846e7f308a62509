/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The stage before there is an image: how to begin.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { Icon } from "../components/icon.tsx";
import { load, loaded } from "./dialogs/load.ts";
import { addImages, chooseImages } from "./add_images.ts";

/** How to begin: with a new image, or with an example. */
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
      <p class="empty-title">Start with an image</p>
      <p class="hint">Drop it here, paste it, or choose it: JPEG, PNG, WebP</p>
      <button type="button" class="button primary" onClick={chooseImages}>
        Choose an image
      </button>
      <div class="empty-examples">
        {Examples && <Examples onFiles={addImages} />}
      </div>
    </div>
  );
}
