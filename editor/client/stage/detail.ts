/**
 * Large images in their own resolution: the stage holds them scaled down,
 * and a user who zooms in further sees the part in view decoded again from
 * the file. It is done when the view rests, one part at a time.
 *
 * @module
 */

import type { Size, View } from "../../model/view.ts";
import type { ShownImage } from "../images.ts";

/** A part of an image, sharper than the whole. */
export interface Detail {
  /** The part, decoded. */
  readonly bitmap: ImageBitmap;
  /** Its left edge, px of the image. */
  readonly x: number;
  /** Its top edge, px of the image. */
  readonly y: number;
  /** Its width, px of the image. */
  readonly width: number;
  /** Its height, px of the image. */
  readonly height: number;
}

/** What is on the screen. */
export interface DetailView {
  /** How the image is shown. */
  readonly view: View;
  /** The stage's size, CSS px. */
  readonly size: Size;
  /** Px of the screen per CSS px. */
  readonly ratio: number;
}

/** The view rests when it did not change for this long, in ms. */
const REST = 120;
/** More than what is in view is decoded, in parts of it on each side. */
const MARGIN = 0.25;

/** Loads and keeps the part of one image that is in view. */
export class DetailLoader {
  readonly #onReady: () => void;
  #image: ShownImage | undefined;
  #kept: Detail | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #loading = false;
  /** What could not be decoded: it is not tried again. */
  #failed = "";

  /** `onReady` is called when {@linkcode get} or `busy` has something new. */
  constructor(onReady: () => void) {
    this.#onReady = onReady;
  }

  /** Whether a sharper part is on its way. */
  get busy(): boolean {
    return this.#timer !== undefined || this.#loading;
  }

  /**
   * The sharper part for a view, or the one from before while that is on its
   * way; undefined while there is none and where none is needed.
   */
  get(image: ShownImage, position: DetailView): Detail | undefined {
    if (this.#image !== image) {
      this.#kept?.bitmap.close();
      this.#kept = undefined;
      this.#image = image;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const scale = Math.min(1, position.view.scale * position.ratio);
    if (scale <= image.bitmap.width / image.width) return undefined;
    const seen = partInView(image, position, 0);
    if (seen.width <= 0 || seen.height <= 0) return undefined;
    const kept = this.#kept;
    const sharp = kept && kept.bitmap.width >= 0.99 * scale * kept.width;
    if (!sharp || !contains(kept, seen)) {
      const part = partInView(image, position, MARGIN);
      if (this.#failed === keyOf(image, part, scale)) return kept;
      this.#timer = setTimeout(() => this.#load(part, scale), REST);
    }
    return kept;
  }

  async #load(part: Omit<Detail, "bitmap">, scale: number): Promise<void> {
    this.#timer = undefined;
    const image = this.#image;
    if (!image?.source) return;
    if (this.#loading) {
      // Decoding cannot be stopped: what is wanted now is next.
      this.#timer = setTimeout(() => this.#load(part, scale), REST);
      return;
    }
    this.#loading = true;
    const bitmap = await decodePart(image.source, part, scale)
      .catch(() => undefined); // The whole image is there all the same.
    this.#loading = false;
    if (!bitmap) this.#failed = keyOf(image, part, scale);
    else if (this.#image !== image) bitmap.close();
    else {
      this.#kept?.bitmap.close();
      this.#kept = { ...part, bitmap };
    }
    this.#onReady();
  }
}

function keyOf(
  image: ShownImage,
  { x, y, width, height }: Omit<Detail, "bitmap">,
  scale: number,
): string {
  return [image.key, x, y, width, height, scale].join(" ");
}

/**
 * Through a canvas: `createImageBitmap` takes its part before it turns the
 * image as EXIF says, and so another one.
 */
async function decodePart(
  source: Blob,
  { x, y, width, height }: Omit<Detail, "bitmap">,
  scale: number,
): Promise<ImageBitmap> {
  const whole = await createImageBitmap(source, {
    imageOrientation: "from-image",
  });
  const right = Math.ceil(scale * width), down = Math.ceil(scale * height);
  const ctx = new OffscreenCanvas(right, down).getContext("2d")!;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(whole, x, y, width, height, 0, 0, right, down);
  whole.close();
  return ctx.canvas.transferToImageBitmap();
}

/** What of an image is in view, px of the image, with a margin around. */
function partInView(
  image: Size,
  { view, size }: DetailView,
  margin: number,
): Omit<Detail, "bitmap"> {
  const axis = (at: number, room: number, length: number) => {
    const from = Math.max(0, Math.floor((-margin * room - at) / view.scale));
    const to = Math.min(
      length,
      Math.ceil(((1 + margin) * room - at) / view.scale),
    );
    return [from, to - from] as const;
  };
  const [x, width] = axis(view.x, size.width, image.width);
  const [y, height] = axis(view.y, size.height, image.height);
  return { x, y, width, height };
}

function contains(
  part: Omit<Detail, "bitmap">,
  other: Omit<Detail, "bitmap">,
): boolean {
  return part.x <= other.x && part.y <= other.y &&
    part.x + part.width >= other.x + other.width &&
    part.y + part.height >= other.y + other.height;
}
