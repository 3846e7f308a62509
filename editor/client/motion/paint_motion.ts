/**
 * Tracks over a video and over the image that they go to.
 *
 * @module
 */

import { gridPoints } from "../../../core/tracking/choose_points.ts";
import { mapPoint } from "../../../core/tracking/fit_map.ts";
import { placementMap } from "../../../core/tracking/place_tracks.ts";
import type { PointTracks } from "../../../core/tracking/point_tracker.ts";
import { toScreen, type View } from "../../model/view.ts";
import { shownImage } from "../images.ts";
import { knob } from "../stage/paint_guides.ts";
import { paintIssues, paintPositions } from "../stage/paint_marks.ts";
import { disc, type PaintedTrack, paintTrack } from "../stage/paint_tracks.ts";
import { editorDocument } from "../state.ts";
import type { MotionState } from "./motion_state.ts";

type Context = CanvasRenderingContext2D;

/** With more tracks the numbers would hide the image. */
const NUMBERED = 24;

/** Tracks to paint; `numbers` are their indices in what was followed. */
export function motionPaths(
  tracks: PointTracks,
  numbers?: readonly number[],
): PaintedTrack[] {
  const { count, frames, positions, visible } = tracks;
  return Array.from({ length: count }, (_, n) => {
    const number = numbers?.[n] ?? n;
    const points = Array.from({ length: frames }, (_, t) => ({
      x: positions[2 * (n * frames + t)]!,
      y: positions[2 * (n * frames + t) + 1]!,
      visible: visible[n * frames + t] === 1,
    }));
    const part = count > NUMBERED ? 1 : 0;
    const track = { id: String(number), part, points };
    return { track, color: number, number: number + 1, selected: false };
  });
}

/** The video's frame, with the points to follow or the tracks. */
export function paintClip(
  ctx: Context,
  view: View,
  { state, paths }: {
    readonly state: MotionState;
    readonly paths: readonly PaintedTrack[];
  },
): void {
  const size = state.facts.value!;
  const at = state.frame.value;
  const still = state.stillAt(Math.floor(at));
  if (still) {
    ctx.drawImage(
      still,
      0,
      0,
      view.scale * size.width,
      view.scale * size.height,
    );
  }
  const clip = state.followed.value;
  if (!clip) {
    if (state.share.value === undefined) paintChoice(ctx, view, state);
    return;
  }
  const removed = state.removed.value;
  for (const [n, path] of paths.entries()) {
    ctx.globalAlpha = removed.has(n) ? 0.25 : 1;
    if (!removed.has(n)) paintTrack(ctx, path, view);
    paintPositions(ctx, [path], { view, frame: at });
  }
  ctx.globalAlpha = 1;
  for (const { index } of clip.suspects) {
    const start = paths[index]?.track.points[0];
    if (!start || removed.has(index)) continue;
    const { x, y } = toScreen(view, start);
    paintIssues(ctx, [{ x: x + 13, y: y - 11 }]);
  }
}

/** The points that would be followed. */
function paintChoice(ctx: Context, view: View, state: MotionState): void {
  const kind = state.kind.value;
  const points = kind === "points"
    ? state.clicked.value
    : kind === "grid"
    ? gridPoints(state.counts.grid.value, state.facts.value!)
    : [];
  for (const point of points) knob(ctx, toScreen(view, point), { radius: 4 });
}

/** The image, with the video's frame on it and the tracks as they will be. */
export function paintPlaced(
  ctx: Context,
  view: View,
  { state, paths }: {
    readonly state: MotionState;
    readonly paths: readonly PaintedTrack[];
  },
): void {
  const { width, height } = editorDocument.value;
  const shown = shownImage.value, video = state.facts.value!;
  if (shown) {
    ctx.drawImage(shown.bitmap, 0, 0, view.scale * width, view.scale * height);
  }
  const map = placementMap(state.placement.value, {
    video,
    image: { width, height },
  });
  const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, down]) =>
    toScreen(
      view,
      mapPoint(map, {
        x: right! * (video.width - 1),
        y: down! * (video.height - 1),
      }),
    )
  );
  for (const [width, style] of [[3.5, "#000000"], [1.5, "#ffffff"]] as const) {
    ctx.beginPath();
    for (const { x, y } of corners) ctx.lineTo(x, y);
    ctx.closePath();
    ctx.lineWidth = width;
    ctx.strokeStyle = style;
    ctx.setLineDash([6, 4]);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  // The corner that is the upper left one of the video.
  disc(ctx, corners[0]!, 4);
  ctx.fillStyle = "#ffffff";
  ctx.fill();
  for (const path of paths) paintTrack(ctx, path, view);
  for (const path of paths) {
    paintPositions(ctx, [path], { view, frame: state.frame.value });
  }
}
