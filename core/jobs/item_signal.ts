/**
 * The motion signal of an item for Time-to-Move: the motion preview of its
 * tracks, or the user's own video and mask.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { quote, withHint } from "../base/errors.ts";
import type { RgbImage } from "../base/image.ts";
import type { TimeToMoveChoice } from "../control/resolve_control.ts";
import {
  maskPixels,
  type MotionSignal,
} from "../control/time_to_move/motion_signal.ts";
import { fileExists } from "../files/files.ts";
import { openVideo } from "../media/video_reader.ts";
import { cameraStrength } from "../preview/motion_plan.ts";
import { motionSignal } from "../preview/motion_signal.ts";
import { VIDEO_FPS, VIDEO_FRAMES } from "../tracks/resample.ts";
import type { MotionObject } from "../tracks/motion_objects.ts";
import type { TrackSet } from "../tracks/track_set.ts";
import { isSignalFolder } from "./signal_folder.ts";
import { fileSha256 } from "./_sha256.ts";
import type { EngineVideo } from "./engine.ts";

/** The names in the folder of Time-to-Move's own tools. */
const SIGNAL_NAME = "motion_signal.mp4";
const MASK_NAME = "mask.mp4";

/** The files of a signal; what is absent comes from the motion preview. */
export interface SignalFiles {
  /** A video of the motion. */
  readonly signal?: string;
  /** A video that is white where something moves. */
  readonly mask?: string;
}

/** A signal that a run can follow, and where it is from. */
export interface LoadedSignal {
  /** The frames and masks. */
  readonly signal: MotionSignal;
  /** Whose clocks are used. */
  readonly mode: "object" | "camera";
  /** What a recipe says of it. */
  readonly source: SignalSource;
  /** Remarks for the user. */
  readonly notes: readonly string[];
}

/** Where a signal is from, as recipes store it. */
export interface SignalSource extends SignalFiles {
  /** SHA-256 of the signal's file. */
  readonly signal_sha256?: string;
  /** SHA-256 of the mask's file. */
  readonly mask_sha256?: string;
}

/**
 * The files that a choice names. A folder is Time-to-Move's own:
 * `motion_signal.mp4` and `mask.mp4`; the mask of a single video is the
 * `mask.mp4` next to it unless it is named.
 *
 * @throws {TypeError} When there is no such signal, or it has no mask.
 */
export async function findSignalFiles(
  choice: Pick<TimeToMoveChoice, "signal" | "mask">,
): Promise<SignalFiles> {
  const { signal, mask } = choice;
  if (signal === undefined) return mask === undefined ? {} : { mask };
  const isFile = !isSignalFolder(signal) || await fileExists(signal);
  const folder = isFile ? dirname(signal) : signal;
  const found = {
    signal: isFile ? signal : join(folder, SIGNAL_NAME),
    mask: mask ?? join(folder, MASK_NAME),
  };
  if (!await fileExists(found.signal)) {
    throw new TypeError(
      `Cannot follow the motion signal ${
        quote(signal)
      }: no such video, and no folder with ${SIGNAL_NAME}`,
    );
  }
  if (mask === undefined && !await fileExists(found.mask)) {
    throw new TypeError(withHint(
      `Cannot follow the motion signal ${
        quote(found.signal)
      }: it has no mask, expected ${quote(found.mask)}`,
      "Pass a video that is white where something moves as motion_mask (--motion_mask FILE).",
    ));
  }
  return found;
}

/**
 * Checks that the files can be opened and are long enough, without decoding
 * them.
 *
 * @throws {FormatError} When one is no video.
 * @throws {RangeError} When one is too short.
 */
export async function checkSignalFiles(
  files: SignalFiles,
  frameCount: number,
): Promise<void> {
  for (const [kind, path] of Object.entries(files)) {
    const { frameCount: found } = await openVideo(path);
    if (found !== undefined && found < frameCount) {
      throw tooShort(kind, path, { found, frameCount });
    }
  }
}

function tooShort(
  kind: string,
  path: string,
  { found, frameCount }: { found: number; frameCount: number },
): RangeError {
  const whole = found - (found + 3) % 4;
  const shorter = frameCount > VIDEO_FRAMES
    ? "--length pad, which cuts the tracks after five seconds, or "
    : whole >= 5
    ? `--frame_num ${whole}, or `
    : "";
  return new RangeError(withHint(
    `Cannot follow the motion ${kind} ${
      quote(path)
    }: it has ${found} frames, expected ${frameCount} or more`,
    `Use ${shorter}a longer video.`,
  ));
}

/** What a signal is loaded for. */
export interface SignalOptions {
  /** The first frame: the image, or the frame that a segment goes on from. */
  readonly image: RgbImage;
  /** The tracks, in px of the image. */
  readonly tracks: TrackSet;
  /** Objects that were marked in the image. */
  readonly objects?: readonly MotionObject[];
  /** The video, or one segment of it. */
  readonly video: EngineVideo;
  /** Which frames of a longer video; all of `video` by default. */
  readonly part?: {
    /** The frame of the whole that is the first one here. */
    readonly start: number;
    /** The frames of the whole. */
    readonly total: number;
  };
  /** Aborts the loading. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The signal of an item, or of a segment of it, at the video's size. A segment
 * follows the frames of the user's video from its own start on; its first one is
 * the clean frame that it goes on from.
 *
 * @throws {Error} When a file cannot be read or is too short.
 */
export async function loadSignal(
  choice: TimeToMoveChoice,
  options: SignalOptions,
): Promise<LoadedSignal> {
  const { image, tracks, objects = [], video } = options;
  const files = await findSignalFiles(choice);
  const notes: string[] = [];
  const frames: RgbImage[] = [];
  const masks: RgbImage[] = [];
  if (files.signal === undefined || files.mask === undefined) {
    const { width, height } = video;
    const preview = motionSignal(image, tracks, {
      width,
      height,
      objects,
      signal: options.signal,
    });
    for await (const frame of preview) {
      if (files.signal === undefined) frames.push(frame.signal);
      if (files.mask === undefined) masks.push(frame.mask);
      if (Math.max(frames.length, masks.length) === video.frameCount) break;
    }
  }
  if (files.signal !== undefined) {
    frames.push(...await readSignal("signal", files.signal, options, notes));
    if (options.part && options.part.start > 0) frames[0] = image;
  }
  if (files.mask !== undefined) {
    masks.push(...await readSignal("mask", files.mask, options, notes));
  }
  const mode = choice.mode === "auto" ? modeOf(image, tracks) : choice.mode;
  if (choice.mode === "auto") {
    notes.push(
      `Time-to-Move: the tracks move ${
        mode === "camera" ? "the camera" : "objects"
      } (--time_to_move object or camera decides)`,
    );
  }
  return {
    signal: { frames, masks },
    mode,
    source: await sourceOf(files),
    notes,
  };
}

/** Whether the tracks move the camera or things in the image. */
function modeOf(image: RgbImage, tracks: TrackSet): "object" | "camera" {
  return cameraStrength(tracks, image) >= 0.5 ? "camera" : "object";
}

/**
 * The frames that are needed; masks are reduced to the video's size. Where the
 * whole ends within a segment, its last frame is held: that is not shown.
 */
async function readSignal(
  kind: "signal" | "mask",
  path: string,
  { video, part, signal }: Pick<SignalOptions, "video" | "part" | "signal">,
  notes: string[],
): Promise<RgbImage[]> {
  const { frameCount } = video;
  const { start, total } = part ?? { start: 0, total: frameCount };
  const end = Math.min(start + frameCount, total);
  const reader = await openVideo(path);
  const frames: RgbImage[] = [];
  let read = 0;
  for await (const frame of reader.frames(signal ? { signal } : {})) {
    if (read++ < start) continue;
    frames.push(kind === "mask" ? maskImage(frame, video) : frame);
    if (read === end) break;
  }
  if (read < end) {
    throw tooShort(kind, path, { found: read, frameCount: total });
  }
  while (frames.length < frameCount) frames.push(frames.at(-1)!);
  const more = (reader.frameCount ?? total) - total;
  if (more > 0 && kind === "signal") {
    notes.push(
      `the motion signal ${
        quote(path)
      } has ${more} frames more than the video; they are not used`,
    );
  }
  const stretch = reader.width / reader.height / (video.width / video.height);
  if (Math.abs(Math.log(stretch)) > 0.03) {
    notes.push(
      `the motion ${kind} ${
        quote(path)
      } has ${reader.width}x${reader.height} px, the video ${video.width}x${video.height}: it is stretched`,
    );
  }
  if (kind === "signal" && Math.abs(reader.fps - VIDEO_FPS) > 0.5) {
    notes.push(
      `the motion signal ${quote(path)} has ${
        Number(reader.fps.toFixed(2))
      } frames per second; they are used one by one at ${VIDEO_FPS}`,
    );
  }
  return frames;
}

/** A mask at the video's size, which the pipeline samples in the same way. */
function maskImage(frame: RgbImage, size: EngineVideo): RgbImage {
  const { width, height } = size;
  const data = new Uint8Array(3 * width * height);
  maskPixels(frame, { width, height }).forEach((on, i) => {
    if (on) data.fill(255, 3 * i, 3 * i + 3);
  });
  return { width, height, data };
}

/** What a recipe says of the files: their paths and hashes. */
export async function sourceOf(files: SignalFiles): Promise<SignalSource> {
  const { signal, mask } = files;
  return {
    ...files,
    ...(signal !== undefined && { signal_sha256: await fileSha256(signal) }),
    ...(mask !== undefined && { mask_sha256: await fileSha256(mask) }),
  };
}
