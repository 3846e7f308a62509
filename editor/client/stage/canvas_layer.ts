/**
 * The image layer of browsers without WebGL2: drawn by a 2D canvas. What
 * the tracks move is warped by the worker, with the tools' own `createWarp`,
 * in a bounded size; until a frame is there, the last one stays.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { Size, View } from "../../model/view.ts";
import { ask } from "../exchange.ts";
import { smallImage } from "../exchange_image.ts";
import type { ShownImage } from "../images.ts";
import type { ImageLayer, ImagePass } from "./image_layer.ts";

/** Warped images that are kept: the frames around the one that is shown. */
const KEPT = 32;

/** Draws into a 2D canvas. */
export class CanvasLayer implements ImageLayer {
  readonly layered = false;
  readonly #canvas: HTMLCanvasElement;
  readonly #events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  };
  #image: ShownImage | undefined;
  /** The image that the worker has. */
  #sent: ShownImage | undefined;
  readonly #frames = new Map<MotionMesh, ImageBitmap>();
  #last: ImageBitmap | undefined;
  #wanted: MotionMesh[] = [];
  #busy = false;

  /** `onFrame` is called when a warped image can be drawn. */
  constructor(canvas: HTMLCanvasElement, events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#canvas = canvas;
    this.#events = events;
  }

  setImage(image: ShownImage | undefined): void {
    if (image === this.#image) return;
    this.#image = image;
    this.#forget();
  }

  draw(
    passes: readonly ImagePass[],
    { view, size, ratio }: { view: View; size: Size; ratio: number },
  ): void {
    const canvas = this.#canvas, image = this.#image;
    canvas.width = Math.round(size.width * ratio);
    canvas.height = Math.round(size.height * ratio);
    const ctx = canvas.getContext("2d");
    if (!image || !ctx) return;
    ctx.imageSmoothingQuality = "high";
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#wanted = [];
    for (const [index, { mesh, opacity }] of passes.entries()) {
      const warped = mesh && this.#frames.get(mesh);
      if (mesh && !warped) this.#wanted.push(mesh);
      const shown = mesh
        // What shines through can wait; the image itself has to be there.
        ? warped ?? (index === 0 ? this.#last ?? image.bitmap : undefined)
        : image.bitmap;
      if (!shown) continue;
      if (index === 0) this.#last = warped;
      ctx.globalAlpha = opacity;
      ctx.drawImage(
        shown,
        view.x,
        view.y,
        view.scale * image.width,
        view.scale * image.height,
      );
    }
    void this.#work();
  }

  /** Has one mesh after the other drawn, always what is wanted now. */
  async #work(): Promise<void> {
    const image = this.#image, mesh = this.#wanted[0];
    if (this.#busy || !image || !mesh) return;
    this.#busy = true;
    try {
      if (this.#sent !== image) {
        await ask("beginWarp", smallImage(image.bitmap));
        this.#sent = image;
      }
      const { data, width, height } = await ask("warp", mesh);
      const frame = await createImageBitmap(new ImageData(data, width, height));
      if (this.#image === image) this.#keep(mesh, frame);
      else frame.close();
    } catch (error) {
      // Without its worker the page shows the image as it is.
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
