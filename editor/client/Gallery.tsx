/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * The gallery: every picture of the project. What is deleted can be brought
 * back, what is replaced is asked for first.
 *
 * @module
 */

import { useSignal } from "npm:@preact/signals@2.11.4";
import { IconButton } from "../components/fields.tsx";
import { Icon } from "../components/icon.tsx";
import {
  deletePicture,
  type PictureSummary,
  pictureUrl,
  restorePicture,
} from "./api.ts";
import { stored } from "./dialogs/stored.ts";
import { dialog, replacing } from "./panels.ts";
import { choosePictures } from "./pictures.ts";
import {
  closePicture,
  editorDocument,
  openPicture,
  pictureId,
  project,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "./state.ts";

/** The gallery. */
export function Gallery() {
  const deleted = useSignal<PictureSummary | undefined>(undefined);
  const pictures = project.value?.pictures ?? [];

  const remove = async (picture: PictureSummary) => {
    try {
      if (picture.id === pictureId.value) await settledEtag();
      await deletePicture(picture.id);
      deleted.value = picture;
      const at = pictures.indexOf(picture);
      const next = pictures[at + 1] ?? pictures[at - 1];
      if (picture.id === pictureId.value) closePicture();
      await refreshProject();
      if (pictureId.value === undefined && next) await openPicture(next.id);
      say(`Deleted picture ${picture.id}`);
    } catch (error) {
      sayError(error);
    }
  };
  const restore = async (picture: PictureSummary) => {
    try {
      await restorePicture(picture.id);
      deleted.value = undefined;
      await refreshProject();
      await openPicture(picture.id);
      say(`Picture ${picture.id} is back`);
    } catch (error) {
      sayError(error);
    }
  };

  return (
    <>
      <h2 class="panel-title">Pictures</h2>
      <ul class="pictures">
        {pictures.map((picture) => (
          <li key={picture.id} class="picture">
            <button
              type="button"
              class="picture-open"
              aria-current={picture.id === pictureId.value}
              title={`${picture.file}, ${picture.width} × ${picture.height} px`}
              onClick={() => void openPicture(picture.id).catch(sayError)}
            >
              <Thumbnail picture={picture} />
              <span class="picture-words">
                <span class="picture-number">{picture.id}</span>
                <span class="picture-state">
                  {wordOf(picture)}
                </span>
              </span>
            </button>
            {picture.id === pictureId.value && (
              <div class="picture-actions">
                <IconButton
                  icon="replace"
                  label={`Replace picture ${picture.id}`}
                  onClick={() =>
                    chooseOne((file) => {
                      replacing.value = { picture, file };
                      dialog.value = "replacePicture";
                    })}
                />
                <IconButton
                  icon="trash"
                  label={`Delete picture ${picture.id}`}
                  onClick={() => void remove(picture)}
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
          title="JPEG, PNG or WebP; pictures can also be dropped or pasted"
          onClick={choosePictures}
        >
          <Icon name="image-plus" /> Add picture
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

const STORED_WORDS = {
  never: undefined,
  current: "Stored",
  outdated: "Not stored",
  replaced: "Replaced",
} as const;

function wordOf(picture: PictureSummary): string {
  if (picture.fault) return "Damaged";
  const isOpen = picture.id === pictureId.value;
  const word = (isOpen && stored.value) || picture.stored;
  return STORED_WORDS[word] ?? tracksOf(picture);
}

function tracksOf(picture: PictureSummary): string {
  // The open picture's tracks are known before they are saved.
  const count = picture.id === pictureId.value
    ? editorDocument.value.tracks.length
    : picture.tracks;
  return count === 0 ? "No tracks" : `${count} track${count === 1 ? "" : "s"}`;
}

function Thumbnail({ picture }: { readonly picture: PictureSummary }) {
  return (
    <img
      class="thumbnail"
      src={pictureUrl(picture)}
      alt={picture.prompt || `Picture ${picture.id}`}
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
