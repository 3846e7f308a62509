/**
 * Follows points through a video in the browser: decoded by WebCodecs, followed
 * by the same tracker as the tools'. Runs as a worker, `static/track.js`, which
 * is only loaded for it.
 *
 * @module
 */

/// <reference lib="webworker" />

import { quote, withHint } from "../../core/base/errors.ts";
import { choosePoints, keptTracks } from "../../core/tracking/choose_points.ts";
import { cameraMotion, clipPoints } from "../../core/tracking/clip_points.ts";
import type { PointChoice } from "../../core/tracking/choose_points.ts";
import {
  PointTracker,
  type PointTracks,
} from "../../core/tracking/point_tracker.ts";
import { sampleTracks } from "../../core/tracking/sample_tracks.ts";
import type { ImageSize } from "../../core/tracks/coordinates.ts";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import type { FollowedClip } from "../model/followed_clip.ts";
import {
  checkMemory,
  followedSeconds,
  movedChoice,
  scaledClip,
  stillStep,
  suspects,
} from "../model/followed_clip.ts";
import { toRgb } from "../model/rgba.ts";
import {
  BlobSource,
  Input,
  type InputVideoTrack,
  MATROSKA,
  MP4,
  QTFF,
  VideoSampleSink,
  WEBM,
} from "./mediabunny.ts";

/** What the worker is asked for. */
export interface TrackRequest {
  /** The video. */
  readonly file: File;
  /** Seconds from its start to the first frame. */
  readonly from: number;
  /** Seconds to follow; none: the first frame is all that is wanted. */
  readonly seconds: number;
  /** Which points, px of the video. */
  readonly choice: PointChoice;
}

/** What is known of a video. */
export interface ClipFacts {
  /** Its width as a player shows it, px. */
  readonly width: number;
  /** Its height. */
  readonly height: number;
  /** How long it lasts, s. */
  readonly duration: number;
}

/** What it says, in this order; `error` ends it at any time. */
export type TrackAnswer =
  | { readonly facts: ClipFacts }
  /** The image that is shown from this sample (24 per second) on. */
  | { readonly sample: number; readonly still: ImageBitmap }
  /** How far it is, from 0 to 1. */
  | { readonly share: number }
  | { readonly followed: FollowedClip | undefined }
  | { readonly error: string };

const answer = (message: TrackAnswer, transfer: Transferable[] = []) =>
  postMessage(message, { transfer });

/** The longest side in which points are followed, px. */
const LONGEST = 960;
/** The longest side of the frames that are shown, px. */
const LONGEST_STILL = 480;
addEventListener("message", async ({ data }: MessageEvent<TrackRequest>) => {
  try {
    answer({ followed: await follow(data) });
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
});

/** A canvas of a size that fits a frame, at most so many px a side. */
function canvasFor({ width, height }: ClipFacts, longest: number) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = new OffscreenCanvas(
    Math.max(1, Math.round(scale * width)),
    Math.max(1, Math.round(scale * height)),
  );
  return canvas.getContext("2d", { willReadFrequently: true })!;
}

async function follow(
  { file, from, seconds, choice }: TrackRequest,
): Promise<FollowedClip | undefined> {
  const track = await openTrack(file);
  const facts: ClipFacts = {
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    duration: await track.computeDuration(),
  };
  answer({ facts });
  const pixels = canvasFor(facts, LONGEST);
  const { width, height } = pixels.canvas;
  const small = canvasFor(facts, LONGEST_STILL);
  const times: number[] = [];
  let tracker: PointTracker | undefined;
  let origin: number | undefined, start: number | undefined;
  const length = followedSeconds(seconds, { ...facts, from });
  const between = stillStep(length);
  let lastStill = -Infinity;
  const samples = new VideoSampleSink(track).samples(0);
  for await (const sample of samples) {
    using frame = sample;
    origin ??= frame.timestamp;
    const shown = frame.timestamp - origin;
    if (shown < from - 1e-6) continue;
    start ??= shown;
    const time = shown - start;
    const at = Math.ceil(time * TRACK_FPS - 1e-3);
    // Of several within one sample the last one counts.
    if (at === lastStill || at >= lastStill + between) {
      lastStill = at;
      frame.draw(small, 0, 0, small.canvas.width, small.canvas.height);
      const still = await createImageBitmap(small.canvas);
      answer({ sample: at, still }, [still]);
    }
    if (seconds === 0) return undefined;
    frame.draw(pixels, 0, 0, width, height);
    const image = toRgb(pixels.getImageData(0, 0, width, height));
    if (!tracker) {
      const points = clipPoints(image, movedChoice(choice, facts, image));
      const { averagePacketRate } = await track.computePacketStats(100);
      checkMemory(points.length, { seconds: length, rate: averagePacketRate });
      tracker = new PointTracker(points.map((p) => ({ frame: 0, ...p })));
    }
    tracker.step(image);
    times.push(time);
    answer({ share: Math.min(1, time / length) });
    // One frame past the end, to interpolate the last sample.
    if (time >= seconds - 1e-6) break;
  }
  if (start === undefined) {
    throw new Error(
      `Cannot track ${
        quote(file.name)
      } from ${from} s on: no frame is shown then`,
    );
  }
  const all = sampleTracks(tracker!.tracks(), times, {
    most: Math.round(seconds * TRACK_FPS) + 1,
  });
  const size = { width, height };
  if (choice.kind !== "auto") {
    return scaledClip({
      tracks: all,
      camera: choice.kind === "grid" ? gridCamera(all, size) : undefined,
      suspects: suspects(all, size),
      leftOut: 0,
      frames: times.length,
    }, { from: size, to: facts });
  }
  const chosen = choosePoints(all, { count: choice.count, ...size });
  if (chosen.kept.length === 0) {
    throw new Error(withHint(
      `Cannot choose points in ${
        quote(file.name)
      }: none of ${all.count} could be followed reliably`,
      "Choose a grid, or click on the points yourself.",
    ));
  }
  return scaledClip({
    tracks: keptTracks(all, chosen),
    camera: cameraMotion(all, chosen.segments),
    suspects: [],
    leftOut: chosen.dropped.length,
    frames: times.length,
  }, { from: size, to: facts });
}

/** The camera's motion by points all over the frame. */
function gridCamera(
  tracks: PointTracks,
  size: ImageSize,
): FollowedClip["camera"] {
  const { segments } = choosePoints(tracks, { count: 1, ...size });
  return segments.length > 0 ? cameraMotion(tracks, segments) : undefined;
}

/** The video track of a file, if it can be shown here. */
async function openTrack(file: File): Promise<InputVideoTrack> {
  const input = new Input({
    source: new BlobSource(file),
    formats: [MP4, QTFF, MATROSKA, WEBM],
  });
  const track = await input.getPrimaryVideoTrack().catch((error) => {
    throw new Error(
      `Cannot read ${
        quote(file.name)
      }: it is not a video that can be read here (${error.message}), expected MP4, QuickTime, WebM or Matroska`,
    );
  });
  if (!track) {
    throw new Error(
      `Cannot show ${quote(file.name)}: it has no video, expected a video file`,
    );
  }
  if (await track.canDecode()) return track;
  throw new Error(withHint(
    `Cannot show ${quote(file.name)}: this browser does not decode its codec (${
      await track.getCodec() ?? "unknown"
    }), expected one that the browser plays`,
    `deno task track ${quote(file.name)} -o tracks.pth, then import tracks.pth`,
  ));
}
