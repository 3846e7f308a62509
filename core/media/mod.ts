/**
 * Image files and videos, and tracks drawn over them. Native code is loaded at
 * the first call.
 *
 * @example An image as a PNG and back
 * ```ts
 * import assert from "node:assert/strict";
 * import { decodeImage, encodeImage } from "@ati/ati/media";
 *
 * const image = { width: 4, height: 2, data: new Uint8Array(4 * 2 * 3).fill(90) };
 * const png = await encodeImage(image, "png");
 * assert.deepEqual((await decodeImage(png)).data, image.data);
 * ```
 *
 * @module
 */

export type { Point, RgbImage } from "../base/image.ts";
export { loadMedia, type MediaKind } from "./load_media.ts";
export {
  decodeImage,
  type DecodeImageOptions,
  encodeImage,
  type EncodeImageOptions,
} from "./image.ts";
export { MAX_PIXELS } from "./image_header.ts";
export {
  type IdentifiedFormat,
  identifyImage,
  IMAGE_FORMATS,
  type ImageFormat,
} from "./image_format.ts";
export { openVideo, type VideoReader } from "./video_reader.ts";
export {
  createVideo,
  type CreateVideoOptions,
  VIDEO_PRESETS,
  type VideoPreset,
  type VideoWriter,
} from "./video_writer.ts";
export {
  ANIMATION_FORMATS,
  type AnimationFormat,
  encodeAnimation,
  type EncodeAnimationOptions,
} from "./animation.ts";
export { plotTracks, type PlotTracksOptions } from "./plot_tracks.ts";
export {
  createOverlay,
  type NewOverlayOptions,
  type OverlayOptions,
  overlayTracks,
  type OverlayWriter,
} from "./overlay_tracks.ts";
export {
  createTrackPainter,
  type TrackPainter,
  type TrackPainterOptions,
  tracksForVideo,
  type VideoTracks,
} from "./track_painter.ts";
export { type Color, drawDisc, drawLine, fillConvex } from "./draw.ts";
export type { PlanarVideoFrame, VideoFrame } from "./video_reader.ts";
export type { I420Image } from "./i420.ts";
