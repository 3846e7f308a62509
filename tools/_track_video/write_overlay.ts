/**
 * A video with the tracks that were taken out of it.
 *
 * @module
 */

import type { RgbImage } from "../../core/base/image.ts";
import { createTrackPainter } from "../../core/media/track_painter.ts";
import { openVideo } from "../../core/media/video_reader.ts";
import { createVideo } from "../../core/media/video_writer.ts";
import type { PointTracks } from "../../core/tracking/point_tracker.ts";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import { cropped } from "./cropped.ts";
import { framesBetween } from "./track_file.ts";

/** The video at 24 frames per second with the tracks painted over it. */
export async function writeOverlay(
  input: string,
  output: string,
  tracks: PointTracks,
  options: {
    readonly from: number;
    readonly seconds: number;
    readonly overwrite?: boolean | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { from, seconds, signal } = options;
  const overwrite = options.overwrite ?? false;
  const video = await openVideo(input);
  const width = video.width & ~1, height = video.height & ~1;
  const { count, frames, positions: points, visible } = tracks;
  const paint = createTrackPainter({ count, frames, points, visible });
  await using overlaid = await createVideo(output, {
    width,
    height,
    fps: TRACK_FPS,
    crf: 18,
    preset: "faster",
    overwrite,
    signal,
  });
  let sample = 0;
  let shown: RgbImage | undefined;
  const writeUntil = async (time: number) => {
    for (
      ;
      shown && sample < frames && sample / TRACK_FPS < time - 1e-6;
      sample++
    ) {
      const frame = cropped(shown, width, height);
      paint(frame, sample);
      await overlaid.write(frame);
    }
  };
  for await (const frame of framesBetween(video, { from, seconds, signal })) {
    await writeUntil(frame.time);
    shown = frame;
  }
  await writeUntil(Infinity);
  await overlaid.finish();
}
