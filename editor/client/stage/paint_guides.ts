/**
 * What is drawn over the tracks: what handles and lines look like, where
 * warnings are, labels.
 *
 * @module
 */

import type { TrackIssue } from "../../../core/tracks/validate.ts";
import type { Point } from "../../model/document.ts";
import type { RenderedTrack } from "../../model/render_document.ts";
import type { Size, View } from "../../model/view.ts";
import { disc, positionAt } from "./paint_tracks.ts";

type Context = CanvasRenderingContext2D;

const DARK = "rgba(0, 0, 0, 0.65)";
const LIGHT = "#ffffff";

/** Strokes a path twice, so that it is seen on dark and light. */
export function strokeTwice(
  ctx: Context,
  path: () => void,
  look: { readonly width?: number; readonly dash?: readonly number[] } = {},
): void {
  const { width = 1.5, dash = [] } = look;
  path();
  ctx.lineWidth = width + 2;
  ctx.strokeStyle = DARK;
  ctx.stroke();
  ctx.setLineDash([...dash]);
  ctx.lineWidth = width;
  ctx.strokeStyle = LIGHT;
  ctx.stroke();
  ctx.setLineDash([]);
}

/** What can be taken hold of. */
export function knob(
  ctx: Context,
  at: Point,
  look: { readonly radius: number; readonly chosen?: boolean },
): void {
  disc(ctx, at, look.radius);
  ctx.fillStyle = look.chosen ? "#000000" : LIGHT;
  ctx.fill();
  ctx.lineWidth = look.chosen ? 2.5 : 1.5;
  ctx.strokeStyle = look.chosen ? LIGHT : "#000000";
  ctx.stroke();
}

/** A mark keeps this far from the stage's edges, CSS px. */
const EDGE = 12;

/**
 * Where the mark of an issue is, CSS px; undefined for the whole set's. What
 * is out of sight is marked at the edge that is nearest to it.
 */
export function issuePosition(
  issue: TrackIssue,
  tracks: readonly RenderedTrack[],
  { view, size }: { readonly view: View; readonly size: Size },
): Point | undefined {
  const track = tracks[issue.track];
  if (!track || issue.code === "too-many") return undefined;
  const { at } = positionAt(track.points, { view, frame: issue.frame });
  return {
    x: Math.max(EDGE, Math.min(size.width - EDGE, at.x + 13)),
    y: Math.max(EDGE, Math.min(size.height - EDGE, at.y - 11)),
  };
}

/** A short text next to a position, on a dark ground. */
export function paintLabel(
  ctx: Context,
  text: string,
  options: { readonly at: Point; readonly stage: Size },
): void {
  ctx.font = "12px system-ui, sans-serif";
  const lines = wrap(ctx, text, 280);
  const width = Math.max(...lines.map((l) => ctx.measureText(l).width)) + 16;
  const height = 17 * lines.length + 8;
  const { at, stage } = options;
  const x = Math.max(4, Math.min(stage.width - width - 4, at.x + 12));
  const below = at.y + 14;
  const y = below + height > stage.height ? at.y - height - 14 : below;
  ctx.beginPath();
  ctx.roundRect(x, y, width, height, 5);
  ctx.fillStyle = "rgba(15, 16, 18, 0.92)";
  ctx.fill();
  ctx.fillStyle = "#ffffff";
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  lines.forEach((line, i) => ctx.fillText(line, x + 8, y + 13 + 17 * i));
}

function wrap(ctx: Context, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line ? `${line} ${word}` : word;
    if (line && ctx.measureText(longer).width > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
