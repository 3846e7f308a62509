/**
 * Tracks as the arrays that trackers and other models' tools read.
 *
 * @module
 */

import { writeNpy } from "../../formats/npy.ts";
import { writeNpz } from "../../formats/npz.ts";
import { trackFrameAt, VIDEO_FRAMES } from "../resample.ts";
import { TRACK_FRAMES, type TrackSet } from "../track_set.ts";
import { heldPoints } from "./stored_points.ts";

/** Which axis of tracks and time comes first. */
type Order = "time-first" | "tracks-first";

/** Coordinates and visibility of some frames, in this order of axes. */
function arraysOf(
  tracks: TrackSet,
  frames: readonly number[],
  order: Order,
): { points: Float32Array<ArrayBuffer>; visible: Uint8Array<ArrayBuffer> } {
  const { count } = tracks;
  const points = new Float32Array(count * frames.length * 2);
  const visible = new Uint8Array(count * frames.length);
  for (let track = 0; track < count; track++) {
    const held = heldPoints(tracks, track);
    frames.forEach((frame, i) => {
      const at = order === "time-first"
        ? i * count + track
        : track * frames.length + i;
      const point = held[frame]!;
      points.set([point.x, point.y], at * 2);
      visible[at] = Number(point.visible);
    });
  }
  return { points, visible };
}

const VIDEO = Array.from({ length: VIDEO_FRAMES }, (_, k) => trackFrameAt(k));
const ALL = Array.from({ length: TRACK_FRAMES }, (_, frame) => frame);

/**
 * Wan-Move's pair of `.npy` files: tracks (1, 81, N, 2) float32 in px of the
 * image, and visibility (1, 81, N) bool, one sample for each frame of the video
 * at 16 per second.
 */
export function wanMovePair(
  tracks: TrackSet,
): { tracks: Uint8Array<ArrayBuffer>; visibility: Uint8Array<ArrayBuffer> } {
  const { points, visible } = arraysOf(tracks, VIDEO, "time-first");
  const dims = [1, VIDEO_FRAMES, tracks.count];
  return {
    tracks: writeNpy({ dims: [...dims, 2], data: points }),
    visibility: writeNpy({ dims, data: visible, boolean: true }),
  };
}

/**
 * CoTracker's result as a `.npz`: `pred_tracks` (1, 121, N, 2) and
 * `pred_visibility` (1, 121, N), 24 samples per second.
 */
export async function cotrackerNpz(
  tracks: TrackSet,
): Promise<Uint8Array<ArrayBuffer>> {
  const { points, visible } = arraysOf(tracks, ALL, "time-first");
  const dims = [1, TRACK_FRAMES, tracks.count];
  return await writeNpz({
    pred_tracks: { dims: [...dims, 2], data: points },
    pred_visibility: { dims, data: visible, boolean: true },
  });
}

/**
 * TAPIR's result as a `.npz`: `tracks` (N, 121, 2) and `visibles` (N, 121), 24
 * samples per second.
 */
export async function tapirNpz(
  tracks: TrackSet,
): Promise<Uint8Array<ArrayBuffer>> {
  const { points, visible } = arraysOf(tracks, ALL, "tracks-first");
  const dims = [tracks.count, TRACK_FRAMES];
  return await writeNpz({
    tracks: { dims: [...dims, 2], data: points },
    visibles: { dims, data: visible, boolean: true },
  });
}
