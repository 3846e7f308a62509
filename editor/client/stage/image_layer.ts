/**
 * What draws the image on the stage.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { Size, View } from "../../model/view.ts";
import type { ShownPicture } from "../pictures.ts";

/** One drawing of the picture. */
export interface PicturePass {
  /** Where each place of the picture comes from; undefined: from itself. */
  readonly mesh?: MotionMesh | undefined;
  /** 1 covers what is below it. */
  readonly opacity: number;
}

/** Draws the picture into a canvas. */
export interface PictureLayer {
  /** The picture of the next drawings. */
  setPicture(picture: ShownPicture | undefined): void;
  /** Draws one pass above the other. `size` is the stage's, in CSS px. */
  draw(
    passes: readonly PicturePass[],
    place: { readonly view: View; readonly size: Size; readonly ratio: number },
  ): void;
}
