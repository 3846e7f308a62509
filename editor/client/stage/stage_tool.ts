/**
 * What a tool of the stage is, and what it is called with.
 *
 * @module
 */

import type { Point } from "../../model/document.ts";
import type { View } from "../../model/view.ts";

/** Handles of strokes are this far apart on the screen, CSS px. */
export const HANDLE_SPACING = 22;

/** The pointer, or the keyboard's crosshair, at one moment. */
export interface StagePointer {
  /** In CSS px from the stage's corner. */
  readonly screen: Point;
  /** In px of the image. */
  readonly at: Point;
  /** Shift is held: add to the selection, keep to one axis. */
  readonly shift: boolean;
  /** Alt is held: work on a copy. */
  readonly alt: boolean;
  /** When, in ms. */
  readonly time: number;
  /** Fingers reach farther than mice, px of the image. */
  readonly reach: number;
}

/** What a tool can ask of the stage. */
export interface StageContext {
  /** How the image is shown. */
  view(): View;
  /** Draws again soon. */
  repaint(): void;
}

/** A tool of the stage. Gestures always end in `up` or `cancel`. */
export interface StageTool {
  /** Whether the keyboard's Enter presses and holds, or clicks. */
  readonly press: "hold" | "click";
  /** Whether it draws new paths: they begin in frame 0. */
  readonly draws: boolean;
  /** The CSS cursor over the stage. */
  cursor(pointer: StagePointer): string;
  /** The pointer goes down. */
  down(pointer: StagePointer): void;
  /** It moves while it is down; every position since the last call. */
  drag(pointers: readonly StagePointer[]): void;
  /** It goes up, or is lost: the gesture is finished. */
  up(pointer: StagePointer): void;
  /** The gesture is dropped, with all that it did. */
  cancel(): void;
  /** It moves while it is up. */
  hover?(pointer: StagePointer): void;
  /** It leaves the stage. */
  leave?(): void;
  /** An arrow key, px of the image; true when the tool moved something. */
  nudge?(dx: number, dy: number): boolean;
  /** A double click. */
  doubleClick?(pointer: StagePointer): void;
  /** The Enter key, where a shape of several gestures can be finished. */
  finish?(): boolean;
  /** The Escape key; false when there was nothing to drop. */
  escape?(): boolean;
  /** Undo, within a shape of several gestures; false when there is none. */
  takeBack?(): boolean;
  /** The Delete key; false when the selection should be deleted. */
  remove?(): boolean;
  /** Draws what is in the making, in CSS px of the stage. */
  paint?(ctx: CanvasRenderingContext2D, view: View): void;
}

/** To a hundredth of a px: finer is noise in the files. */
export function roundPoint({ x, y }: Point): Point {
  return { x: Math.round(100 * x) / 100, y: Math.round(100 * y) / 100 };
}
