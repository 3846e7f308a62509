/**
 * The page's side of `track_worker.ts`.
 *
 * @module
 */

import type { FollowedClip } from "../../model/followed_clip.ts";
import type { ClipFacts, TrackAnswer, TrackRequest } from "../track_worker.ts";

/**
 * Reads the first frame of a part of a video and, where `seconds` is above 0,
 * follows points through it.
 *
 * @throws {DOMException} `AbortError`, when `signal` is aborted.
 * @throws {Error} When the browser cannot show the video, or nothing could be
 * followed.
 */
export async function readClip(
  request: TrackRequest,
  options: {
    readonly signal: AbortSignal;
    readonly onFacts: (facts: ClipFacts) => void;
    /** Takes the image that is shown from a sample on. */
    readonly onStill: (sample: number, still: ImageBitmap) => void;
    readonly onShare: (share: number) => void;
  },
): Promise<FollowedClip | undefined> {
  const { signal } = options;
  signal.throwIfAborted();
  const worker = new Worker(new URL("track.js", import.meta.url), {
    type: "module",
  });
  try {
    return await new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      worker.onerror = () =>
        reject(new Error("The tracker's worker could not be started"));
      worker.onmessage = ({ data }: MessageEvent<TrackAnswer>) => {
        if ("facts" in data) options.onFacts(data.facts);
        else if ("still" in data) options.onStill(data.sample, data.still);
        else if ("share" in data) options.onShare(data.share);
        else if ("error" in data) reject(new Error(data.error));
        else resolve(data.followed);
      };
      worker.postMessage(request);
    });
  } finally {
    worker.terminate();
  }
}
