/**
 * Depth images that a person chooses.
 *
 * @module
 */

import { quote, withHint } from "../../../core/base/errors.ts";
import { depthMap } from "../../../core/tracks/camera/depth_map.ts";
import { depthSize, depthValues, packDepth } from "../../model/depth_image.ts";
import type { DepthImage } from "../../model/document.ts";

/** Channels may differ by this much, of 255: JPEG is not exact. */
const GRAY = 8;

/**
 * A depth image as part of a document, at most 256 px a side, a byte a pixel.
 *
 * @throws {Error} When the file is no image, shows colors, or has another
 * aspect ratio than the image.
 */
export async function readDepthImage(
  file: File,
  image: { readonly width: number; readonly height: number },
): Promise<DepthImage> {
  const bitmap = await createImageBitmap(file, {
    colorSpaceConversion: "none",
    imageOrientation: "none",
    premultiplyAlpha: "none",
  }).catch(() => {
    throw new Error(withHint(
      `Cannot read ${
        quote(file.name)
      } as depth: it is no image that this browser shows`,
      "Arrays (.npy, .npz) are read by deno task tracks camera.",
    ));
  });
  const { width, height } = depthSize(bitmap);
  const ctx = new OffscreenCanvas(width, height).getContext("2d")!;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = ctx.getImageData(0, 0, width, height);
  const bytes = new Uint8Array(width * height);
  for (let i = 0; i < bytes.length; i++) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3) as unknown as [
      number,
      number,
      number,
    ];
    if (Math.max(r, g, b) - Math.min(r, g, b) > GRAY) {
      throw new Error(withHint(
        `Cannot read ${
          quote(file.name)
        } as depth: it shows colors, expected a gray image`,
        "Export the depth as gray, not with a color map.",
      ));
    }
    bytes[i] = r;
  }
  const depth = packDepth(bytes, { name: file.name, width, height });
  // Another aspect ratio, or nothing but black, is said at once.
  depthMap({ width, height, data: depthValues(depth) }, image, {
    name: file.name,
    kind: depth.sense,
  });
  return depth;
}
