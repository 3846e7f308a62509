/**
 * Selects objects of images with a model that a person points the editor to.
 * What runs it, and what decodes images, is loaded only then.
 *
 * @module
 */

import type { ObjectPoint } from "../../core/wan/segment_anything/segmenter.ts";
import type { Point } from "../model/document.ts";
import { outlineOf } from "../model/mark_object.ts";
import type { ProjectStore } from "./store.ts";

export type { ObjectPoint };

/** Selects objects. */
export interface Segmentation {
  /**
   * The outline of the object at some points, px of the image; empty where the
   * model sees none.
   *
   * @throws {UnknownImageError} When there is no such image.
   * @throws {RangeError} As `Segmenter.select`.
   */
  select(id: string, points: readonly ObjectPoint[]): Promise<Point[][]>;
  /** Gives the memory back. */
  close(): Promise<void>;
}

/**
 * Opens the model in a folder.
 *
 * @throws {FormatError} As `openSegmenter`: before any work.
 */
export async function openSegmentation(
  folder: string,
  store: Pick<ProjectStore, "readImage">,
): Promise<Segmentation> {
  const { openSegmenter } = await import(
    "../../core/wan/segment_anything/segmenter.ts"
  );
  const { decodeImage, encodeImage } = await import(
    "../../core/media/image.ts"
  );
  const segmenter = await openSegmenter(folder);
  // What native code lacks is said now, not with the first click.
  const pixel = { width: 1, height: 1, data: new Uint8Array(3) };
  await encodeImage(pixel, "png", {});
  return {
    async select(id, points) {
      const { bytes } = await store.readImage(id);
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      const { width, height, mask } = await segmenter.select({
        key: new Uint8Array(digest).toHex(),
        read: () => decodeImage(bytes, { name: `image ${id}` }),
      }, points);
      return outlineOf(mask.data, mask, { width, height });
    },
    close: () => segmenter.close(),
  };
}

/**
 * The points of a request.
 *
 * @throws {TypeError} When it has none.
 */
export function parsePoints(body: unknown): ObjectPoint[] {
  const { points } = (body ?? {}) as { points?: unknown };
  if (!Array.isArray(points)) {
    throw new TypeError(
      "Cannot select an object: points is missing, expected a list of x, y, inside",
    );
  }
  return points.map((point: unknown, k) => {
    const { x, y, inside } = (point ?? {}) as Record<string, unknown>;
    if (
      typeof x !== "number" || typeof y !== "number" ||
      typeof inside !== "boolean"
    ) {
      throw new TypeError(
        `Cannot select an object: point ${k} is ${
          JSON.stringify(point)
        }, expected numbers x and y, and inside true or false`,
      );
    }
    return { x, y, inside };
  });
}
