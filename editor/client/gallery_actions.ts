/**
 * What is done with the images of the gallery.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { titleOf } from "../model/arrange_images.ts";
import {
  deleteImage,
  type ImageSummary,
  renameImage,
  restoreImage,
} from "./api.ts";
import { picked, shownImages } from "./gallery_choices.ts";
import {
  closeImage,
  imageId,
  openImage,
  refreshProject,
  say,
  sayError,
  settledEtag,
} from "./state.ts";

/** The images that were deleted last. */
export const deleted = signal<readonly string[]>([]);

/** Moves images to the trash, and opens the next one where the open one was. */
export async function removeImages(ids: readonly string[]): Promise<void> {
  try {
    const open = imageId.value!;
    if (ids.includes(open)) await settledEtag();
    for (const id of ids) await deleteImage(id);
    deleted.value = ids;
    picked.value = new Set();
    const images = shownImages.value;
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
}

/** Brings deleted images back. */
export async function restoreImages(ids: readonly string[]): Promise<void> {
  try {
    for (const id of ids) await restoreImage(id);
    deleted.value = [];
    await refreshProject();
    await openImage(ids[0]!);
    say(`Restored ${namesOf(ids)}`);
  } catch (error) {
    sayError(error);
  }
}

/** Adds a copy of an image with its motion. */
export async function duplicate(image: ImageSummary): Promise<void> {
  const { duplicateImage } = await import("./later.ts");
  await duplicateImage(image).catch(sayError);
}

/** Gives an image another name. */
export async function rename(image: ImageSummary, name: string): Promise<void> {
  if (name === titleOf(image)) return;
  try {
    await renameImage(image.id, name);
    await refreshProject();
  } catch (error) {
    sayError(error);
  }
}

function namesOf(ids: readonly string[]): string {
  return ids.length === 1 ? `image ${ids[0]}` : `${ids.length} images`;
}
