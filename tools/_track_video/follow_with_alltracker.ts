/**
 * Points of a video's first frame, followed by AllTracker.
 *
 * @module
 */

import { openComponent } from "../../core/checkpoint/open_checkpoint.ts";
import type { VideoFrame } from "../../core/media/video_reader.ts";
import { useCudaProvider } from "../../core/onnx/runtime/cuda_provider.ts";
import type { Device } from "../../core/onnx/runtime/device.ts";
import { resolveDevice } from "../../core/onnx/runtime/devices.ts";
import type { AllTrackerProgress } from "../../core/wan/alltracker/alltracker_tracks.ts";
import { trackWithAllTracker } from "../../core/wan/alltracker/track_with_alltracker.ts";
import { type Follow, noteTimes } from "./track_file.ts";

/** Seconds that frames are at least apart: of 60 per second every second one. */
const APART = 1 / 31;

/** How the network is run. */
export interface AllTrackerFlags {
  /** The weights. */
  readonly tracker: string;
  /** A device's name, or `auto`. */
  readonly device: string;
  /** Px of the working size at most. */
  readonly area?: number | undefined;
  readonly cudaProvider?: string | undefined;
  readonly signal: AbortSignal;
  /** Told after each refinement of a window; `windows` is their number. */
  readonly onProgress: (
    progress: AllTrackerProgress & { readonly windows: number },
  ) => void;
}

/** AllTracker, ready to follow. */
export interface AllTrackerFollow {
  readonly follow: Follow;
  readonly device: Device;
}

/**
 * Opens the weights and finds the device, before any work.
 *
 * @throws {CheckpointError} What is wrong with the weights.
 * @throws {Error} When the device cannot be used.
 */
export async function followWithAllTracker(
  options: AllTrackerFlags,
): Promise<AllTrackerFollow> {
  const { tracker, cudaProvider, signal, onProgress } = options;
  const component = await openComponent("allTracker", tracker);
  if (cudaProvider !== undefined) await useCudaProvider(cudaProvider);
  const { device } = await resolveDevice(options.device, { signal });
  const { window } = component.config;
  const follow: Follow = async (frames, { points, all, ...video }) => {
    const apart = all ? 0 : APART;
    let count = 0;
    const shown = (await video.times()).map((time) => ({ time }));
    for await (const _ of thinned(shown, apart)) count++;
    const windows = 1 + Math.max(0, Math.ceil((count - window) / (window / 2)));
    const times: number[] = [];
    const tracks = await trackWithAllTracker(
      component,
      noteTimes(thinned(frames, apart), times),
      {
        points,
        device,
        signal,
        area: options.area,
        onProgress: (progress) => onProgress({ ...progress, windows }),
      },
    );
    return { tracks, times };
  };
  return { follow, device };
}

/** Without frames that follow within `apart` seconds, but with the last one. */
export async function* thinned<T extends Pick<VideoFrame, "time">>(
  frames: AsyncIterable<T> | Iterable<T>,
  apart: number,
): AsyncGenerator<T, void> {
  let last = -Infinity, skipped: T | undefined;
  for await (const frame of frames) {
    skipped = frame;
    if (frame.time - last < apart) continue;
    yield frame;
    last = frame.time;
    skipped = undefined;
  }
  if (skipped) yield skipped;
}
