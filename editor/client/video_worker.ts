/**
 * The motion preview as a file, made frame by frame in the browser: the same
 * motion as the tools', encoded by WebCodecs into an MP4, or by the browser's own
 * images into an animated WebP. Runs as a worker, `static/video.js`, which is
 * only loaded for it.
 *
 * @module
 */

/// <reference lib="webworker" />

import {
  BufferTarget,
  EncodedPacket,
  EncodedVideoPacketSource,
  Mp4OutputFormat,
  Output,
} from "./mediabunny.ts";
import { animateWebp } from "../../core/media/webp_animation.ts";
import { VIDEO_FPS, videoFrameCount } from "../../core/tracks/resample.ts";
import { toI420 } from "../../core/media/i420.ts";
import { previewSegments } from "../../core/preview/preview_segments.ts";
import type { RgbImage } from "../../core/base/image.ts";
import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import { tracksIn } from "../model/tracks_in.ts";
import { toRgba } from "../model/rgba.ts";
import { encoderConfig, type VideoFormat } from "./dialogs/video_format.ts";

/** What the worker is asked for, once. */
export interface VideoRequest {
  /** The kind of video. */
  readonly format: VideoFormat;
  /** The image in the size of the video; even sides. */
  readonly image: RgbImage;
  /** (N, frames, 3), px of the image. */
  readonly tracks: Float32Array;
  /** Frames of the tracks, at 24 per second. */
  readonly frames: number;
  /** Objects that were marked, the farthest first. */
  readonly objects: readonly MotionObject[];
  /** The size that the tracks were drawn on, px. */
  readonly drawnOn: { readonly width: number; readonly height: number };
}

/** What it says: how far it is, from 0 to 1; then the file, or why there is none. */
export type VideoAnswer =
  | { readonly share: number }
  | { readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly error: string };

const answer = (message: VideoAnswer) => postMessage(message);

/** Quality of the images of a WebP, 0 to 1. */
const WEBP_QUALITY = 0.9;

/** Frames that may wait for the encoder. */
const WAITING = 8;

/** The frames, in their order. */
function* renderFrames(
  { image, tracks, frames, objects, drawnOn }: VideoRequest,
): Generator<RgbImage> {
  const { width, height } = image;
  const count = videoFrameCount(frames);
  let done = 0;
  for (
    const frame of previewSegments(image, tracksIn(tracks, frames), {
      ...drawnOn,
      objects,
      size: { width, height },
    })
  ) {
    yield frame;
    answer({ share: ++done / count });
  }
}

async function makeWebp(request: VideoRequest) {
  const { width, height } = request.image;
  const canvas = new OffscreenCanvas(width, height);
  const ctx = canvas.getContext("2d")!;
  const stills: Promise<Uint8Array>[] = [];
  for (const frame of renderFrames(request)) {
    ctx.putImageData(new ImageData(toRgba(frame).data, width, height), 0, 0);
    // What is on the canvas now is encoded while the next frames are made.
    stills.push(
      canvas.convertToBlob({ type: "image/webp", quality: WEBP_QUALITY })
        .then(async (still) => new Uint8Array(await still.arrayBuffer())),
    );
    await stills.at(-WAITING);
  }
  const at = (frame: number) => Math.round(1000 * frame / VIDEO_FPS);
  return animateWebp((await Promise.all(stills)).map((bytes, frame) => ({
    bytes,
    duration: at(frame + 1) - at(frame),
  })));
}

/** As the tools' videos have it. */
const COLOR_SPACE = {
  primaries: "bt709",
  transfer: "bt709",
  matrix: "bt709",
  fullRange: false,
} as const;

async function makeMp4(
  request: VideoRequest,
  { codec, config }: Extract<VideoFormat, { kind: "mp4" }>,
) {
  const { width, height } = request.image;
  const target = new BufferTarget();
  const output = new Output({
    format: new Mp4OutputFormat({ fastStart: "in-memory" }),
    target,
  });
  const track = new EncodedVideoPacketSource(codec);
  output.addVideoTrack(track, { frameRate: VIDEO_FPS });
  await output.start();

  let written = Promise.resolve();
  let fault: unknown;
  const encoder = new VideoEncoder({
    output: (chunk, meta) => {
      const packet = EncodedPacket.fromEncodedChunk(chunk);
      written = written.then(() => track.add(packet, meta));
    },
    error: (error) => fault = error,
  });
  encoder.configure(encoderConfig(config, { width, height }, VIDEO_FPS));
  const step = 1e6 / VIDEO_FPS; // microseconds
  let index = 0;
  for (const image of renderFrames(request)) {
    // The colors are converted here: browsers differ in how they do it.
    const frame = new VideoFrame(toI420(image), {
      format: "I420",
      codedWidth: width,
      codedHeight: height,
      timestamp: index * step,
      duration: step,
      colorSpace: COLOR_SPACE,
    });
    encoder.encode(frame, { keyFrame: index++ % (2 * VIDEO_FPS) === 0 });
    frame.close();
    while (encoder.encodeQueueSize > WAITING && fault === undefined) {
      await new Promise((resolve) =>
        encoder.addEventListener("dequeue", resolve, { once: true })
      );
    }
    if (fault !== undefined) throw fault;
  }
  await encoder.flush();
  encoder.close();
  await written;
  await output.finalize();
  return new Uint8Array(target.buffer!);
}

addEventListener("message", async ({ data }: MessageEvent<VideoRequest>) => {
  try {
    const bytes = data.format.kind === "mp4"
      ? await makeMp4(data, data.format)
      : await makeWebp(data);
    postMessage({ bytes } satisfies VideoAnswer, { transfer: [bytes.buffer] });
  } catch (error) {
    answer({ error: error instanceof Error ? error.message : String(error) });
  }
});
