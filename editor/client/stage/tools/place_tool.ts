/**
 * Active while copies are placed: they hang on the pointer, by the place
 * where it held their original or else by the start of the first one, until a
 * click or a lifted finger leaves them there. The arrow keys move them too.
 *
 * @module
 */

import type { Point, Shape } from "../../../model/document.ts";
import {
  moveShape,
  shapePositions,
  updateTracks,
} from "../../../model/edits.ts";
import { trackAt } from "../../../model/pick.ts";
import { edit, editorDocument, rendered, spoken } from "../../state.ts";
import {
  cancelPlacing,
  endPlacing,
  type Placing,
  placing,
} from "../placing.ts";
import {
  roundPoint,
  type StageContext,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";

/** A pointer that moves less than this does not move yet, CSS px. */
const THRESHOLD = 4;
/** As they were made. */
const MADE: Point = { x: 0, y: 0 };

/** The tool that places copies. */
export class PlaceTool implements StageTool {
  readonly press = "click";
  readonly draws = true;
  readonly #stage: StageContext;
  readonly #made: ReadonlyMap<string, Shape>;
  readonly #placing: Placing;
  /** The start of the first copy. */
  readonly #start: Point;
  /** What of the copies, as they were made, hangs on the pointer. */
  readonly #grip: Point;
  /** Where the pointer is as long as it did not move. */
  #from: StagePointer | undefined;
  /** How far the copies are from where they were made. */
  #at = MADE;
  /** The same, when no pointer holds them. */
  #rest = MADE;

  /** Takes up copies; `pointer` is set when it is over the stage. */
  constructor(
    stage: StageContext,
    now: Placing,
    pointer: StagePointer | undefined,
  ) {
    this.#stage = stage;
    this.#placing = now;
    this.#from = pointer;
    const { originals, copies, offset } = now;
    const tracks = editorDocument.value.tracks.filter((t) => copies.has(t.id));
    this.#made = new Map(tracks.map((track) => [track.id, track.shape]));
    this.#start = shapePositions(tracks[0]!.shape)[0]!;
    const { at, reach } = pointer ?? { at: MADE, reach: -1 };
    const shown = rendered.value.filter((track) => originals.has(track.id));
    this.#grip = trackAt(shown, at, reach) === undefined
      ? this.#start
      : { x: at.x + offset, y: at.y + offset };
  }

  cursor(): string {
    return "move";
  }

  hover(pointer: StagePointer): void {
    const from = this.#from?.screen;
    if (
      from &&
      Math.hypot(pointer.screen.x - from.x, pointer.screen.y - from.y) <
        THRESHOLD
    ) return;
    this.#from = undefined;
    this.#move({
      x: pointer.at.x - this.#grip.x,
      y: pointer.at.y - this.#grip.y,
    });
  }

  leave(): void {
    this.#from = undefined;
    this.#move(this.#rest);
  }

  down(pointer: StagePointer): void {
    // A click where nothing was moved places the copies where they are.
    this.hover(pointer);
  }

  drag(pointers: readonly StagePointer[]): void {
    this.hover(pointers.at(-1)!);
  }

  up(pointer: StagePointer): void {
    this.hover(pointer);
    endPlacing();
  }

  cancel(): void {
    this.#move(this.#rest);
  }

  nudge(dx: number, dy: number): boolean {
    this.#rest = { x: this.#at.x + dx, y: this.#at.y + dy };
    this.#move(this.#rest);
    spoken.value = `${Math.round(this.#start.x + this.#at.x)}, ${
      Math.round(this.#start.y + this.#at.y)
    }`;
    return true;
  }

  finish(): boolean {
    // Others may be placed by now.
    if (placing.value !== this.#placing) return false;
    endPlacing(this.#placing.focus);
    return true;
  }

  escape(): boolean {
    cancelPlacing();
    return true;
  }

  remove(): boolean {
    cancelPlacing();
    return true;
  }

  #move(to: Point): void {
    // An undo may have ended it in the middle of a gesture.
    if (placing.value !== this.#placing) return;
    this.#at = roundPoint(to);
    const by = { dx: this.#at.x, dy: this.#at.y };
    edit(
      (document) =>
        updateTracks(document, this.#placing.copies, (track) => ({
          ...track,
          shape: moveShape(this.#made.get(track.id)!, by),
        })),
      { gesture: this.#placing.gesture },
    );
    this.#stage.repaint();
  }
}
