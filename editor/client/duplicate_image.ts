/** A variant: an image once more, with its motion and its prompt. @module */

import { titleOf } from "../model/arrange_images.ts";
import {
  fetchDocument,
  type ImageSummary,
  imageUrl,
  RequestError,
  saveDocument,
  sendImage,
} from "./api.ts";
import {
  editorDocument,
  imageId,
  openImage,
  refreshProject,
  say,
  settledEtag,
} from "./state.ts";

/**
 * Adds a copy of an image with its document and opens it.
 *
 * @throws {RequestError} When the server refuses, or the last changes are not
 * saved yet.
 */
export async function duplicateImage(image: ImageSummary): Promise<void> {
  if (image.id === imageId.value) await settledEtag();
  const document = image.id === imageId.value
    ? editorDocument.value
    : (await fetchDocument(image.id)).document;
  const response = await fetch(imageUrl(image));
  if (!response.ok) {
    throw new RequestError("The image no longer exists", response.status);
  }
  const blob = await response.blob();
  const title = titleOf(image).replace(/\.\w{3,4}$/, "");
  const name = `${title.slice(0, 190)}, variant`;
  const made = await sendImage(new File([blob], name, { type: blob.type }));
  const { etag } = await fetchDocument(made.id);
  await saveDocument(made.id, { document, etag });
  await refreshProject();
  await openImage(made.id);
  say(`Image ${made.id} is a copy of ${image.id} with its motion`);
}
