/**
 * A part of a video file, followed: which points, in which frames, when.
 *
 * @module
 */

import { quote, withHint } from "../../core/base/errors.ts";
import type { Point, RgbImage } from "../../core/base/image.ts";
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
  subset,
  texturedPoints,
} from "../../core/tracking/choose_points.ts";
import {
  cameraMotion,
  clipPoints,
  widestSegment,
} from "../../core/tracking/clip_points.ts";
import type { PlaneMap } from "../../core/tracking/fit_map.ts";
import {
  type PointTracks,
  trackPoints,
} from "../../core/tracking/point_tracker.ts";
import { sampleTracks } from "../../core/tracking/sample_tracks.ts";
import { TRACK_FPS, TRACK_FRAMES } from "../../core/tracks/track_set.ts";
import type { ImageSize } from "../../core/tracks/coordinates.ts";
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
  /** Whether the camera's motion is needed. */
  readonly camera?: boolean;
  readonly signal: AbortSignal;
  /** How points are followed; by default with the tracker that has no weights. */
  readonly follow?: Follow;
}

/** Follows points of the first frame; says when the frames are that it took. */
export type Follow = (
  frames: AsyncIterable<VideoFrame>,
  options: {
    readonly points: readonly Point[];
    readonly signal: AbortSignal;
    /** When each of the frames is shown; nothing is decoded for it. */
    readonly times: () => Promise<readonly number[]>;
    /** Whether every frame is needed, however many there are per second. */
    readonly all: boolean;
  },
) => Promise<{
  readonly tracks: PointTracks;
  readonly times: readonly number[];
}>;

const withoutWeights: Follow = async (frames, { points, signal }) => {
  const times: number[] = [];
  const tracks = await trackPoints(
    noteTimes(frames, times),
    points.map((point) => ({ frame: 0, ...point })),
    { signal },
  );
  return { tracks, times };
};

/** The frames; when each is shown is appended to `times`. */
export async function* noteTimes(
  frames: AsyncIterable<VideoFrame>,
  times: number[],
): AsyncGenerator<VideoFrame, void> {
  for await (const frame of frames) {
    times.push(frame.time);
    yield frame;
  }
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
  /** The camera's motion from frame 0 to each sample, if it was asked for. */
  readonly camera?: readonly PlaneMap[];
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

/** The times of the frames of {@linkcode framesBetween}. */
function timesBetween(
  times: readonly number[],
  { from, seconds }: { from: number; seconds: number },
): readonly number[] {
  const start = times.findIndex((time) => time >= from - 1e-6);
  if (start < 0) return [];
  const part = times.slice(start).map((time) => time - times[start]!);
  const end = part.findIndex((time) => time >= seconds - 1e-6);
  return end < 0 ? part : part.slice(0, end + 1);
}

/** A frame that was taken and those after it, `most` in all. */
async function* startingWith(
  first: VideoFrame,
  others: AsyncIterable<VideoFrame>,
  most: number,
): AsyncGenerator<VideoFrame, void> {
  yield first;
  let count = 1;
  if (count >= most) return;
  for await (const frame of others) {
    yield frame;
    if (++count >= most) return;
  }
}

/**
 * Follows points through a part of a video.
 *
 * Points that were named, or are on a grid, may all be an object's: the camera's
 * motion is found by others, all over the frame.
 *
 * @throws {UsageError} When the part has no frames, `compat` finds fewer than
 * 121 frames, or the camera's motion cannot be found.
 * @throws {RangeError} When a point is outside of the frame, or there is no
 * texture to choose points by.
 */
export async function trackFile(
  path: string,
  options: TrackFileOptions,
): Promise<FollowedFile> {
  const { choice, compat, camera = false, follow = withoutWeights } = options;
  const video = await openVideo(path);
  const { width, height } = video;
  const seconds = compat === "reference" ? Infinity : options.seconds;
  const part = { ...options, seconds };
  await using frames = framesBetween(video, part);
  const first = (await frames.next()).value;
  if (!first) {
    throw new UsageError(
      `Cannot track ${
        quote(path)
      } from ${options.from} s on: no frame is shown then`,
    );
  }
  const most = compat === "reference"
    ? neededByReference(video.fps) + 1
    : Infinity;
  const asked = pointsIn(first, choice, compat);
  const others = camera && (compat === "reference" || choice.kind !== "auto")
    ? texturedPoints(first)
    : [];
  const { tracks: all, times } = await follow(
    startingWith(first, frames, most),
    {
      points: [...asked, ...others],
      signal: options.signal,
      times: async () =>
        timesBetween(await video.times(options), part).slice(0, most),
      all: compat === "reference",
    },
  );
  const followed = { width, height, first, frames: all.frames };
  const split = (tracks: PointTracks) => ({
    tracks: someTracks(tracks, 0, asked.length),
    ...camera && {
      camera: cameraOf(someTracks(tracks, asked.length), {
        ...{ width, height, path },
      }),
    },
  });
  if (compat === "reference") {
    const sampled = referenceFrames(all.frames, video.fps, path);
    return { ...followed, ...split(framesOf(all, sampled)), sampled };
  }
  const tracks = sampleTracks(all, times);
  if (choice.kind !== "auto") return { ...followed, ...split(tracks) };
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
  return {
    ...followed,
    tracks: keptTracks(tracks, chosen),
    chosen,
    ...camera && { camera: cameraMotion(tracks, chosen.segments) },
  };
}

/** The tracks from the first up to, but not with, the last. */
function someTracks(
  tracks: PointTracks,
  first: number,
  last = tracks.count,
): PointTracks {
  const count = last - first;
  return count === tracks.count
    ? tracks
    : subset(tracks, Array.from({ length: count }, (_, n) => first + n));
}

/** The camera's motion by points all over the frame. */
function cameraOf(
  tracks: PointTracks,
  { path, ...size }: ImageSize & { readonly path: string },
): readonly PlaneMap[] {
  const { segments } = choosePoints(tracks, { count: 1, ...size });
  const widest = widestSegment(tracks, segments);
  if (widest) return widest.maps;
  throw new UsageError(
    withHint(
      `Cannot tell the camera's motion in ${
        quote(path)
      } from that of its objects: too few points of the background can be followed`,
      "--motion both takes the motion as it is.",
    ),
  );
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
