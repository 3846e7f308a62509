/**
 * The picture layer of browsers without WebGL2: drawn by a 2D canvas. What
 * the tracks move is warped by the worker, with the tools' own `createWarp`,
 * in a bounded size; until a frame is there, the last one stays.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { RgbImage } from "../../../core/base/image.ts";
import { toRgb } from "../../model/rgba.ts";
import type { Size, View } from "../../model/view.ts";
import { ask } from "../exchange.ts";
import type { ShownPicture } from "../pictures.ts";
import type { PictureLayer, PicturePass } from "./picture_layer.ts";

/** The longest side of a warped picture, px. */
const LONGEST = 832;
/** Warped pictures that are kept: the frames around the one that is shown. */
const KEPT = 32;

/** Draws into a 2D canvas. */
export class PlainLayer implements PictureLayer {
  readonly #canvas: HTMLCanvasElement;
  readonly #events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  };
  #picture: ShownPicture | undefined;
  /** The picture that the worker has. */
  #sent: ShownPicture | undefined;
  readonly #frames = new Map<MotionMesh, ImageBitmap>();
  #last: ImageBitmap | undefined;
  #wanted: MotionMesh[] = [];
  #busy = false;

  /** `onFrame` is called when a warped picture can be drawn. */
  constructor(canvas: HTMLCanvasElement, events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#canvas = canvas;
    this.#events = events;
  }

  setPicture(picture: ShownPicture | undefined): void {
    if (picture === this.#picture) return;
    this.#picture = picture;
    this.#forget();
  }

  draw(
    passes: readonly PicturePass[],
    { view, size, ratio }: { view: View; size: Size; ratio: number },
  ): void {
    const canvas = this.#canvas, picture = this.#picture;
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    const ctx = canvas.getContext("2d");
    if (!picture || !ctx) return;
    ctx.imageSmoothingQuality = "high";
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#wanted = [];
    for (const [index, { mesh, opacity }] of passes.entries()) {
      const warped = mesh && this.#frames.get(mesh);
      if (mesh && !warped) this.#wanted.push(mesh);
      const shown = mesh
        // What shines through can wait; the picture itself has to be there.
        ? warped ?? (index === 0 ? this.#last ?? picture.bitmap : undefined)
        : picture.bitmap;
      if (!shown) continue;
      if (index === 0) this.#last = warped;
      ctx.globalAlpha = opacity;
      ctx.drawImage(
        shown,
        view.x,
        view.y,
        view.scale * picture.width,
        view.scale * picture.height,
      );
    }
    void this.#work();
  }

  /** Has one mesh after the other drawn, always what is wanted now. */
  async #work(): Promise<void> {
    const picture = this.#picture, mesh = this.#wanted[0];
    if (this.#busy || !picture || !mesh) return;
    this.#busy = true;
    try {
      if (this.#sent !== picture) {
        await ask("beginWarp", small(picture.bitmap));
        this.#sent = picture;
      }
      const { data, width, height } = await ask("warp", mesh);
      const frame = await createImageBitmap(new ImageData(data, width, height));
      if (this.#picture === picture) this.#keep(mesh, frame);
      else frame.close();
    } catch (error) {
      // Without its worker the page shows the picture as it is.
      this.#events.onError(error);
      return;
    }
    this.#busy = false;
    this.#events.onFrame();
  }

  #keep(mesh: MotionMesh, frame: ImageBitmap): void {
    this.#frames.set(mesh, frame);
    this.#last = frame;
    for (const [old, bitmap] of this.#frames) {
      if (this.#frames.size <= KEPT) return;
      this.#frames.delete(old);
      bitmap.close();
    }
  }

  #forget(): void {
    for (const bitmap of this.#frames.values()) bitmap.close();
    this.#frames.clear();
    this.#last = undefined;
  }
}

/** The picture in the size in which it is warped. */
function small(bitmap: ImageBitmap): RgbImage {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(scale * bitmap.width));
  const height = Math.max(1, Math.round(scale * bitmap.height));
  const ctx = new OffscreenCanvas(width, height).getContext("2d")!;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(bitmap, 0, 0, width, height);
  return toRgb(ctx.getImageData(0, 0, width, height));
}
