/**
 * The marks that hundreds of tracks have in every frame of the screen: where a
 * track is, and where something deserves a look. Each kind is drawn once and
 * kept as a small image: without a GPU that takes a fraction of the time.
 *
 * @module
 */

import { trackColor } from "../../components/palette.ts";
import type { Point } from "../../model/document.ts";
import type { View } from "../../model/view.ts";
import {
  disc,
  type PaintedTrack,
  type Painter,
  positionAt,
} from "./paint_tracks.ts";

/** How far a mark reaches from its middle, CSS px. */
const REACH = 10;

const kept = new Map<string, ImageBitmap>();

/** Draws one mark; `paint` draws it about 0, 0, once for each name. */
type MarkPainter = (
  at: Point,
  name: string,
  paint: (ctx: Painter) => void,
) => void;

function marksOn(ctx: Painter): MarkPainter {
  const ratio = ctx.getTransform().a;
  const side = Math.ceil(2 * REACH * ratio);
  return ({ x, y }, name, paint) => {
    const key = name + ratio;
    let image = kept.get(key);
    if (!image) {
      const canvas = new OffscreenCanvas(side, side);
      const own = canvas.getContext("2d")!;
      own.setTransform(ratio, 0, 0, ratio, side / 2, side / 2);
      paint(own);
      kept.set(key, image = canvas.transferToImageBitmap());
    }
    const size = side / ratio;
    ctx.drawImage(image, x - size / 2, y - size / 2, size, size);
  };
}

/** Where tracks are in the frame shown; hollow while they cannot be seen. */
export function paintPositions(
  ctx: Painter,
  tracks: readonly PaintedTrack[],
  options: { readonly view: View; readonly frame: number },
): void {
  const mark = marksOn(ctx);
  for (const { track, color, selected } of tracks) {
    const { at, visible } = positionAt(track.points, options);
    const own = trackColor(color);
    mark(at, `${own} ${visible} ${selected} `, (ctx) => {
      disc(ctx, { x: 0, y: 0 }, selected ? 6 : 5);
      ctx.fillStyle = visible ? own : "rgba(0, 0, 0, 0.35)";
      ctx.fill();
      ctx.lineWidth = 3.5;
      ctx.strokeStyle = "rgba(0, 0, 0, 0.6)";
      ctx.stroke();
      ctx.lineWidth = 2;
      ctx.strokeStyle = visible ? "#ffffff" : own;
      ctx.stroke();
    });
  }
}

/** The triangles of warnings. */
export function paintIssues(ctx: Painter, positions: readonly Point[]): void {
  const mark = marksOn(ctx);
  for (const at of positions) mark(at, "issue ", paintTriangle);
}

function paintTriangle(ctx: Painter): void {
  ctx.beginPath();
  ctx.moveTo(0, -7);
  ctx.lineTo(8, 6);
  ctx.lineTo(-8, 6);
  ctx.closePath();
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = "#000000";
  ctx.stroke();
  ctx.fillStyle = "#ffd24d";
  ctx.fill();
  ctx.fillStyle = "#000000";
  ctx.fillRect(-1, -3, 2, 5);
  ctx.fillRect(-1, 3, 2, 2);
}
