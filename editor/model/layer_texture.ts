/**
 * What a layer of the image is drawn with, on the page and in its worker.
 *
 * @module
 */

/** Bytes that a layer is drawn with. */
export interface LayerTexture {
  /** Width in px. */
  readonly width: number;
  /** Height in px. */
  readonly height: number;
  /** 1: how much of a thing is there; 4: RGBA over the image. */
  readonly channels: 1 | 4;
  /** (height, width, channels), 0 to 255. */
  readonly data: Uint8Array<ArrayBuffer>;
}
