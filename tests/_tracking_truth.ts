/**
 * Videos with known point motion, `<name>.mp4` and `<name>.npz` in a folder.
 */

import { openVideo } from "../core/media/video_reader.ts";
import type { RgbImage } from "../core/rgb_image.ts";
import type {
  PointQuery,
  PointTracks,
} from "../core/tracking/point_tracker.ts";
import { openNpz } from "../core/tracks/npz.ts";
import { goldenUrl } from "./_golden.ts";
import { fileURLToPath } from "node:url";

/** The videos of the repository itself. */
export const TRUTH_FOLDER = fileURLToPath(goldenUrl("tracking_truth"));

/** One video and the truth about it. */
export interface TrackingTruth {
  readonly width: number;
  readonly height: number;
  readonly truth: PointTracks;
  /** Each point in the first frame in which it can be seen. */
  readonly queries: PointQuery[];
  readonly queryFrames: number[];
  /** The frames, from the first one at every call. */
  frames(): AsyncGenerator<RgbImage, void>;
}

/** Opens a video of a folder and its truth. */
export async function readTrackingTruth(
  name: string,
  folder = TRUTH_FOLDER,
): Promise<TrackingTruth> {
  const file = `${folder}/${name}.npz`;
  const npz = openNpz(await Deno.readFile(file), { name: file });
  const tracks = await npz.array("tracks");
  const [count, frames] = tracks.dims as [number, number];
  const positions = tracks.data as Float32Array;
  const visible = (await npz.array("visible")).data as Uint8Array;
  const queryFrames = Array.from(
    (await npz.array("query_frame")).data as Int32Array,
  );
  const video = await openVideo(`${folder}/${name}.mp4`);
  return {
    width: video.width,
    height: video.height,
    truth: { count, frames, positions, visible },
    queries: queryFrames.map((frame, n) => ({
      frame,
      x: positions[2 * (n * frames + frame)]!,
      y: positions[2 * (n * frames + frame) + 1]!,
    })),
    queryFrames,
    frames: () => video.frames(),
  };
}
