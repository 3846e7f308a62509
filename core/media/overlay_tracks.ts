/**
 * A whole video with its tracks painted over it: decode, paint, encode, one
 * frame at a time.
 *
 * @module
 */

import { FormatError, quote } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import type { TrackPositions } from "../tracks/track_set.ts";
import {
  createTrackPainter,
  type TrackPainterOptions,
  tracksForVideo,
} from "./track_painter.ts";
import { planarPainter } from "./_planar_painter.ts";
import { unevenTimes } from "./frame_times.ts";
import { openVideo } from "./video_reader.ts";
import {
  createVideo,
  type CreateVideoOptions,
  type VideoPreset,
} from "./video_writer.ts";

/** How tracks are painted over a video. */
export interface OverlayOptions extends TrackPainterOptions {
  /** What was drawn. */
  readonly tracks: TrackPositions;
  /**
   * The size of the image that the tracks were drawn on; the video's own
   * unless given. Width and height are scaled apart.
   */
  readonly image?: { readonly width: number; readonly height: number };
  /** As for `createVideo`, but 18 unless given. */
  readonly crf?: number;
  /**
   * As for `createVideo`, but `faster` unless given: discs that move cost the
   * slower presets much time and save no byte.
   */
  readonly preset?: VideoPreset;
  /** Whether the output may be replaced. */
  readonly overwrite?: boolean;
  /** Aborting it leaves no file. */
  readonly signal?: AbortSignal;
  /** Called after every frame with how many are done. */
  readonly onFrame?: (done: number, total: number | undefined) => void;
}

/** What an overlay is written for. */
export interface NewOverlayOptions
  extends CreateVideoOptions, TrackPainterOptions {
  /** The tracks to draw. */
  readonly tracks: TrackPositions;
  /**
   * The size of the image that the tracks were drawn on; the video's own by
   * default. Width and height are scaled separately.
   */
  readonly image?: { readonly width: number; readonly height: number };
}

/** A video that gets the tracks drawn over every frame. */
export interface OverlayWriter extends AsyncDisposable {
  /** Draws the tracks over a copy of the frame and encodes it. */
  write(frame: RgbImage): Promise<void>;
  /** Completes the file and gives it its final name. */
  finish(): Promise<void>;
}

/**
 * Starts a video of its own for the overlay of frames that are at hand; for a
 * video that is already a file, see {@linkcode overlayTracks}. The preset is
 * `faster` by default: moving discs cost the slower presets much time and
 * save no byte.
 *
 * @param path where the video is written; nothing appears there before
 * {@linkcode OverlayWriter.finish}
 * @throws {RangeError} When a size or option is out of range.
 * @throws {Deno.errors.AlreadyExists} When `path` exists and `overwrite` is
 * not set.
 */
export async function createOverlay(
  path: string,
  options: NewOverlayOptions,
): Promise<OverlayWriter> {
  const { tracks, image, width, height, fps = 16 } = options;
  const { preset = "faster" } = options;
  const paint = createTrackPainter(
    tracksForVideo(tracks, {
      image: image ?? { width, height },
      video: { width, height, fps },
    }),
    options,
  );
  const video = await createVideo(path, { ...options, fps, preset });
  return {
    async write(frame) {
      const copy = { ...frame, data: frame.data.slice() };
      paint(copy, video.frameCount);
      await video.write(copy);
    },
    finish: () => video.finish(),
    [Symbol.asyncDispose]: () => video[Symbol.asyncDispose](),
  };
}

/**
 * Paints tracks over the video at `input` and writes the result to `output`,
 * with the video's size as it is shown, the times of its frames, and its tags. Returns how many frames it has.
 *
 * @throws {FormatError} When the video is damaged or has no frames.
 * @throws {RangeError} When its size is odd or an option is out of range.
 * @throws {Deno.errors.AlreadyExists} When there is an output and `overwrite`
 * is not set.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createVideo, overlayTracks, TrackSet } from "@ati/ati";
 * const folder = await Deno.makeTempDir();
 * const size = { width: 64, height: 32 };
 * const video = await createVideo(`${folder}/000.mp4`, size);
 * await video.write({ ...size, data: new Uint8Array(3 * 64 * 32) });
 * await video.finish();
 *
 * const tracks = TrackSet.fromPoints([[{ x: 9, y: 9, visible: true }]]);
 * const output = `${folder}/000_viz.mp4`;
 * assert.equal(await overlayTracks(`${folder}/000.mp4`, output, { tracks }), 1);
 * await Deno.remove(folder, { recursive: true });
 * ```
 */
export async function overlayTracks(
  input: string,
  output: string,
  options: OverlayOptions,
): Promise<number> {
  const { tracks, image, crf = 18, preset = "faster" } = options;
  const { overwrite = false, onFrame, signal } = options;
  const source = await openVideo(input);
  const { width, height, fps, metadata, frameCount } = source;
  if (!(fps > 0)) {
    throw new FormatError(
      `Cannot paint over ${quote(input)}: it does not say how fast it runs`,
    );
  }
  const abort = signal ? { signal } : {};
  const times = unevenTimes(await source.times(abort), fps);
  const paint = createTrackPainter(
    tracksForVideo(tracks, {
      image: image ?? source,
      video: source,
      times,
    }),
    options,
  );
  await using video = await createVideo(output, {
    width,
    height,
    fps,
    ...times && { times },
    crf,
    preset,
    metadata,
    overwrite,
    ...abort,
  });
  const done = () => onFrame?.(video.frameCount + 1, frameCount);
  if (source.planarFrames) {
    const paintPlanes = planarPainter(paint, source);
    await writeAll(source.planarFrames(abort), (frame) => {
      paintPlanes(frame, video.frameCount);
      done();
      return video.writePlanes(frame);
    });
  } else {
    await writeAll(source.frames(abort), (frame) => {
      paint(frame, video.frameCount);
      done();
      return video.write(frame);
    });
  }
  if (video.frameCount === 0) {
    throw new FormatError(
      `Cannot paint over ${quote(input)}: it has no frames`,
    );
  }
  await video.finish();
  return video.frameCount;
}

/** Writes frame after frame; while one is encoded the next one is decoded. */
async function writeAll<Frame>(
  frames: AsyncIterable<Frame>,
  write: (frame: Frame) => Promise<void>,
): Promise<void> {
  let writing = Promise.resolve();
  let failed = false;
  try {
    for await (const frame of frames) {
      await writing;
      writing = write(frame);
      writing.catch(() => failed = true);
      if (failed) break;
    }
  } finally {
    // Nothing may continue in the encoder when the file is closed.
    await writing.catch(() => {});
  }
  await writing;
}
