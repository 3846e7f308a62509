/**
 * The motion preview as a WebM, recorded in the browser: for editors that may
 * not start the tools, which make an MP4 of the same warp.
 *
 * @module
 */

import type { TrackSet } from "../../../core/tracks/track_set.ts";
import { ask } from "../exchange.ts";
import type { ShownPicture } from "../pictures.ts";
import { toRgb } from "../stage/plain_layer.ts";

/** Frames of the film, 16 per second. */
const FRAMES = 81, FPS = 16;

/** The long side of the film, px. */
const LONG_SIDE = 832;

/**
 * Records the 81 frames at 16 per second; it takes as long as the film is.
 *
 * @throws {DOMException} `AbortError`, when `signal` is aborted.
 */
export async function recordPreview(
  picture: ShownPicture,
  tracks: TrackSet,
  options: {
    readonly signal: AbortSignal;
    readonly onProgress: (share: number) => void;
  },
): Promise<Blob> {
  const scale = Math.min(
    1,
    LONG_SIDE / Math.max(picture.width, picture.height),
  );
  const even = (side: number) => Math.max(2, 2 * Math.round(side * scale / 2));
  const size = { width: even(picture.width), height: even(picture.height) };
  const canvas = document.createElement("canvas");
  Object.assign(canvas, size);
  const ctx = canvas.getContext("2d", { willReadFrequently: true })!;
  ctx.drawImage(picture.bitmap, 0, 0, size.width, size.height);
  const image = toRgb(ctx.getImageData(0, 0, size.width, size.height));
  const { width, height } = picture;
  await ask("beginFilm", {
    image,
    tracks: tracks.toArray(),
    picture: { width, height },
  });

  const stream = canvas.captureStream(0);
  const track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack;
  const recorder = new MediaRecorder(stream, {
    mimeType: ["video/webm;codecs=vp9", "video/webm"].find((type) =>
      MediaRecorder.isTypeSupported(type)
    ) ?? "",
    videoBitsPerSecond: 8_000_000,
  });
  const chunks: Blob[] = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((resolve) => recorder.onstop = resolve);
  recorder.start();
  try {
    let due = performance.now();
    for (let i = 0; i < FRAMES; i++) {
      options.signal.throwIfAborted();
      const rgba = await ask("filmFrame", Math.floor(1.5 * i));
      ctx.putImageData(new ImageData(rgba, size.width, size.height), 0, 0);
      track.requestFrame();
      options.onProgress((i + 1) / FRAMES);
      due += 1000 / FPS;
      await new Promise((resolve) =>
        setTimeout(resolve, Math.max(0, due - performance.now()))
      );
    }
  } finally {
    recorder.stop();
    track.stop();
  }
  await stopped;
  return new Blob(chunks, { type: "video/webm" });
}
