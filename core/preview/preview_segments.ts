/**
 * The motion preview of a video in segments, without an engine: each segment
 * begins with the last frame of the one before, as a run makes it.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import type { LongTracks } from "../tracks/long_tracks.ts";
import { trackFrameAt, videoFrameCount } from "../tracks/resample.ts";
import { TRACK_FRAMES, TrackSet } from "../tracks/track_set.ts";
import { layeredMotion, type LayeredMotionOptions } from "./layered_motion.ts";

/**
 * The frames, for 16 per second, that a run of the preview makes without an
 * overlap.
 *
 * @param options the size of the image that the tracks were drawn on, and that
 * of the frames
 * @throws {RangeError} As {@linkcode layeredMotion}.
 */
export function* previewSegments(
  image: RgbImage,
  tracks: TrackSet | LongTracks,
  options: Omit<LayeredMotionOptions, "cut">,
): Generator<RgbImage> {
  const { size, width, height } = options;
  const scale = [size.width / width, size.height / height] as const;
  const pieceAt = (frame: number) =>
    tracks instanceof TrackSet
      ? tracks
      : tracks.piece(frame, frame === 0 ? { keepHidden: true } : { scale })
        .tracks;
  const count = videoFrameCount(tracks.frames);
  const length = videoFrameCount(TRACK_FRAMES);
  let last: RgbImage | undefined;
  for (let start = 0; start < count - 1; start += length - 1) {
    const at = layeredMotion(
      last ?? image,
      pieceAt(trackFrameAt(start)),
      // Objects were marked on the first image.
      last ? { ...size, size } : options,
    );
    // Its frame 0 was the last one of the segment before.
    for (let i = last ? 1 : 0; i < length && start + i < count; i++) {
      const frame = at(trackFrameAt(i)).image;
      // What is given out is the caller's.
      if (i === length - 1) last = { ...frame, data: frame.data.slice() };
      yield frame;
    }
  }
}
