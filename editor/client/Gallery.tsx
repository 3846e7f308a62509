/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The gallery: every image of the project. What is deleted can be brought
 * back, what is replaced is asked for first.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../components/fields.tsx";
import { Icon } from "../components/icon.tsx";
import {
  deleteImage,
  type ImageSummary,
  imageUrl,
  restoreImage,
} from "./api.ts";
import { stored } from "./dialogs/stored.ts";
import { dialog, replacing } from "./panels.ts";
import { chooseImages } from "./images.ts";
import {
  closeImage,
  editorDocument,
  imageId,
  openImage,
  project,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "./state.ts";

/** The gallery. */
export function Gallery() {
  const deleted = useSignal<ImageSummary | undefined>(undefined);
  const images = project.value?.images ?? [];

  const remove = async (image: ImageSummary) => {
    try {
      if (image.id === imageId.value) await settledEtag();
      await deleteImage(image.id);
      deleted.value = image;
      const at = images.indexOf(image);
      const next = images[at + 1] ?? images[at - 1];
      if (image.id === imageId.value) closeImage();
      await refreshProject();
      if (imageId.value === undefined && next) await openImage(next.id);
      say(`Deleted image ${image.id}`);
    } catch (error) {
      sayError(error);
    }
  };
  const restore = async (image: ImageSummary) => {
    try {
      await restoreImage(image.id);
      deleted.value = undefined;
      await refreshProject();
      await openImage(image.id);
      say(`Restored image ${image.id}`);
    } catch (error) {
      sayError(error);
    }
  };

  return (
    <>
      <h2 class="panel-title">Images</h2>
      <ul class="images">
        {images.map((image) => (
          <li key={image.id} class="image">
            <button
              type="button"
              class="image-open"
              aria-current={image.id === imageId.value}
              title={`${image.file}, ${image.width} × ${image.height} px`}
              onClick={() => void openImage(image.id).catch(sayError)}
            >
              <Thumbnail image={image} />
              <span class="image-text">
                <span class="image-number">{image.id}</span>
                <span class="image-state">
                  {labelOf(image)}
                </span>
              </span>
            </button>
            {image.id === imageId.value && (
              <div class="image-actions">
                <IconButton
                  icon="history"
                  label={`Versions of image ${image.id}`}
                  onClick={() => dialog.value = "versions"}
                />
                <IconButton
                  icon="replace"
                  label={`Replace image ${image.id}`}
                  onClick={() =>
                    chooseOne((file) => {
                      replacing.value = { image, file };
                      dialog.value = "replaceImage";
                    })}
                />
                <IconButton
                  icon="trash"
                  label={`Delete image ${image.id}`}
                  onClick={() => void remove(image)}
                />
              </div>
            )}
          </li>
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
        {deleted.value && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void restore(deleted.value!)}
          >
            <Icon name="undo" /> Restore {deleted.value.id}
          </button>
        )}
      </div>
    </>
  );
}

const STORED_LABELS = {
  never: undefined,
  current: "Stored",
  outdated: "Not stored",
  replaced: "Replaced",
} as const;

function labelOf(image: ImageSummary): string {
  if (image.fault) return "Damaged";
  const isOpen = image.id === imageId.value;
  const word = (isOpen && stored.value) || image.stored;
  return STORED_LABELS[word] ?? tracksOf(image);
}

function tracksOf(image: ImageSummary): string {
  // The open image's tracks are known before they are saved.
  const count = image.id === imageId.value
    ? editorDocument.value.tracks.length
    : image.tracks;
  return count === 0 ? "No tracks" : `${count} track${count === 1 ? "" : "s"}`;
}

function Thumbnail({ image }: { readonly image: ImageSummary }) {
  return (
    <img
      class="thumbnail"
      src={imageUrl(image)}
      alt={image.prompt || `Image ${image.id}`}
      loading="lazy"
      decoding="async"
      draggable={false}
    />
  );
}

function chooseOne(take: (file: File) => void): void {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "image/jpeg,image/png,image/webp";
  input.onchange = () => {
    const [file] = input.files ?? [];
    if (file) take(file);
  };
  input.click();
}
