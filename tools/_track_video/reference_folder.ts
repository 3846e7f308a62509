/**
 * The folder that the original's tool makes of videos: `images/k.png`,
 * `videos/k.mp4`, `tracks/k.pth`, and one `test.yaml` for all.
 *
 * @module
 */

import { join } from "node:path";
import { fileExists } from "../../core/files/files.ts";
import { openVideo } from "../../core/media/video_reader.ts";
import { createVideo } from "../../core/media/video_writer.ts";
import { TRACK_FPS } from "../../core/tracks/track_set.ts";
import { framesBetween } from "./track_file.ts";
import { cropped } from "./cropped.ts";

/** The files of one video. */
export interface ReferenceFiles {
  /** The first frame. */
  readonly image: string;
  /** The frames that were followed, at 24 per second. */
  readonly video: string;
  readonly track: string;
  readonly jobs: string;
}

/** The files of the next video: the first number that none of them has. */
export async function nextFiles(folder: string): Promise<ReferenceFiles> {
  for (let number = 0;; number++) {
    const files = {
      image: join(folder, "images", `${number}.png`),
      video: join(folder, "videos", `${number}.mp4`),
      track: join(folder, "tracks", `${number}.pth`),
    };
    const there = await Promise.all(Object.values(files).map(fileExists));
    if (there.some(Boolean)) continue;
    return { ...files, jobs: join(folder, "test.yaml") };
  }
}

/** Writes frames of a video by their numbers, which never fall. */
export async function writeFrames(
  input: string,
  output: string,
  options: {
    readonly numbers: readonly number[];
    readonly from: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { numbers, from, signal } = options;
  const video = await openVideo(input);
  const width = video.width & ~1, height = video.height & ~1;
  await using written = await createVideo(output, {
    width,
    height,
    fps: TRACK_FPS,
    signal,
  });
  let number = 0;
  const frames = framesBetween(video, { from, seconds: Infinity, signal });
  for await (const frame of frames) {
    const image = cropped(frame, width, height);
    while (numbers[written.frameCount] === number) await written.write(image);
    if (written.frameCount === numbers.length) break;
    number++;
  }
  await written.finish();
}
