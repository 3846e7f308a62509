/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The gallery: every image of the project. What is deleted can be brought
 * back, what is replaced is asked for first. A thumbnail is made from the image
 * the first time that it is shown.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../components/fields.tsx";
import { Icon } from "../components/icon.tsx";
import {
  deleteImage,
  type ImageSummary,
  renameImage,
  restoreImage,
  thumbnailUrl,
} from "./api.ts";
import { load, loaded } from "./dialogs/load.ts";
import { stored } from "./dialogs/stored.ts";
import { pick, picked, shownImages } from "./gallery_choices.ts";
import { dialog, replacing } from "./panels.ts";
import { titleOf } from "../model/arrange_images.ts";
import { chooseImages } from "./add_images.ts";
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

/** With more images than this, they can be searched and sorted. */
const FEW = 7;
/** What is not known of many images yet is asked for after this time, in ms. */
const PENDING_DELAY = 1500;
/** So many images are in the page at first, and so many more when scrolled. */
const PAGE = 60;

/** The gallery. */
export function Gallery() {
  const deleted = useSignal<readonly string[]>([]);
  const renaming = useSignal<string | undefined>(undefined);
  const all = project.value?.images ?? [];
  const images = shownImages.value;
  const limit = useSignal(PAGE);
  const open = images.findIndex((image) => image.id === imageId.value);
  const inPage = Math.max(limit.value, open + PAGE / 2);
  const Tools = loaded.value?.galleryTools;
  const hasTools = all.length > FEW || picked.value.size > 0;
  const isPending = all.some((image) => image.pending);
  useEffect(() => {
    if (hasTools) void load();
  }, [hasTools]);
  useEffect(() => {
    if (!isPending) return;
    const timer = setTimeout(
      () => void refreshProject().catch(() => {}),
      PENDING_DELAY,
    );
    return () => clearTimeout(timer);
  }, [project.value]);

  const remove = async (ids: readonly string[]) => {
    try {
      const open = imageId.value!;
      if (ids.includes(open)) await settledEtag();
      for (const id of ids) await deleteImage(id);
      deleted.value = ids;
      picked.value = new Set();
      const at = images.findIndex((image) => image.id === open);
      const next = [...images.slice(at + 1), ...images.slice(0, at).reverse()]
        .find((image) => !ids.includes(image.id));
      if (ids.includes(open)) closeImage();
      await refreshProject();
      if (imageId.value === undefined && next) await openImage(next.id);
      say(`Deleted ${namesOf(ids)}`);
    } catch (error) {
      sayError(error);
    }
  };
  const restore = async (ids: readonly string[]) => {
    try {
      for (const id of ids) await restoreImage(id);
      deleted.value = [];
      await refreshProject();
      await openImage(ids[0]!);
      say(`Restored ${namesOf(ids)}`);
    } catch (error) {
      sayError(error);
    }
  };
  const duplicate = async (image: ImageSummary) => {
    const { duplicateImage } = await import("./later.ts");
    await duplicateImage(image).catch(sayError);
  };
  const rename = async (image: ImageSummary, name: string) => {
    renaming.value = undefined;
    if (name === titleOf(image)) return;
    try {
      await renameImage(image.id, name);
      await refreshProject();
    } catch (error) {
      sayError(error);
    }
  };

  return (
    <>
      <h2 class="panel-title">
        Images {all.length > 0 && <span class="count">{all.length}</span>}
      </h2>
      {hasTools && Tools && <Tools onDelete={(ids) => void remove(ids)} />}
      <ul
        class="images"
        onScroll={({ currentTarget: list }) => {
          const below = list.scrollHeight - list.scrollTop - list.clientHeight;
          const right = list.scrollWidth - list.scrollLeft - list.clientWidth;
          if (below + right < 1000) limit.value = inPage + PAGE;
        }}
      >
        {images.slice(0, inPage).map((image) => (
          <li
            key={image.id}
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
              onDblClick={() => renaming.value = image.id}
              onKeyDown={(event) => {
                if (event.key === "F2") renaming.value = image.id;
              }}
            >
              <Thumbnail image={image} />
              {image.name && renaming.value !== image.id && (
                <span class="image-name">{image.name}</span>
              )}
              <span class="image-text">
                <span class="image-number">{image.id}</span>
                <span class="image-state">
                  {labelOf(image)}
                </span>
              </span>
            </button>
            {renaming.value === image.id && (
              <input
                class="rename"
                aria-label={`Name of image ${image.id}`}
                value={titleOf(image)}
                maxLength={200}
                ref={(input) => input?.focus()}
                onBlur={(event) =>
                  void rename(image, event.currentTarget.value)}
                onKeyDown={(event) => {
                  event.stopPropagation();
                  if (event.key === "Enter") event.currentTarget.blur();
                  if (event.key === "Escape") renaming.value = undefined;
                }}
              />
            )}
            {image.id === imageId.value && (
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
                  onClick={() => void remove([image.id])}
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
        <button
          type="button"
          class="button quiet small"
          onClick={() => dialog.value = "project"}
        >
          <Icon name="download" /> Project file
        </button>
        {deleted.value.length > 0 && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void restore(deleted.value)}
          >
            <Icon name="undo" /> Restore {deleted.value.length === 1
              ? deleted.value[0]
              : `${deleted.value.length} images`}
          </button>
        )}
      </div>
    </>
  );
}

function namesOf(ids: readonly string[]): string {
  return ids.length === 1 ? `image ${ids[0]}` : `${ids.length} images`;
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
