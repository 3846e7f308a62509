/**
 * Sets the points of a curve, click by click. With Bezier curves a drag pulls
 * the handles out, as vector programs have it. Enter, a double click, or a
 * click on the last point ends the curve, and so does Escape; Ctrl+Z takes the
 * last point back.
 *
 * @module
 */

import { splinePolyline } from "../../../model/curve.ts";
import type {
  Point,
  SplinePoint,
  SplineShape,
} from "../../../model/document.ts";
import { toScreen, type View } from "../../../model/view.ts";
import { curveKind, say, tension } from "../../state.ts";
import { disc } from "../paint_tracks.ts";
import {
  roundPoint,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";
import { placeTrack } from "./place_track.ts";

/** The spline tool. */
export class SplineTool implements StageTool {
  readonly press = "click";
  readonly draws = true;
  readonly #stage: StageContext;
  #points: SplinePoint[] = [];
  #next: Point | undefined;
  /** Set when this click ends the curve. */
  #ending = false;

  /** A tool for one stage. */
  constructor(stage: StageContext) {
    this.#stage = stage;
  }

  cursor(): string {
    return "crosshair";
  }

  down(pointer: StagePointer): void {
    const last = this.#points.at(-1);
    this.#ending = last !== undefined && distance(last, pointer.at) <=
        pointer.reach / 2;
    if (!this.#ending) this.#points.push(roundPoint(pointer.at));
    this.#next = undefined;
    this.#stage.repaint();
  }

  drag(pointers: readonly StagePointer[]): void {
    const point = this.#points.at(-1), pointer = pointers.at(-1);
    if (!point || !pointer || this.#ending) return;
    if (curveKind.value === "bezier") {
      const out = roundPoint({
        x: pointer.at.x - point.x,
        y: pointer.at.y - point.y,
      });
      this.#points[this.#points.length - 1] = {
        ...point,
        out,
        in: { x: -out.x, y: -out.y },
      };
    } else {
      this.#points[this.#points.length - 1] = roundPoint(pointer.at);
    }
    this.#stage.repaint();
  }

  up(): void {
    if (this.#ending) this.finish();
    this.#stage.repaint();
  }

  cancel(): void {
    if (!this.#ending) this.#points.pop();
    this.#stage.repaint();
  }

  hover(pointer: StagePointer): void {
    if (this.#points.length === 0) return;
    this.#next = pointer.at;
    this.#stage.repaint();
  }

  finish(): boolean {
    if (this.#points.length === 0) return false;
    const points = this.#points;
    this.#drop();
    if (points.length === 1) {
      say("A curve needs two points; to pin an object, use Anchor");
    } else placeTrack(this.#shape(points));
    return true;
  }

  escape(): boolean {
    // One point is no curve, and no more than a click to do again.
    if (this.#points.length > 1) return this.finish();
    if (this.#points.length === 0) return false;
    this.#drop();
    return true;
  }

  takeBack(): boolean {
    return this.remove();
  }

  remove(): boolean {
    if (this.#points.length === 0) return false;
    this.#points.pop();
    this.#stage.repaint();
    return true;
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    if (this.#points.length === 0) return;
    const points = this.#next ? [...this.#points, this.#next] : this.#points;
    ctx.beginPath();
    for (const point of splinePolyline(this.#shape(points))) {
      const { x, y } = toScreen(view, point);
      ctx.lineTo(x, y);
    }
    ctx.strokeStyle = "rgba(0, 0, 0, 0.6)";
    ctx.lineWidth = 4.5;
    ctx.stroke();
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = 2;
    ctx.stroke();
    for (const point of this.#points) {
      disc(ctx, toScreen(view, point), 4);
      ctx.fillStyle = "#ffffff";
      ctx.fill();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = "#000000";
      ctx.stroke();
    }
  }

  #shape(points: SplinePoint[]): SplineShape {
    return {
      kind: "spline",
      curve: curveKind.value,
      tension: tension.value,
      points,
    };
  }

  #drop(): void {
    this.#points = [];
    this.#next = undefined;
    this.#ending = false;
    this.#stage.repaint();
  }
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
