/**
 * Draws a path with the pen down. Every position that the browser saw is kept,
 * with its time; how fast the track walks it is decided by the document.
 *
 * @module
 */

import { MAX_POINTS, type Point } from "../../../model/document.ts";
import { toScreen, type View } from "../../../model/view.ts";
import { say, strokeSpeed } from "../../state.ts";
import {
  roundPoint,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";
import { placeTrack } from "./place_track.ts";

/** A stroke shorter than this is accidental, CSS px. */
const SHORTEST = 3;

/** The freehand tool. */
export class FreehandTool implements StageTool {
  readonly press = "hold";
  readonly draws = true;
  readonly #stage: StageContext;
  #points: Point[] = [];
  #times: number[] = [];
  #began = 0;

  /** A tool for one stage. */
  constructor(stage: StageContext) {
    this.#stage = stage;
  }

  cursor(): string {
    return "crosshair";
  }

  down(pointer: StagePointer): void {
    this.#points = [];
    this.#times = [];
    this.#began = pointer.time;
    this.#add(pointer);
  }

  drag(pointers: readonly StagePointer[]): void {
    for (const pointer of pointers) this.#add(pointer);
    this.#stage.repaint();
  }

  up(pointer: StagePointer): void {
    this.#add(pointer);
    const points = this.#points, times = this.#times;
    this.cancel();
    const view = this.#stage.view();
    const first = points[0];
    if (
      !first ||
      !points.some((p) =>
        view.scale * Math.hypot(p.x - first.x, p.y - first.y) >= SHORTEST
      )
    ) {
      say("Keep the pen down and draw; to pin an object, use Anchor");
      return;
    }
    placeTrack({ kind: "freehand", points, times, speed: strokeSpeed.value });
  }

  cancel(): void {
    this.#points = [];
    this.#times = [];
    this.#stage.repaint();
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    if (this.#points.length === 0) return;
    ctx.beginPath();
    for (const point of this.#points) {
      const { x, y } = toScreen(view, point);
      ctx.lineTo(x, y);
    }
    ctx.lineCap = ctx.lineJoin = "round";
    ctx.strokeStyle = "rgba(0, 0, 0, 0.6)";
    ctx.lineWidth = 5;
    ctx.stroke();
    ctx.strokeStyle = "#ffffff";
    ctx.lineWidth = 2.5;
    ctx.stroke();
  }

  #add(pointer: StagePointer): void {
    const point = roundPoint(pointer.at);
    const last = this.#points.at(-1);
    if (last && last.x === point.x && last.y === point.y) return;
    if (this.#points.length >= MAX_POINTS) {
      // Ten minutes of drawing: every second position is enough.
      this.#points = this.#points.filter((_, i) => i % 2 === 0);
      this.#times = this.#times.filter((_, i) => i % 2 === 0);
    }
    this.#points.push(point);
    this.#times.push(
      Math.max(
        this.#times.at(-1) ?? 0,
        Math.round(pointer.time - this.#began),
      ),
    );
  }
}
