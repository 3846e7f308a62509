/**
 * Painting over the planes that a video is stored in, without a conversion of
 * the whole frame to RGB and back.
 *
 * @module
 */

import { type I420Image, toYuv } from "./i420.ts";
import type { TrackPainter } from "./track_painter.ts";

/**
 * A painter for I420 frames of one size from one for RGB. What it paints must
 * not be black, and must not depend on what is below; the rest of the frame
 * keeps its very bytes, but for the color of pixels that share it with a
 * painted one, four by four.
 */
export function planarPainter(
  paint: TrackPainter,
  { width, height }: { readonly width: number; readonly height: number },
): (frame: I420Image, index: number) => void {
  const layer = new Uint8Array(3 * width * height);
  // Two rows have a multiple of twelve bytes.
  const words = new Uint32Array(layer.buffer), pair = 3 * width / 2;
  const touched = new Uint8Array(width / 2);
  return ({ planes }, index) => {
    paint({ width, height, data: layer }, index);
    for (let y = 0; y < height; y += 2) {
      const start = y / 2 * pair;
      let any = false;
      for (let word = 0; word < pair; word++) {
        if (words[start + word] === 0) continue;
        any = true;
        // Four bytes are of two pixels at most.
        const pixel = Math.floor(4 * word / 3);
        touched[(pixel % width) >> 1] = 1;
        touched[((pixel + 1) % width) >> 1] = 1;
      }
      if (!any) continue;
      for (let x = 0; x < width; x += 2) {
        if (touched[x >> 1]) paintFour(planes, layer, { x, y, width, height });
      }
      touched.fill(0);
      words.fill(0, start, start + pair);
    }
  };
}

/** Paints the four pixels that share a color. */
function paintFour(
  planes: Uint8Array,
  layer: Uint8Array,
  { x, y, width, height }: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  },
): void {
  let count = 0, u = 0, v = 0;
  for (let corner = 0; corner < 4; corner++) {
    const pixel = (y + (corner >> 1)) * width + x + (corner & 1);
    const red = layer[3 * pixel]!;
    const green = layer[3 * pixel + 1]!;
    const blue = layer[3 * pixel + 2]!;
    if ((red | green | blue) === 0) continue;
    const [bright, fromBlue, fromRed] = toYuv([red, green, blue]);
    planes[pixel] = bright + 0.5;
    u += fromBlue;
    v += fromRed;
    count++;
  }
  if (count === 0) return;
  const size = width * height;
  const at = size + y / 2 * width / 2 + x / 2;
  for (const [place, sum] of [[at, u], [at + size / 4, v]] as const) {
    planes[place] = (sum + (4 - count) * planes[place]!) / 4 + 0.5;
  }
}
