/**
 * The motion preview: the image itself, moved along the tracks. It shows in
 * seconds where things will go, and is not a generation: a thing that goes far
 * is cut out, and what it hid is filled in from around it.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { atOnce, inSteps } from "../base/steps.ts";
import { trackFrameAt, videoFrameCount } from "../tracks/resample.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import type { MotionObject } from "../tracks/motion_objects.ts";
import { type LayeredMotionOptions, layersInSteps } from "./layered_motion.ts";
import type { MotionPlanOptions } from "./motion_plan.ts";

/** How a preview is made. */
export interface MotionPreviewOptions {
  /** Width of the frames in px, any; default the image's. */
  readonly width?: number;
  /** Height of the frames in px, any; default the image's. */
  readonly height?: number;
  /** Whether the tracks move the camera, see `MotionPlanOptions`. */
  readonly camera?: NonNullable<MotionPlanOptions["camera"]>;
  /** Things that were marked, the farthest first: they move as pieces. */
  readonly objects?: readonly MotionObject[];
  /**
   * Whether things that were not marked are looked for, the default: tracks
   * that carry something far move it as a piece, cut out by its color and
   * edges. `false` bends the image where nothing is marked.
   */
  readonly guessObjects?: boolean;
}

/**
 * The frames of a motion preview, for 16 per second (81 of tracks of five
 * seconds), made one by one as they are asked for. Frame i shows the tracks at
 * their frame floor(1.5 i), as the conditioning samples them. Frame 0 is the image, scaled to the size
 * without a crop.
 *
 * @param image The image that the tracks were drawn on.
 * @throws {RangeError} At once, when a size is not a positive whole number, or
 * an object's tracks do not exist.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { motionPreview, TrackSet } from "@ati/ati";
 * const image = { width: 64, height: 36, data: new Uint8Array(3 * 64 * 36) };
 * const tracks = TrackSet.fromPoints([
 *   Array.from({ length: 121 }, (_, t) => ({ x: 20 + t / 6, y: 18, visible: true })),
 * ]);
 * let frames = 0;
 * for (const frame of motionPreview(image, tracks)) {
 *   assert.equal(frame.width, 64);
 *   frames++;
 * }
 * assert.equal(frames, 81);
 * ```
 */
export function motionPreview(
  image: RgbImage,
  tracks: TrackPositions,
  options: MotionPreviewOptions = {},
): Iterable<RgbImage> {
  const at = atOnce(layersInSteps(image, tracks, layered(image, options)));
  return {
    *[Symbol.iterator]() {
      const count = videoFrameCount(tracks.frames);
      for (let i = 0; i < count; i++) {
        yield atOnce(at(trackFrameAt(i))).image;
      }
    },
  };
}

/**
 * {@linkcode motionPreview} with pauses, in which signals and timers are heard:
 * a frame of very many tracks takes seconds.
 *
 * @throws As {@linkcode motionPreview}, with the first frame.
 * @throws {unknown} The signal's reason, once it is aborted.
 */
export async function* previewInSteps(
  image: RgbImage,
  tracks: TrackPositions,
  options: MotionPreviewOptions & {
    /** How many frames; all unless given. */
    readonly frameCount?: number;
    /** Ends the work at the next pause. */
    readonly signal?: AbortSignal | undefined;
  } = {},
): AsyncGenerator<RgbImage> {
  const { frameCount, signal, ...rest } = options;
  const at = await inSteps(
    layersInSteps(image, tracks, layered(image, rest)),
    signal,
  );
  const count = frameCount ?? videoFrameCount(tracks.frames);
  for (let i = 0; i < count; i++) {
    yield (await inSteps(at(trackFrameAt(i)), signal)).image;
  }
}

/** How the layers of a preview are made: in the image's size unless given. */
export function layered(
  image: RgbImage,
  { width = image.width, height = image.height, ...rest }: MotionPreviewOptions,
): LayeredMotionOptions {
  return {
    ...rest,
    width: image.width,
    height: image.height,
    size: { width, height },
  };
}
