/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * A document as a still: the open image, small, with the document's tracks.
 *
 * @module
 */

import { useEffect, useRef } from "npm:preact@10.29.8/hooks";
import type { EditorDocument } from "../../model/document.ts";
import { renderTracks } from "../../model/render_document.ts";
import { shownImage } from "../images.ts";
import { paintedTracks, paintTrack } from "../stage/paint_tracks.ts";

/** The still, at most `size` CSS px wide. */
export function DocumentView({ document, size, label }: {
  /** What is drawn; nothing but the image while it is not known. */
  readonly document: EditorDocument | undefined;
  /** The longest side, CSS px. */
  readonly size: number;
  /** What it is, for readers. */
  readonly label: string;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = shownImage.value;
  useEffect(() => {
    const ctx = canvas.current?.getContext("2d");
    if (!ctx || !shown) return;
    const scale = size / Math.max(shown.width, shown.height);
    const dots = Math.min(2, devicePixelRatio);
    const { canvas: { style } } = ctx;
    const width = shown.width * scale, height = shown.height * scale;
    style.aspectRatio = `${shown.width} / ${shown.height}`;
    ctx.canvas.width = Math.max(1, Math.round(width * dots));
    ctx.canvas.height = Math.max(1, Math.round(height * dots));
    ctx.scale(dots, dots);
    ctx.drawImage(shown.bitmap, 0, 0, width, height);
    if (!document) return;
    // Lines and badges of a small still are smaller, too.
    const zoom = Math.min(1, Math.max(0.4, size / 480));
    ctx.scale(zoom, zoom);
    const view = { scale: scale / zoom, x: 0, y: 0 };
    const tracks = paintedTracks(document, renderTracks(document), new Set());
    for (const track of tracks) paintTrack(ctx, track, view);
  }, [document, shown, size]);
  return (
    <canvas
      ref={canvas}
      class="document-view"
      role="img"
      aria-label={label}
    />
  );
}
