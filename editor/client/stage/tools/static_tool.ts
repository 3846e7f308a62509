/** Pins what should not move. @module */

import { updateTracks } from "../../../model/edits.ts";
import { newId } from "../../../model/edits.ts";
import { edit, undo } from "../../state.ts";
import {
  roundPoint,
  type StagePointer,
  type StageTool,
} from "../stage_tool.ts";
import { placeTrack } from "./place_track.ts";

/** The anchor tool: placed when the pointer goes down, moved until it is up. */
export class StaticTool implements StageTool {
  readonly press = "click";
  readonly draws = true;
  #placed: { id: string; gesture: string } | undefined;

  cursor(): string {
    return "crosshair";
  }

  down(pointer: StagePointer): void {
    const gesture = `anchor ${newId()}`;
    const id = placeTrack(
      { kind: "static", ...roundPoint(pointer.at) },
      { gesture },
    );
    this.#placed = { id, gesture };
  }

  drag(pointers: readonly StagePointer[]): void {
    const pointer = pointers.at(-1), placed = this.#placed;
    if (!pointer || !placed) return;
    edit(
      (document) =>
        updateTracks(document, new Set([placed.id]), (track) => ({
          ...track,
          shape: { kind: "static", ...roundPoint(pointer.at) },
        })),
      { gesture: placed.gesture },
    );
  }

  up(): void {
    this.#placed = undefined;
  }

  cancel(): void {
    if (this.#placed) undo();
    this.#placed = undefined;
  }
}
