/**
 * ATI for Deno: trajectory-controlled video generation.
 *
 * @module
 */

export * from "./core/errors.ts";
export type { RgbImage } from "./core/rgb_image.ts";
export {
  TRACK_FPS,
  TRACK_FRAMES,
  type TrackPoint,
  TrackSet,
} from "./core/tracks/track_set.ts";
export { processTracks } from "./core/tracks/resample.ts";
export { sizeOf, type Tensor } from "./core/tensor.ts";
