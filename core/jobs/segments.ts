/**
 * A video of more than five seconds as a chain of segments: each goes on from a
 * frame of the one before.
 *
 * @module
 */

import { withHint } from "../base/errors.ts";
import { trackFrameAt, videoFrameCount } from "../tracks/resample.ts";

/** One segment of a video. */
export interface Segment {
  /** Its place in the chain, from 0. */
  readonly index: number;
  /** The video's frame that is its frame 0. */
  readonly start: number;
  /** The frame of the tracks, at 24 per second, that is its frame 0. */
  readonly trackStart: number;
  /** How many of its frames are shown, from 0. */
  readonly shown: number;
}

/** How a long video is made of segments. */
export interface SegmentPlan {
  /** The frames of the whole video, at 16 per second. */
  readonly frameCount: number;
  /** The segments, in the order of time. */
  readonly segments: readonly Segment[];
  /** Frames at the end of a segment that the next one shows too. */
  readonly overlap: number;
}

/**
 * Plans the segments of a video. Segment s + 1 begins at frame
 * `length - 1 - overlap` of segment s; in the frames that both show the first
 * fades into the second. The last one is cut where the tracks end.
 *
 * The overlap is even, so that a segment begins at a whole frame of the tracks,
 * and every frame of the video shows the same frame of the tracks as it would
 * in one piece.
 *
 * @param trackFrames frames of the tracks, at 24 per second
 * @param options.length frames of a segment, 4n + 1
 * @throws {RangeError} When the overlap is odd, negative, or too long.
 */
export function planSegments(
  trackFrames: number,
  options: { readonly length: number; readonly overlap?: number },
): SegmentPlan {
  const { length, overlap = 0 } = options;
  const most = length - 3;
  if (length % 2 === 0) {
    throw new RangeError(
      `Cannot make segments of ${length} frames: expected an odd number`,
    );
  }
  if (
    !(Number.isInteger(overlap) && overlap >= 0 && overlap % 2 === 0 &&
      overlap <= most)
  ) {
    throw new RangeError(withHint(
      `Cannot overlap segments by ${overlap} frames: expected an even number from 0 to ${most}`,
      "Frames are shown at 16 and tracks drawn at 24 per second: two to three.",
    ));
  }
  const frameCount = videoFrameCount(trackFrames);
  const step = length - 1 - overlap;
  const segments: Segment[] = [];
  for (
    let start = 0;
    start === 0 || start + overlap < frameCount - 1;
    start += step
  ) {
    segments.push({
      index: segments.length,
      start,
      trackStart: trackFrameAt(start),
      shown: Math.min(length, frameCount - start),
    });
  }
  return { frameCount, segments, overlap };
}

/** How much of the later segment is seen in a shared frame, from 0 to 1. */
export function fadeAt(frame: number, overlap: number): number {
  return frame > overlap ? 1 : frame / (overlap + 1);
}
