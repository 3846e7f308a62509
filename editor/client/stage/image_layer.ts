/**
 * What draws the image on the stage.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { LayerTexture } from "../../model/layer_texture.ts";
import type { Size, View } from "../../model/view.ts";
import type { ShownImage } from "../images.ts";

/** One drawing of the image. */
export interface ImagePass {
  /** Where each position of the image comes from; undefined: from itself. */
  readonly mesh?: MotionMesh | undefined;
  /** Of what it is drawn, the same for all of a drawing; that of the stage. */
  readonly image?: ShownImage;
  /** 1 covers what is below it. */
  readonly opacity: number;
  /** What is drawn over the image, or (one channel) what is drawn of it. */
  readonly texture?: LayerTexture;
}

/** Draws the image into a canvas. */
export interface ImageLayer {
  /** The image of the next drawings. */
  setImage(image: ShownImage | undefined): void;
  /** Whether a part of what was to be drawn last is still being made. */
  readonly busy: boolean;
  /** Draws one pass above the other. `size` is the stage's, in CSS px. */
  draw(
    passes: readonly ImagePass[],
    position: {
      readonly view: View;
      readonly size: Size;
      readonly ratio: number;
      /** What is drawn is seen for a moment only. */
      readonly playing: boolean;
    },
  ): void;
}
