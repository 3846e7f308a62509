import type { RgbImage } from "../../core/base/image.ts";

/** A copy without the last row or column where they are odd. */
export function cropped(
  { width: from, data }: RgbImage,
  width: number,
  height: number,
): RgbImage {
  const out = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    out.set(data.subarray(3 * y * from, 3 * (y * from + width)), 3 * y * width);
  }
  return { width, height, data: out };
}
