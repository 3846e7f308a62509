/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Search and order of a larger gallery, and what can be done with several
 * images at once.
 *
 * @module
 */

import { IconButton } from "../../components/fields.tsx";
import { IMAGE_ORDERS, type ImageOrder } from "../../model/arrange_images.ts";
import { order, picked, search, shownImages } from "../gallery_choices.ts";
import { dialog } from "../panels.ts";
import { project } from "../state.ts";

/** The two fields, and the bar of the selection. */
export function GalleryTools({ onDelete }: {
  /** Deletes the images with these numbers. */
  readonly onDelete: (ids: readonly string[]) => void;
}) {
  const ids = [...picked.value];
  return (
    <>
      <div class="gallery-tools">
        <input
          type="search"
          aria-label="Search the images"
          placeholder="Search"
          value={search.value}
          onInput={(event) => search.value = event.currentTarget.value}
        />
        <select
          aria-label="Order of the images"
          onChange={(event) =>
            order.value = event.currentTarget.value as ImageOrder}
        >
          {Object.entries(IMAGE_ORDERS).map(([value, label]) => (
            <option key={value} value={value} selected={value === order.value}>
              {label}
            </option>
          ))}
        </select>
        {search.value && (
          <p class="hint" role="status">
            {shownImages.value.length} of {project.value?.images.length}
          </p>
        )}
      </div>
      {ids.length > 0 && (
        <div class="gallery-picked" role="group" aria-label="Selected images">
          <span class="hint">{ids.length} selected</span>
          <IconButton
            icon="generate"
            label="Generate videos of the selected images"
            onClick={() =>
              dialog.value = "generate"}
          />
          <IconButton
            icon="trash"
            label="Delete the selected images"
            onClick={() =>
              onDelete(ids)}
          />
          <IconButton
            icon="close"
            label="Select none"
            onClick={() =>
              picked.value = new Set()}
          />
        </div>
      )}
    </>
  );
}
