/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The gallery: every image of the project. What is deleted can be brought
 * back.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Icon } from "../components/icon.tsx";
import { chooseImages } from "./add_images.ts";
import { load, loaded } from "./dialogs/load.ts";
import { removeImages, restoreImages } from "./gallery_actions.ts";
import { deleted, picked, shownImages } from "./gallery_choices.ts";
import { GalleryImage } from "./GalleryImage.tsx";
import { shownImage } from "./images.ts";
import { dialog } from "./panels.ts";
import { imageId, project, refreshProject, sayError } from "./state.ts";

/** With more images than this, they can be searched and sorted. */
const FEW = 7;
/** What is not known of many images yet is asked for after this time, in ms. */
const PENDING_DELAY = 1500;
/** So many images are in the page at first, and so many more when scrolled. */
const PAGE = 24;

/** The gallery. */
export function Gallery() {
  const all = project.value?.images ?? [];
  const images = shownImages.value;
  const limit = useSignal(PAGE);
  const open = images.findIndex((image) => image.id === imageId.value);
  const inPage = Math.max(limit.value, open + PAGE / 2);
  const Tools = loaded.value?.galleryTools;
  const hasTools = all.length > FEW || picked.value.size > 0;
  const lastDeleted = deleted.value.at(-1);
  const isPending = all.some((image) => image.pending);
  const wantsTools = hasTools && shownImage.value !== undefined;
  useEffect(() => {
    // The image comes first.
    if (wantsTools) void load();
  }, [wantsTools]);
  useEffect(() => {
    if (!isPending) return;
    const timer = setTimeout(
      () => void refreshProject().catch(() => {}),
      PENDING_DELAY,
    );
    return () => clearTimeout(timer);
  }, [project.value]);

  return (
    <>
      <h2 class="panel-title">
        Images {all.length > 0 && <span class="count">{all.length}</span>}
      </h2>
      {hasTools && Tools && (
        <Tools
          onDelete={(ids) => void removeImages(ids).catch(sayError)}
        />
      )}
      <ul
        class="images"
        onScroll={({ currentTarget: list }) => {
          const below = list.scrollHeight - list.scrollTop - list.clientHeight;
          const right = list.scrollWidth - list.scrollLeft - list.clientWidth;
          if (below + right < 1000) limit.value = inPage + PAGE;
        }}
      >
        {images.slice(0, inPage).map((image) => (
          <GalleryImage key={image.id} image={image} />
        ))}
      </ul>
      <div class="gallery-foot">
        <button
          type="button"
          class="button"
          title="JPEG, PNG or WebP; images can also be dropped or pasted"
          onClick={chooseImages}
        >
          <Icon name="image-plus" /> Add image
        </button>
        <button
          type="button"
          class="button quiet small"
          onClick={() => dialog.value = "project"}
        >
          <Icon name="download" /> Project file
        </button>
        {lastDeleted && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void restoreImages().catch(sayError)}
          >
            <Icon name="undo" /> Restore {lastDeleted.length === 1
              ? lastDeleted[0]
              : `${lastDeleted.length} images`}
          </button>
        )}
      </div>
    </>
  );
}
