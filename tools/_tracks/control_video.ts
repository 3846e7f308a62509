/**
 * Control videos for other models, made of tracks.
 *
 * @module
 */

import { join } from "node:path";
import { withHint } from "../../core/base/errors.ts";
import { writeFileAtomic } from "../../core/files/files.ts";
import { encodeImage } from "../../core/media/image.ts";
import { motionTrackFrames } from "../../core/media/motion_track_frames.ts";
import {
  type ControlShape,
  shapeFrames,
} from "../../core/media/shape_frames.ts";
import { createVideo } from "../../core/media/video_writer.ts";
import {
  motionSignal,
  motionSignalSize,
} from "../../core/preview/motion_signal.ts";
import type { RgbImage } from "../../core/base/image.ts";
import { VIDEO_FPS } from "../../core/tracks/resample.ts";
import type { MotionObject } from "../../core/tracks/motion_objects.ts";
import { TRACK_FPS, type TrackSet } from "../../core/tracks/track_set.ts";
import type { Size } from "../shared/track_reading.ts";
import { UsageError } from "../shared/tool.ts";
import { countTracks, prepareFile } from "./output.ts";

/** The kinds of control videos. */
export type ControlFormat = "ltx-tracks" | "vace" | "time-to-move";

/** The values of {@linkcode ControlFormat}. */
export const CONTROL_FORMATS: readonly ControlFormat[] = [
  "ltx-tracks",
  "vace",
  "time-to-move",
];

/** How a control video is made. */
export interface ControlOptions {
  /** Which kind. */
  readonly format: ControlFormat;
  /** The image that the tracks were drawn on, or its size. */
  readonly image: RgbImage | Size;
  /** The size of the frames; that of the image, made even, unless given. */
  readonly videoSize?: Size | undefined;
  /** The shapes of `vace`. */
  readonly shape: ControlShape;
  /** Their size in px; a sixteenth of the shorter side unless given. */
  readonly shapeSize?: number | undefined;
  /** The objects that were marked, for `time-to-move`. */
  readonly objects: readonly MotionObject[];
  /** The prompt of `time-to-move`. */
  readonly prompt?: string | undefined;
  /** The quality, 0 to 51. */
  readonly crf: number;
  /** Whether existing files are replaced. */
  readonly overwrite: boolean;
  /** Aborting it leaves no unfinished file. */
  readonly signal: AbortSignal;
}

/** Writes a control video; returns a line about it. */
export async function writeControl(
  tracks: TrackSet,
  output: string,
  options: ControlOptions,
): Promise<string> {
  const { format, image, signal } = options;
  if (format === "time-to-move") {
    return await writeTimeToMove(tracks, output, options);
  }
  const { width, height } = image;
  const size = evenSize(options.videoSize ?? { width, height });
  const drawnOn = { width, height };
  const shapeSize = options.shapeSize ??
    Math.max(2, Math.round(Math.min(size.width, size.height) / 16));
  const fps = format === "vace" ? VIDEO_FPS : TRACK_FPS;
  const frames = format === "vace"
    ? shapeFrames(tracks, {
      image: drawnOn,
      ...size,
      size: shapeSize,
      shape: options.shape,
    })
    : motionTrackFrames(tracks, { image: drawnOn, ...size });
  const { crf, overwrite } = options;
  await using video = await createVideo(output, {
    ...size,
    fps,
    crf,
    overwrite,
    signal,
  });
  for (const frame of frames) await video.write(frame);
  await video.finish();
  return `${output}: ${video.frameCount} frames of ${size.width}x${size.height} at ${fps} per second, ${
    countTracks(tracks.count)
  }`;
}

/** Sides that H.264 can have. */
function evenSize({ width, height }: Size): Size {
  return {
    width: Math.max(2, width - width % 2),
    height: Math.max(2, height - height % 2),
  };
}

async function writeTimeToMove(
  tracks: TrackSet,
  folder: string,
  options: ControlOptions,
): Promise<string> {
  const { image, objects, prompt, crf, overwrite, signal } = options;
  if (!("data" in image)) {
    throw new UsageError(
      withHint(
        "Cannot write time-to-move: the image itself is needed",
        "Add --image FILE in place of --size.",
      ),
    );
  }
  const path = (name: string) => join(folder, name);
  const names = [
    "first_frame.png",
    "motion_signal.mp4",
    "mask.mp4",
    "prompt.txt",
  ];
  for (const name of names) {
    await prepareFile(path(name), [], overwrite ? { overwrite: true } : {});
  }
  await Deno.mkdir(folder, { recursive: true });
  const size = evenSize(options.videoSize ?? motionSignalSize(image));
  const video = { ...size, fps: VIDEO_FPS, overwrite, signal };
  await using signalVideo = await createVideo(path("motion_signal.mp4"), {
    ...video,
    crf,
  });
  await using maskVideo = await createVideo(path("mask.mp4"), {
    ...video,
    crf,
  });
  let moving = 0;
  const frames = motionSignal(image, tracks, { ...size, objects, signal });
  for await (const { signal: frame, mask } of frames) {
    await signalVideo.write(frame);
    await maskVideo.write(mask);
    for (let at = 0; at < mask.data.length; at += 3) {
      if (mask.data[at]! > 0) moving++;
    }
  }
  await signalVideo.finish();
  await maskVideo.finish();
  await writeFileAtomic(
    path("first_frame.png"),
    await encodeImage(image, "png"),
    { overwrite },
  );
  await writeFileAtomic(
    path("prompt.txt"),
    new TextEncoder().encode((prompt ?? "") + "\n"),
    { overwrite },
  );
  const share = moving / (signalVideo.frameCount * size.width * size.height);
  return `${folder}: ${
    names.join(", ")
  }; ${signalVideo.frameCount} frames of ${size.width}x${size.height}, ${
    (100 * share).toFixed(1)
  } % moving${
    prompt === undefined ? "; prompt.txt is empty, --prompt fills it" : ""
  }`;
}
