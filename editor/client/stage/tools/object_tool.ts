/**
 * The motion brush: marks an object with a lasso or a brush, and draws the
 * path of a marked one by dragging it. Shift adds to the selected object, Alt
 * takes away from it.
 *
 * @module
 */

import type { Point } from "../../../model/document.ts";
import { newId, updateTracks } from "../../../model/edits.ts";
import {
  combineOutlines,
  lassoOutline,
  strokeOutline,
} from "../../../model/mark_object.ts";
import { isInside, objectAt } from "../../../model/objects.ts";
import { toScreen, type View } from "../../../model/view.ts";
import {
  edit,
  editorDocument,
  say,
  selection,
  strokeSpeed,
} from "../../state.ts";
import {
  addObject,
  brushSize,
  changeOutline,
  markMode,
  selectedObject,
} from "../object_options.ts";
import { disc } from "../paint_tracks.ts";
import { selectAt } from "../select_with_model.ts";
import {
  roundPoint,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";

/** What is being drawn. */
type Drawing = {
  readonly what: "path" | "new" | "add" | "remove";
  readonly points: Point[];
  readonly times: number[];
  readonly began: number;
};

/** A drag shorter than this is a click, CSS px. */
const SHORTEST = 4;

/** The object tool. */
export class ObjectTool implements StageTool {
  readonly press = "hold";
  readonly draws = true;
  readonly #stage: StageContext;
  #drawing: Drawing | undefined;
  #pen: Point | undefined;

  /** A tool for one stage. */
  constructor(stage: StageContext) {
    this.#stage = stage;
  }

  cursor(pointer: StagePointer): string {
    if (pointer.shift || pointer.alt) return "crosshair";
    return this.#grabs(pointer.at) ? "grab" : "crosshair";
  }

  down(pointer: StagePointer): void {
    const object = selectedObject();
    const what = object && pointer.shift
      ? "add"
      : object && pointer.alt
      ? "remove"
      : this.#grabs(pointer.at)
      ? "path"
      : "new";
    if (what !== "new" && object?.locked) {
      say(`${object.name} is locked: unlock it in the list to change it`);
      return;
    }
    this.#drawing = { what, points: [], times: [], began: pointer.time };
    this.#add(pointer);
  }

  drag(pointers: readonly StagePointer[]): void {
    for (const pointer of pointers) this.#add(pointer);
    this.#stage.repaint();
  }

  up(pointer: StagePointer): void {
    this.#add(pointer);
    const drawing = this.#drawing;
    this.cancel();
    if (!drawing) return;
    const { points, what } = drawing;
    const first = points[0]!;
    const { scale } = this.#stage.view();
    const far = points.some((p) =>
      scale * Math.hypot(p.x - first.x, p.y - first.y) >= SHORTEST
    );
    const brushes = markMode.value === "brush";
    if (markMode.value === "model" && what !== "path") {
      void selectAt(first, what);
    } else if (!far && (what === "path" || what === "new" && !brushes)) {
      this.#click(first);
    } else if (what === "path") this.#setPath(drawing);
    else this.#mark(drawing);
  }

  cancel(): void {
    this.#drawing = undefined;
    this.#stage.repaint();
  }

  hover(pointer: StagePointer): void {
    this.#pen = pointer.at;
    if (markMode.value === "brush") this.#stage.repaint();
  }

  leave(): void {
    this.#pen = undefined;
  }

  paint(ctx: CanvasRenderingContext2D, view: View): void {
    const brushes = markMode.value === "brush";
    const { points, what } = this.#drawing ?? { points: [], what: "new" };
    if (brushes && this.#pen && what !== "path") {
      disc(ctx, toScreen(view, this.#pen), brushSize.value);
      ctx.lineWidth = 3;
      ctx.strokeStyle = "rgba(0, 0, 0, 0.5)";
      ctx.stroke();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = "#ffffff";
      ctx.stroke();
    }
    if (points.length === 0) return;
    ctx.beginPath();
    for (const point of points) {
      const { x, y } = toScreen(view, point);
      ctx.lineTo(x, y);
    }
    ctx.lineCap = ctx.lineJoin = "round";
    if (brushes && what !== "path") {
      ctx.strokeStyle = what === "remove"
        ? "rgba(255, 70, 70, 0.45)"
        : "rgba(90, 170, 255, 0.45)";
      ctx.lineWidth = 2 * brushSize.value;
      ctx.stroke();
      return;
    }
    ctx.strokeStyle = "rgba(0, 0, 0, 0.6)";
    ctx.lineWidth = 4.5;
    ctx.stroke();
    if (what !== "path") ctx.setLineDash([6, 4]);
    ctx.strokeStyle = what === "remove" ? "#ff6b6b" : "#ffffff";
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** Whether a press would move the selected object. */
  #grabs(at: Point): boolean {
    const object = selectedObject();
    return object !== undefined && isInside(object.shape.outline, at);
  }

  /** A click takes up the object that is there. */
  #click(at: Point): void {
    const found = objectAt(editorDocument.value, at, 0);
    if (found) selection.value = new Set([found.id]);
    else say("Draw around an object, then drag it along its path");
  }

  #mark({ what, points }: Drawing): void {
    const image = editorDocument.value;
    const outline = markMode.value === "brush"
      ? strokeOutline(points, {
        radius: brushSize.value / this.#stage.view().scale,
        image,
      })
      : lassoOutline(points, image);
    const object = selectedObject();
    if (what === "new" || what === "path" || !object) {
      if ((outline[0]?.length ?? 0) < 3) {
        say("Draw around an object, then drag it along its path");
      } else void addObject(outline);
      return;
    }
    const joined = combineOutlines(object.shape.outline, outline, {
      how: what,
      image,
    });
    void changeOutline(object.id, joined, `outline ${newId()}`);
  }

  #setPath({ points, times }: Drawing): void {
    const object = selectedObject();
    if (!object) return;
    // The path is that of the middle, wherever the object was grabbed.
    const start = object.shape.path[0]!;
    const dx = start.x - points[0]!.x, dy = start.y - points[0]!.y;
    const path = points.map((p) => roundPoint({ x: p.x + dx, y: p.y + dy }));
    edit((document) =>
      updateTracks(
        document,
        new Set([object.id]),
        (track) =>
          track.shape.kind !== "object" ? track : {
            ...track,
            shape: {
              ...track.shape,
              path,
              times: strokeSpeed.value === "drawn" ? times : [],
            },
          },
      )
    );
  }

  #add(pointer: StagePointer): void {
    const drawing = this.#drawing;
    if (!drawing) return;
    this.#pen = pointer.at;
    const point = roundPoint(pointer.at);
    const last = drawing.points.at(-1);
    if (last && last.x === point.x && last.y === point.y) return;
    // More than a hand draws in a minute: what comes then is left out.
    if (drawing.points.length >= 10_000) return;
    drawing.points.push(point);
    drawing.times.push(
      Math.max(
        drawing.times.at(-1) ?? 0,
        Math.round(pointer.time - drawing.began),
      ),
    );
  }
}
