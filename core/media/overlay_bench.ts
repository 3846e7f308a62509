/**
 * What drawing costs: trails over 81 frames of 832x480, as
 * `paint_point_track` of the reference paints them, against a plain
 * transcription of it; tracks over an image; a whole video decoded, painted and
 * encoded, against decoding and encoding it alone.
 *
 * The reference itself, measured on two shared cores: 81 frames 0.5 s, 5.5 s
 * and 51 to 55 s for 5, 50 and 500 tracks; one image 6 to 13 ms, 62 to 71 ms
 * and 0.7 to 1 s.
 *
 * @module
 */

import type { RgbImage } from "../base/image.ts";
import { TrackSet } from "../tracks/track_set.ts";
import { plotTracks } from "./plot_tracks.ts";
import { overlayTracks } from "./overlay_tracks.ts";
import {
  createTrackPainter,
  tracksForVideo,
  type VideoTracks,
} from "./track_painter.ts";
import { createVideo } from "./video_writer.ts";

const SIZE = { width: 832, height: 480 };
const FRAMES = 81;

/** N tracks that wander over the image. */
function wandering(count: number): TrackSet {
  return TrackSet.fromPoints(
    Array.from(
      { length: count },
      (_, track) =>
        Array.from({ length: 121 }, (_, frame) => ({
          x: 80 + (track * 37) % 650 + 60 * Math.sin(frame / 20 + track),
          y: 60 + (track * 53) % 360 + 50 * Math.cos(frame / 15 + track),
          visible: (frame + track) % 40 !== 0,
        })),
    ),
  );
}

/** The loops of the reference, word for word, each disc by its inequality. */
function paintPlainly(frame: RgbImage, index: number, tracks: VideoTracks) {
  const { count, frames, points, visible } = tracks;
  const { width, height, data } = frame;
  for (let track = 0; track < count; track++) {
    for (let past = 0; past <= index; past++) {
      const at = track * frames + past;
      if (!visible[at] || index - past > 50) continue;
      const ratio = 1 - (index - past) / 50;
      const radius = Math.round(1 + 5 * ratio);
      const color = [255 * ratio, 255 * (1 - ratio), 0].map(Math.trunc);
      const cx = Math.trunc(points[2 * at]! + 0.5);
      const cy = Math.trunc(points[2 * at + 1]! + 0.5);
      for (let y = cy - radius; y <= cy + radius; y++) {
        for (let x = cx - radius; x <= cx + radius; x++) {
          if (x < 0 || y < 0 || x >= width || y >= height) continue;
          if ((x - cx) ** 2 + (y - cy) ** 2 > radius * radius + radius) {
            continue;
          }
          data.set(color, 3 * (y * width + x));
        }
      }
    }
  }
}

const blank = () => ({
  ...SIZE,
  data: new Uint8Array(3 * SIZE.width * SIZE.height),
});

for (const count of [5, 50, 500]) {
  const tracks = tracksForVideo(wandering(count), {
    image: SIZE,
    video: { ...SIZE, fps: 16 },
  });
  const paint = createTrackPainter(tracks);
  const frame = blank();
  const group = `trails, ${count} tracks, ${FRAMES} frames`;
  Deno.bench(`painter, ${count}`, { group, n: 5 }, () => {
    for (let index = 0; index < FRAMES; index++) paint(frame, index);
  });
  Deno.bench(`plain loops, ${count}`, { group, baseline: true, n: 2 }, () => {
    for (let index = 0; index < FRAMES; index++) {
      paintPlainly(frame, index, tracks);
    }
  });
}

for (const count of [5, 50, 500]) {
  const tracks = wandering(count);
  const image = blank();
  const group = `image, ${count} tracks`;
  Deno.bench(`smooth, ${count}`, { group, n: 5 }, () => {
    plotTracks(image, tracks);
  });
  Deno.bench(
    `as the reference, ${count}`,
    { group, baseline: true, n: 5 },
    () => {
      plotTracks(image, tracks, { compat: "reference" });
    },
  );
}

const folder = await Deno.makeTempDir();
const film = `${folder}/video.mp4`;
{
  await using video = await createVideo(film, SIZE);
  const frame = blank();
  for (let index = 0; index < FRAMES; index++) {
    for (let i = 0; i < frame.data.length; i++) {
      frame.data[i] = 128 + 90 * Math.sin((i + 700 * index) / 5000) +
        (Math.imul(i + index, 2654435761) >>> 29);
    }
    await video.write(frame);
  }
  await video.finish();
}
globalThis.addEventListener("unload", () => {
  Deno.removeSync(folder, { recursive: true });
});

const group = `a video of ${FRAMES} frames, 832x480`;
for (const count of [0, 20, 500]) {
  Deno.bench({
    name: count === 0
      ? "decode and encode alone"
      : `decode, paint ${count} tracks, encode`,
    group,
    baseline: count === 0,
    n: 2,
    warmup: 0,
    async fn() {
      await overlayTracks(film, `${folder}/out.mp4`, {
        tracks: wandering(count),
        overwrite: true,
      });
    },
  });
}
