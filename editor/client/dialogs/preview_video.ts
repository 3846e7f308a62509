/**
 * The motion preview as a file, made in the browser: for people who want it at
 * once, and for editors that may not start the tools. All frames are in it,
 * however long the browser takes for one.
 *
 * @module
 */

import type { RgbImage } from "../../../core/base/image.ts";
import type { MotionObject } from "../../../core/tracks/motion_objects.ts";
import type { VideoAnswer, VideoRequest } from "../video_worker.ts";
import type { ShownImage } from "../images.ts";
import { toRgb } from "../../model/rgba.ts";
import type { DocumentPositions } from "../../model/track_positions.ts";
import type { VideoFormat } from "./video_format.ts";

/** The long side of the video, px. */
const LONG_SIDE = 832;

/** The size of an image's video: even sides, for video codecs want them. */
export function videoSize(
  image: { readonly width: number; readonly height: number },
): { width: number; height: number } {
  const { width, height } = image;
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  const even = (side: number) => Math.max(2, 2 * Math.round(side * scale / 2));
  return { width: even(width), height: even(height) };
}

/**
 * Makes the video.
 *
 * @throws {DOMException} `AbortError`, when `signal` is aborted.
 * @throws {Error} When the browser cannot make it after all.
 */
export async function makeVideo(
  image: ShownImage,
  tracks: DocumentPositions,
  options: {
    readonly format: VideoFormat;
    /** Objects that were marked, the farthest first. */
    readonly objects: readonly MotionObject[];
    readonly signal: AbortSignal;
    readonly onProgress: (share: number) => void;
  },
): Promise<Blob> {
  const { format, objects, signal, onProgress } = options;
  const worker = new Worker(new URL("video.js", import.meta.url), {
    type: "module",
  });
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      signal.throwIfAborted();
      worker.onerror = () =>
        reject(new Error("The video's worker could not be started"));
      worker.onmessage = ({ data }: MessageEvent<VideoAnswer>) => {
        if ("share" in data) onProgress(data.share);
        else if ("error" in data) reject(new Error(data.error));
        else {
          const type = format.kind === "mp4" ? "video/mp4" : "image/webp";
          resolve(new Blob([data.bytes], { type }));
        }
      };
      const { width, height } = image;
      worker.postMessage(
        {
          format,
          image: scaledImage(image),
          tracks: tracks.toArray(),
          frames: tracks.frames,
          objects,
          drawnOn: { width, height },
        } satisfies VideoRequest,
      );
    });
  } finally {
    worker.terminate();
  }
}

/** The image in the size of its video. */
function scaledImage(image: ShownImage): RgbImage {
  const { width, height } = videoSize(image);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const ctx = canvas.getContext("2d", { willReadFrequently: true })!;
  ctx.imageSmoothingQuality = "high";
  ctx.drawImage(image.bitmap, 0, 0, width, height);
  return toRgb(ctx.getImageData(0, 0, width, height));
}
