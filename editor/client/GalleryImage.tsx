/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * One image of the gallery. A thumbnail is made from the image the first time
 * that it is shown; what is replaced is asked for first.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../components/fields.tsx";
import { titleOf } from "../model/arrange_images.ts";
import { type ImageSummary, thumbnailUrl } from "./api.ts";
import { stored } from "./dialogs/stored.ts";
import { duplicate, removeImages, rename } from "./gallery_actions.ts";
import { pick, picked } from "./gallery_choices.ts";
import { dialog, replacing } from "./panels.ts";
import { editorDocument, imageId, openImage, sayError } from "./state.ts";

/** An image to open, rename and select; the open one has buttons. */
export function GalleryImage({ image }: { readonly image: ImageSummary }) {
  const renaming = useSignal(false);
  return (
    <li
      class="image"
      data-image={image.id}
      data-picked={picked.value.has(image.id)}
    >
      <button
        type="button"
        class="image-open"
        aria-current={image.id === imageId.value}
        title={`${
          titleOf(image)
        }\n${image.file}, ${image.width} × ${image.height} px\nF2 renames; Ctrl or Shift and click selects several`}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) {
            pick(image.id, { range: event.shiftKey });
          } else void openImage(image.id).catch(sayError);
        }}
        onDblClick={() => renaming.value = true}
        onKeyDown={(event) => {
          if (event.key === "F2") renaming.value = true;
        }}
      >
        <Thumbnail image={image} />
        {image.name && !renaming.value && (
          <span class="image-name">{image.name}</span>
        )}
        <span class="image-text">
          <span class="image-number">{image.id}</span>
          <span class="image-state">
            {labelOf(image)}
          </span>
        </span>
      </button>
      {renaming.value && (
        <input
          class="rename"
          aria-label={`Name of image ${image.id}`}
          value={titleOf(image)}
          maxLength={200}
          ref={(input) => input?.focus()}
          onBlur={(event) => {
            renaming.value = false;
            void rename(image, event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") event.currentTarget.blur();
            if (event.key === "Escape") renaming.value = false;
          }}
        />
      )}
      {image.id === imageId.value && <ImageActions image={image} />}
    </li>
  );
}

function ImageActions({ image }: { readonly image: ImageSummary }) {
  return (
    <div class="image-actions">
      <IconButton
        icon="history"
        label={`Versions of image ${image.id}`}
        onClick={() => dialog.value = "versions"}
      />
      <IconButton
        icon="copy"
        label={`Duplicate image ${image.id} with its motion`}
        onClick={() => void duplicate(image)}
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
        onClick={() => void removeImages([image.id]).catch(sayError)}
      />
    </div>
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
  if (image.pending) return "…";
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
      src={thumbnailUrl(image)}
      alt={image.prompt || `Image ${image.id}`}
      loading="lazy"
      fetchpriority="low"
      decoding="async"
      draggable={false}
      onLoad={async ({ currentTarget }) => {
        if (image.thumbnail) return;
        const { keepThumbnail } = await import("./later.ts");
        await keepThumbnail(image, currentTarget);
      }}
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
