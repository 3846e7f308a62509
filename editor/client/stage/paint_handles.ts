/**
 * The handles of a selected track: what of it can be dragged.
 *
 * @module
 */

import { splinePolyline } from "../../model/curve.ts";
import type { EditorTrack, Point } from "../../model/document.ts";
import { shapePositions } from "../../model/edits.ts";
import { handlePoints } from "../../model/pick.ts";
import { circleRadiusAt } from "../../model/render_document.ts";
import { toScreen, type View } from "../../model/view.ts";
import { knob, strokeTwice } from "./paint_guides.ts";
import { disc } from "./paint_tracks.ts";
import { HANDLE_SPACING } from "./stage_tool.ts";

type Context = CanvasRenderingContext2D;

/** The points of a selected track that can be dragged. */
export function paintHandles(
  ctx: Context,
  track: EditorTrack,
  options: {
    readonly view: View;
    readonly frame: number;
    readonly chosen: number | undefined;
    /** The camera moves the track: its own path is shown as well. */
    readonly ownWay: boolean;
  },
): void {
  const { view, frame, chosen, ownWay } = options;
  const { shape } = track;
  const screen = (p: Point) => toScreen(view, p);
  if (shape.kind === "static") return;
  if (shape.kind === "circle") {
    const center = screen(shape);
    const radius = circleRadiusAt(track, frame).radius * view.scale;
    strokeTwice(ctx, () => disc(ctx, center, radius), { dash: [6, 4] });
    const angle = shape.angle * Math.PI / 180;
    knob(ctx, {
      x: center.x + radius * Math.cos(angle),
      y: center.y + radius * Math.sin(angle),
    }, { radius: 5 });
    knob(ctx, center, { radius: 5, chosen: chosen === 0 });
    return;
  }
  if (ownWay) {
    const line = shape.kind === "spline"
      ? splinePolyline(shape)
      : shapePositions(shape);
    strokeTwice(ctx, () => {
      ctx.beginPath();
      for (const p of line.map(screen)) ctx.lineTo(p.x, p.y);
    }, { width: 1, dash: [3, 3] });
  }
  if (shape.kind === "spline" && shape.curve === "bezier") {
    for (const point of shape.points) {
      const from = screen(point);
      for (const handle of [point.in, point.out]) {
        if (!handle || (handle.x === 0 && handle.y === 0)) continue;
        const to = screen({ x: point.x + handle.x, y: point.y + handle.y });
        strokeTwice(ctx, () => {
          ctx.beginPath();
          ctx.moveTo(from.x, from.y);
          ctx.lineTo(to.x, to.y);
        }, { width: 1 });
        knob(ctx, to, { radius: 3.5 });
      }
    }
  }
  for (
    const { index, at } of handlePoints(track, HANDLE_SPACING / view.scale)
  ) {
    if (index === chosen) continue;
    knob(ctx, screen(at), { radius: shape.kind === "spline" ? 4.5 : 3 });
  }
  // The chosen one also where it is none of the handles: keys walk them all.
  const position = chosen === undefined
    ? undefined
    : shapePositions(shape)[chosen];
  if (position) knob(ctx, screen(position), { radius: 5.5, chosen: true });
}
