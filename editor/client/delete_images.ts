/**
 * Deleting images, and bringing them back: one after the other, so that what
 * was done before something fails is known.
 *
 * @module
 */

import { deleteImage, RequestError, restoreImage } from "./api.ts";
import { deleted, picked, shownImages } from "./gallery_choices.ts";
import {
  closeImage,
  imageId,
  openImage,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "./state.ts";

/** Moves images to the trash, and opens the next one where the open one was. */
export async function removeImages(ids: readonly string[]): Promise<void> {
  const gone: string[] = [];
  try {
    const open = imageId.value!;
    if (ids.includes(open)) await settledEtag();
    let fault: unknown;
    try {
      for (const id of ids) {
        await deleteImage(id);
        gone.push(id);
      }
    } catch (error) {
      fault = error;
    }
    if (gone.length > 0) {
      deleted.value = [...deleted.value, gone];
      picked.value = new Set();
      const images = shownImages.value;
      const at = images.findIndex((image) => image.id === open);
      const next = [...images.slice(at + 1), ...images.slice(0, at).reverse()]
        .find((image) => !gone.includes(image.id));
      if (gone.includes(imageId.value!)) closeImage();
      await refreshProject();
      if (imageId.value === undefined && next) await openImage(next.id);
    }
    if (fault) throw fault;
    say(`Deleted ${namesOf(gone)}`);
  } catch (error) {
    sayError(error);
  }
}

/** Brings the images back that were deleted last. */
export async function restoreImages(): Promise<void> {
  const ids = deleted.value.at(-1) ?? [];
  const back: string[] = [];
  /** What cannot be brought back is not offered again. */
  const forget = (id: string) =>
    deleted.value = deleted.value.map((some) =>
      some.filter((one) => one !== id)
    ).filter((some) => some.length > 0);
  let fault: unknown;
  for (const id of ids) {
    try {
      await restoreImage(id);
      back.push(id);
      forget(id);
    } catch (error) {
      fault = error;
      // It is there already, or in no trash any more.
      if (!(error instanceof RequestError) || error.status !== 404) break;
      forget(id);
    }
  }
  try {
    await refreshProject();
    if (back.length > 0) await openImage(back[0]!);
    if (fault) throw fault;
    say(`Restored ${namesOf(back)}`);
  } catch (error) {
    sayError(error);
  }
}

function namesOf(ids: readonly string[]): string {
  return ids.length === 1 ? `image ${ids[0]}` : `${ids.length} images`;
}
