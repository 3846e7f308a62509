/**
 * What is done with the images of the gallery.
 *
 * @module
 */

import { titleOf } from "../model/arrange_images.ts";
import { type ImageSummary, renameImage } from "./api.ts";
import { refreshProject, sayError } from "./state.ts";

/** Moves images to the trash, and opens the next one where the open one was. */
export async function removeImages(ids: readonly string[]): Promise<void> {
  const { removeImages } = await import("./later.ts");
  await removeImages(ids);
}

/** Brings the images back that were deleted last. */
export async function restoreImages(): Promise<void> {
  const { restoreImages } = await import("./later.ts");
  await restoreImages();
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
