/**
 * A part of a video file, followed: which points, in which frames, when.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import type { RgbImage } from "../../core/base/image.ts";
import {
  openVideo,
  type VideoFrame,
  type VideoReader,
} from "../../core/media/video_reader.ts";
import {
  choosePoints,
  type ChosenPoints,
  gridPoints,
  keptTracks,
  type PointChoice,
} from "../../core/tracking/choose_points.ts";
import { clipPoints } from "../../core/tracking/clip_points.ts";
import {
  PointTracker,
  type PointTracks,
} from "../../core/tracking/point_tracker.ts";
import { sampleTracks } from "../../core/tracking/sample_tracks.ts";
import { TRACK_FPS, TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import { UsageError } from "../shared/tool.ts";

/** Which part of a video is followed, and how. */
export interface TrackFileOptions {
  readonly choice: PointChoice;
  /** Seconds from the start of the video to the first frame. */
  readonly from: number;
  /** Seconds that are followed. */
  readonly seconds: number;
  /** `"reference"`: the original's grid and frames. */
  readonly compat?: "reference";
  readonly signal: AbortSignal;
  readonly onFrame?: (done: number) => void;
}

/** What was followed. */
export interface FollowedFile {
  readonly width: number;
  readonly height: number;
  /** The first frame. */
  readonly first: RgbImage;
  /** At 24 samples per second, 121 at most. */
  readonly tracks: PointTracks;
  /** Frames of the video that were looked at. */
  readonly frames: number;
  /** How `auto` chose; absent with other choices. */
  readonly chosen?: ChosenPoints;
  /** With `compat`: which frame each of the 121 samples is. */
  readonly sampled?: readonly number[];
}

/** Frames that are shown in the part, with times from 0. */
export async function* framesBetween(
  video: VideoReader,
  options: { from: number; seconds: number; signal: AbortSignal },
): AsyncGenerator<VideoFrame, void> {
  const { from, seconds, signal } = options;
  let origin: number | undefined, start: number | undefined;
  for await (const frame of video.frames({ signal })) {
    origin ??= frame.time;
    const time = frame.time - origin;
    if (time < from - 1e-6) continue;
    start ??= time;
    yield { ...frame, time: time - start };
    // One frame past the end, to interpolate the last sample.
    if (time - start >= seconds - 1e-6) return;
  }
}

/**
 * Follows points through a part of a video.
 *
 * @throws {UsageError} When the part has no frames, or `compat` finds fewer
 * than 121 frames.
 * @throws {RangeError} When a point is outside of the frame, or there is no
 * texture to choose points by.
 */
export async function trackFile(
  path: string,
  options: TrackFileOptions,
): Promise<FollowedFile> {
  const { choice, compat, onFrame } = options;
  const video = await openVideo(path);
  const { width, height } = video;
  const times: number[] = [];
  let tracker: PointTracker | undefined, first: RgbImage | undefined;
  const seconds = compat === "reference" ? Infinity : options.seconds;
  for await (const frame of framesBetween(video, { ...options, seconds })) {
    if (!tracker) {
      first = frame;
      tracker = new PointTracker(
        pointsIn(frame, choice, compat).map((point) => ({
          frame: 0,
          ...point,
        })),
      );
    }
    tracker.step(frame);
    times.push(frame.time);
    onFrame?.(times.length);
    if (compat === "reference" && times.length > neededByReference(video.fps)) {
      break;
    }
  }
  if (!tracker || !first) {
    throw new UsageError(
      `Cannot track ${
        quote(path)
      } from ${options.from} s on: no frame is shown then`,
    );
  }
  const all = tracker.tracks();
  const followed = { width, height, first, frames: all.frames };
  if (compat === "reference") {
    const sampled = referenceFrames(all.frames, video.fps, path);
    return { ...followed, tracks: framesOf(all, sampled), sampled };
  }
  const tracks = sampleTracks(all, times);
  if (choice.kind !== "auto") return { ...followed, tracks };
  const chosen = choosePoints(tracks, { count: choice.count, width, height });
  if (chosen.kept.length === 0) {
    throw new UsageError(
      withHint(
        `Cannot choose points in ${
          quote(path)
        }: none of ${tracks.count} could be followed reliably`,
        "Name points yourself: --points x,y;x,y",
      ),
    );
  }
  return { ...followed, tracks: keptTracks(tracks, chosen), chosen };
}

function pointsIn(
  frame: RgbImage,
  choice: PointChoice,
  compat: "reference" | undefined,
): readonly { x: number; y: number }[] {
  if (compat === "reference") {
    const { width, height } = frame;
    // 7x7 points on 720x720, 40 px from the borders, scaled to the frame.
    return gridPoints(49, { width: 720, height: 720 }, { margin: 40 })
      .map(({ x, y }) => ({ x: x * width / 720, y: y * height / 720 }));
  }
  return clipPoints(frame, choice);
}

/** The last frame that the original's sampling can look at. */
function neededByReference(fps: number): number {
  return Math.ceil((TRACK_FRAMES - 1) * fps / TRACK_FPS) + 1;
}

/**
 * The original's sampling: by frame numbers at the video's mean rate, rounded
 * half to even, the last frame once more at the end.
 */
function referenceFrames(frames: number, fps: number, path: string): number[] {
  const ratio = Math.abs(fps - TRACK_FPS) > 1e-3 ? fps / TRACK_FPS : 1;
  const samples = Math.floor(frames / ratio) + 1;
  if (samples < TRACK_FRAMES) {
    throw new UsageError(
      withHint(
        `Cannot track ${
          quote(path)
        } as the original does: it gives ${samples} samples at 24 per second, expected at least ${TRACK_FRAMES}`,
        "Without --compat a shorter video is used as far as it goes.",
      ),
    );
  }
  return Array.from(
    { length: TRACK_FRAMES },
    (_, t) =>
      t === samples - 1
        ? frames - 1
        : Math.min(frames - 1, roundToEven(t * ratio)),
  );
}

/** The tracks at some of their frames. */
function framesOf(
  tracks: PointTracks,
  chosen: readonly number[],
): PointTracks {
  const { count, frames } = tracks;
  const positions = new Float32Array(2 * count * chosen.length);
  const visible = new Uint8Array(count * chosen.length);
  for (const [t, frame] of chosen.entries()) {
    for (let n = 0; n < count; n++) {
      const from = n * frames + frame, to = n * chosen.length + t;
      positions[2 * to] = tracks.positions[2 * from]!;
      positions[2 * to + 1] = tracks.positions[2 * from + 1]!;
      visible[to] = tracks.visible[from]!;
    }
  }
  return { count, frames: chosen.length, positions, visible };
}

function roundToEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
