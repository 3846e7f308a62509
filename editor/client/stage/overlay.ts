/**
 * The image with its tracks, as it is stored with the track file.
 *
 * @module
 */

import type { EditorDocument } from "../../model/document.ts";
import { renderTracks } from "../../model/render_document.ts";
import type { ShownImage } from "../images.ts";
import { paintedTracks, paintTrack } from "./paint_tracks.ts";

/** The longest side of the overlay, px. */
const MAX_SIDE = 2048;
/** The short side for which lines and badges have their own size, px. */
const USUAL_SIDE = 480;

/** Draws the overlay: a PNG of the image's size, or 2048 px a side. */
export async function renderOverlay(
  image: ShownImage,
  document: EditorDocument,
): Promise<Blob> {
  const scale = Math.min(
    1,
    MAX_SIDE / Math.max(document.width, document.height),
  );
  const width = Math.max(1, Math.round(document.width * scale));
  const height = Math.max(1, Math.round(document.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const ctx = canvas.getContext("2d")!;
  ctx.drawImage(image.bitmap, 0, 0, width, height);
  const zoom = Math.max(1, Math.min(width, height) / USUAL_SIDE);
  ctx.scale(zoom, zoom);
  const view = { scale: scale / zoom, x: 0, y: 0 };
  const tracks = paintedTracks(document, renderTracks(document), new Set());
  for (const track of tracks) paintTrack(ctx, track, view);
  return await canvas.convertToBlob({ type: "image/png" });
}
