/**
 * The handles of the camera move that is selected, over the tracks.
 *
 * @module
 */

import { cameraArm, cameraHandles } from "../../model/camera_handles.ts";
import type { CameraMove, EditorDocument } from "../../model/document.ts";
import { type Size, toScreen, type View } from "../../model/view.ts";
import { knob, strokeTwice } from "./paint_guides.ts";
import { disc } from "./paint_tracks.ts";

type Context = CanvasRenderingContext2D;

/** The handles of a camera move. */
export function paintCameraMove(
  ctx: Context,
  move: CameraMove,
  options: {
    readonly view: View;
    readonly image: Size & Pick<EditorDocument, "scene">;
  },
): void {
  const { view, image } = options;
  const handles = cameraHandles(move, image);
  const center = toScreen(view, handles.center);
  const value = toScreen(view, handles.value);
  const arm = cameraArm(image) * view.scale;
  const line = () => {
    ctx.beginPath();
    ctx.moveTo(center.x, center.y);
    ctx.lineTo(value.x, value.y);
  };
  const cross = () => {
    ctx.beginPath();
    ctx.moveTo(center.x - 9, center.y);
    ctx.lineTo(center.x + 9, center.y);
    ctx.moveTo(center.x, center.y - 9);
    ctx.lineTo(center.x, center.y + 9);
  };
  switch (move.kind) {
    case "pan":
      strokeTwice(ctx, line, { width: 2 });
      break;
    case "zoom":
      strokeTwice(ctx, () => disc(ctx, center, arm), { dash: [3, 4] });
      strokeTwice(ctx, () => disc(ctx, center, arm * move.factor));
      break;
    case "rotate": {
      const turn = move.degrees * Math.PI / 180;
      strokeTwice(ctx, () => {
        ctx.beginPath();
        ctx.arc(center.x, center.y, arm, 0, turn, turn < 0);
      }, { width: 2 });
      strokeTwice(ctx, line, { dash: [3, 4] });
      break;
    }
    case "orbit":
      strokeTwice(ctx, () => {
        ctx.beginPath();
        ctx.ellipse(
          center.x,
          center.y,
          Math.max(8, Math.abs(value.x - center.x)),
          arm,
          0,
          0,
          2 * Math.PI,
        );
      }, { dash: [3, 4] });
      strokeTwice(ctx, () => {
        ctx.beginPath();
        ctx.moveTo(center.x, value.y);
        ctx.lineTo(value.x, value.y);
      }, { width: 2 });
      break;
    case "scene":
      if (handles.value === handles.center) break;
      strokeTwice(ctx, () => {
        ctx.beginPath();
        ctx.moveTo(view.x, value.y);
        ctx.lineTo(view.x + view.scale * image.width, value.y);
      }, { width: 2 });
      break;
  }
  strokeTwice(ctx, cross);
  knob(ctx, value, { radius: 6 });
}
