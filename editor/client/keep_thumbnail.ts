/**
 * Small images for the gallery, made in the page and kept by the server.
 *
 * @module
 */

import { type ImageSummary, request } from "./api.ts";

/** The longest side, px: sharp on screens with two dots per px. */
const SIDE = 288;
const QUALITY = 0.8;

let last: Promise<unknown> = Promise.resolve();
const asked = new Set<string>();

/** Makes the small image of one that was loaded, once, one after the other. */
export function keepThumbnail(
  image: ImageSummary,
  loaded: HTMLImageElement,
): Promise<unknown> {
  const key = `${image.id} ${image.revision}`;
  if (asked.has(key)) return last;
  asked.add(key);
  return last = last.then(async () => {
    const { naturalWidth, naturalHeight } = loaded;
    const scale = Math.min(1, SIDE / Math.max(naturalWidth, naturalHeight));
    const width = Math.max(1, Math.round(naturalWidth * scale));
    const height = Math.max(1, Math.round(naturalHeight * scale));
    const canvas = new OffscreenCanvas(width, height);
    const ctx = canvas.getContext("2d")!;
    ctx.imageSmoothingQuality = "high";
    ctx.drawImage(loaded, 0, 0, width, height);
    const body = await canvas.convertToBlob({
      type: "image/jpeg",
      quality: QUALITY,
    });
    const path = `api/images/${image.id}/thumbnail?revision=${image.revision}`;
    await request("PUT", path, { body });
  }).catch(() => {
    // Not needed: the gallery shows the image itself until there is one.
  });
}
