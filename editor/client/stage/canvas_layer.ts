/**
 * The image layer of browsers without WebGL2: drawn by a 2D canvas. What
 * the tracks move is drawn by the worker, as the tools draw it, in a bounded
 * size; until a frame is there, the last one stays.
 *
 * @module
 */

import type { MotionMesh } from "../../../core/preview/motion_plan.ts";
import type { LayerTexture } from "../../model/layer_texture.ts";
import type { Size, View } from "../../model/view.ts";
import { ask } from "../exchange.ts";
import { smallImage } from "../exchange_image.ts";
import type { ShownImage } from "../images.ts";
import type { ImageLayer, ImagePass } from "./image_layer.ts";

/** Warped images that are kept: the frames around the one that is shown. */
const KEPT = 32;
/** Textures that the worker keeps; with more it is given the image anew. */
const MOST_TEXTURES = 24;

/** One frame: what is below, and the layers over it. */
interface Frame {
  readonly base: ImagePass;
  readonly layers: (ImagePass & { readonly texture: LayerTexture })[];
}

/** Passes that are drawn of a part of the image belong to the pass before. */
function framesOf(passes: readonly ImagePass[]): Frame[] {
  const frames: Frame[] = [];
  for (const pass of passes) {
    const { texture } = pass;
    if (texture?.channels === 1) {
      frames.at(-1)!.layers.push({ ...pass, texture });
    } else frames.push({ base: pass, layers: [] });
  }
  return frames;
}

/** Draws into a 2D canvas. */
export class CanvasLayer implements ImageLayer {
  readonly #canvas: HTMLCanvasElement;
  readonly #events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  };
  #image: ShownImage | undefined;
  /** The image that the worker has, and its textures. */
  #sent: ShownImage | undefined;
  readonly #textures = new Map<LayerTexture, number>();
  /** By the mesh of what is below. */
  readonly #frames = new Map<MotionMesh, ImageBitmap>();
  #last: ImageBitmap | undefined;
  #wanted: Frame[] = [];
  #busy = false;
  #failed = false;

  /** `onFrame` is called when a warped image can be drawn. */
  constructor(canvas: HTMLCanvasElement, events: {
    readonly onFrame: () => void;
    readonly onError: (error: unknown) => void;
  }) {
    this.#canvas = canvas;
    this.#events = events;
  }

  get busy(): boolean {
    return this.#wanted.length > 0 && !this.#failed;
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
    for (const [index, frame] of framesOf(passes).entries()) {
      const { mesh, opacity } = frame.base;
      const warped = mesh && this.#frames.get(mesh);
      if (mesh && !warped) this.#wanted.push(frame);
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

  /** Has one frame after the other drawn, always what is wanted now. */
  async #work(): Promise<void> {
    const image = this.#image, wanted = this.#wanted[0];
    const mesh = wanted?.base.mesh;
    if (this.#busy || !image || !mesh) return;
    this.#busy = true;
    try {
      if (this.#sent !== image || this.#textures.size > MOST_TEXTURES) {
        await ask("beginWarp", smallImage(image.bitmap));
        this.#sent = image;
        this.#textures.clear();
      }
      const { base, layers } = wanted;
      const { data, width, height } = await ask("warp", {
        mesh,
        fill: base.texture && await this.#send(base.texture),
        layers: await Promise.all(layers.map(async (layer) => ({
          mesh: layer.mesh ?? mesh,
          cover: await this.#send(layer.texture),
          opacity: layer.opacity / base.opacity,
        }))),
      });
      const frame = await createImageBitmap(new ImageData(data, width, height));
      if (this.#image === image) this.#keep(mesh, frame);
      else frame.close();
    } catch (error) {
      // Without its worker the page shows the image as it is.
      this.#failed = true;
      this.#events.onError(error);
      this.#events.onFrame();
      return;
    }
    this.#busy = false;
    this.#events.onFrame();
  }

  /** The number by which the worker knows a texture. */
  async #send(texture: LayerTexture): Promise<number> {
    const known = this.#textures.get(texture);
    if (known !== undefined) return known;
    const number = this.#textures.size;
    this.#textures.set(texture, number);
    await ask("addTexture", { number, texture });
    return number;
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
