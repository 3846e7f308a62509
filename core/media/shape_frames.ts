/**
 * The frames of a control video for VACE and Fun-Control: white shapes on
 * black that follow the tracks.
 *
 * A shape covers what KJNodes' CreateShapeImageOnPath covers: the box from
 * `x - size // 2` to `x + size // 2` around the rounded position, and in it a
 * square, or the ellipse that Pillow draws.
 *
 * @module
 */

import { quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import { trackFrameAt, VIDEO_FRAMES } from "../tracks/resample.ts";
import type { TrackSet } from "../tracks/track_set.ts";
import { fillEllipse } from "./_pillow_raster.ts";

/** The shapes. */
export type ControlShape = "circle" | "square";

/** The values of {@linkcode ControlShape}. */
export const CONTROL_SHAPES: readonly ControlShape[] = ["circle", "square"];

/**
 * The 81 frames of a control video at 16 per second, made one by one. `image`
 * is the size of the image that the tracks were drawn on, `width` and `height`
 * that of the frames; `size` is that of a shape in px of the frames.
 *
 * @throws {RangeError} At once, when a size is not a positive whole number.
 */
export function shapeFrames(
  tracks: TrackSet,
  options: {
    readonly image: { readonly width: number; readonly height: number };
    readonly width: number;
    readonly height: number;
    readonly size: number;
    readonly shape?: ControlShape;
  },
): Iterable<RgbImage> {
  const { image, width, height, size, shape = "circle" } = options;
  for (const side of [image.width, image.height, width, height, size]) {
    if (Number.isInteger(side) && side >= 1) continue;
    throw new RangeError(
      `Cannot draw shapes of ${quote(size)} px at ${width}x${height}: ${
        quote(side)
      } is not a positive whole number of px`,
    );
  }
  if (!CONTROL_SHAPES.includes(shape)) {
    throw new RangeError(
      `Cannot draw a ${quote(shape)}, expected one of ${
        CONTROL_SHAPES.join(", ")
      }`,
    );
  }
  const half = Math.floor(size / 2);
  return {
    *[Symbol.iterator]() {
      for (let k = 0; k < VIDEO_FRAMES; k++) {
        const frame = trackFrameAt(k);
        const canvas = {
          width,
          height,
          data: new Uint8Array(3 * width * height),
        };
        for (let track = 0; track < tracks.count; track++) {
          if (!tracks.visible(track, frame)) continue;
          const x = Math.round(tracks.x(track, frame) / image.width * width);
          const y = Math.round(tracks.y(track, frame) / image.height * height);
          const box = [[x - half, y - half], [x + half, y + half]] as const;
          if (shape === "circle") fillEllipse(canvas, box, [255, 255, 255]);
          else fillBox(canvas, box);
        }
        yield canvas;
      }
    },
  };
}

/** Fills a box, both corners included. */
function fillBox(
  { width, height, data }: RgbImage,
  [[left, top], [right, bottom]]: readonly [
    readonly [number, number],
    readonly [number, number],
  ],
): void {
  const from = Math.max(0, left), to = Math.min(width - 1, right);
  if (from > to) return;
  for (let y = Math.max(0, top); y <= Math.min(height - 1, bottom); y++) {
    data.fill(255, 3 * (y * width + from), 3 * (y * width + to + 1));
  }
}
