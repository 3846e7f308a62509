/**
 * Draws a circle of points from its center. Its radius can then be set frame
 * by frame, by dragging the ring with the select tool: the camera's zoom.
 *
 * @module
 */

import { ownTime, type Point } from "../../../model/document.ts";
import { toScreen, type View } from "../../../model/view.ts";
import { circleCount, editorDocument, say } from "../../state.ts";
import { disc } from "../paint_tracks.ts";
import {
  roundPoint,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";
import { placeTrack } from "./place_track.ts";

/** A smaller circle is accidental, CSS px. */
const SMALLEST = 4;

/** The circle tool. */
export class CircleTool implements StageTool {
  readonly press = "hold";
  readonly draws = true;
  readonly #stage: StageContext;
  #center: Point | undefined;
  #radius = 0;

  /** A tool for one stage. */
  constructor(stage: StageContext) {
    this.#stage = stage;
  }

  cursor(): string {
    return "crosshair";
  }

  down(pointer: StagePointer): void {
    this.#center = roundPoint(pointer.at);
    this.#radius = 0;
  }

  drag(pointers: readonly StagePointer[]): void {
    const pointer = pointers.at(-1);
    if (!pointer || !this.#center) return;
    this.#radius = Math.hypot(
      pointer.at.x - this.#center.x,
      pointer.at.y - this.#center.y,
    );
    this.#stage.repaint();
  }

  up(pointer: StagePointer): void {
    this.drag([pointer]);
    const center = this.#center, radius = Math.round(100 * this.#radius) / 100;
    this.cancel();
    if (!center) return;
    if (radius * this.#stage.view().scale < SMALLEST) {
      say("Drag from the center of the circle outwards");
      return;
    }
    placeTrack({
      kind: "circle",
      ...center,
      count: circleCount.value,
      angle: 0,
      radii: [{ frame: 0, radius }],
      ...ownTime(editorDocument.value),
    });
    say("Go to another frame and drag the ring (Select): the circle grows");
  }

  cancel(): void {
    this.#center = undefined;
    this.#radius = 0;
    this.#stage.repaint();
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    if (!this.#center) return;
    const center = toScreen(view, this.#center);
    const radius = this.#radius * view.scale;
    const strokes = [["rgba(0, 0, 0, 0.6)", 4], ["#ffffff", 1.5]] as const;
    for (const [style, width] of strokes) {
      ctx.strokeStyle = style;
      ctx.lineWidth = width;
      disc(ctx, center, radius);
      ctx.stroke();
      for (let i = 0; i < circleCount.value; i++) {
        const angle = 2 * Math.PI * i / circleCount.value;
        disc(ctx, {
          x: center.x + radius * Math.cos(angle),
          y: center.y + radius * Math.sin(angle),
        }, 3.5);
        ctx.stroke();
      }
      disc(ctx, center, 2);
      ctx.stroke();
    }
  }
}
