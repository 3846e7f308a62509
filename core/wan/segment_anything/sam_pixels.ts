/**
 * The input of a Segment Anything model: the image made as large as the network
 * takes it, as Pillow's bilinear filter does, normalized, and padded with
 * zeros at the right and below. Mirrors `SamImageProcessor` of transformers.
 *
 * @module
 */

import type { RgbImage } from "../../base/image.ts";
import type { Tensor } from "../../base/tensor.ts";

/** Mean and deviation of each channel, of pixels from 0 to 1: ImageNet's. */
const MEAN = [0.485, 0.456, 0.406] as const;
const DEVIATION = [0.229, 0.224, 0.225] as const;
/** Weights are integers with so many binary places. */
const BITS = 22;

/** The size of an image whose longer side is `side`; no side is less than 1. */
export function samSize(
  image: { readonly width: number; readonly height: number },
  side: number,
): { width: number; height: number } {
  const scale = side / Math.max(image.width, image.height);
  return {
    width: Math.max(1, Math.trunc(image.width * scale + 0.5)),
    height: Math.max(1, Math.trunc(image.height * scale + 0.5)),
  };
}

/** The network's input, `(1, 3, side, side)`. */
export function samPixels(image: RgbImage, side: number): Tensor {
  const { width, height } = samSize(image, side);
  const pixels = resizeBilinear(image, { width, height });
  const data = new Float32Array(3 * side * side);
  for (let c = 0; c < 3; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = pixels.data[3 * (y * width + x) + c]! / 255;
        data[(c * side + y) * side + x] = (value - MEAN[c]!) / DEVIATION[c]!;
      }
    }
  }
  return { dims: [1, 3, side, side], data };
}

/** An image in another size, the same bytes as Pillow's `Image.BILINEAR`. */
export function resizeBilinear(
  image: RgbImage,
  size: { readonly width: number; readonly height: number },
): RgbImage {
  const wide = size.width === image.width
    ? image
    : { ...image, width: size.width, data: resizeRows(image, size.width) };
  if (size.height === image.height) return wide;
  const turned = transpose(wide);
  return transpose({
    ...turned,
    width: size.height,
    data: resizeRows(turned, size.height),
  });
}

function resizeRows(
  { width, height, data }: RgbImage,
  to: number,
): Uint8Array<ArrayBuffer> {
  const scale = width / to, reach = Math.max(scale, 1);
  const result = new Uint8Array(3 * to * height);
  for (let x = 0; x < to; x++) {
    const center = (x + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(width, Math.trunc(center + reach + 0.5));
    const weights = Array.from(
      { length: last - first },
      (_, k) => Math.max(0, 1 - Math.abs((first + k - center + 0.5) / reach)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    const whole = Int32Array.from(
      weights,
      (weight) => Math.trunc(weight / sum * (1 << BITS) + 0.5),
    );
    for (let y = 0; y < height; y++) {
      let from = 3 * (y * width + first);
      let r = 1 << (BITS - 1), g = r, b = r;
      for (let k = 0; k < whole.length; k++, from += 3) {
        const weight = whole[k]!;
        r += weight * data[from]!;
        g += weight * data[from + 1]!;
        b += weight * data[from + 2]!;
      }
      const at = 3 * (y * to + x);
      result[at] = r >> BITS;
      result[at + 1] = g >> BITS;
      result[at + 2] = b >> BITS;
    }
  }
  return result;
}

function transpose({ width, height, data }: RgbImage): RgbImage {
  const result = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x), to = 3 * (x * height + y);
      result[to] = data[from]!;
      result[to + 1] = data[from + 1]!;
      result[to + 2] = data[from + 2]!;
    }
  }
  return { width: height, height: width, data: result };
}
