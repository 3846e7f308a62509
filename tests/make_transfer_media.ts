#!/usr/bin/env -S deno run --allow-all

/**
 * Shows for the README how a video's motion moves another image: follows points
 * through the motion preview of one example and puts them onto another: a boat's
 * motion moves a balloon. Writes
 * `examples/media/transfer.webp`, the video with the tracks found in it, next to
 * the other image's preview.
 *
 * @module
 */

import type { RgbImage } from "../core/base/image.ts";
import { readFileBytes, writeFileAtomic } from "../core/files/files.ts";
import { encodeAnimation } from "../core/media/animation.ts";
import { decodeImage } from "../core/media/image.ts";
import {
  createTrackPainter,
  tracksForVideo,
} from "../core/media/track_painter.ts";
import { motionPreview } from "../core/preview/motion_preview.ts";
import {
  choosePoints,
  keptTracks,
  texturedPoints,
} from "../core/tracking/choose_points.ts";
import { placeTracks } from "../core/tracking/place_tracks.ts";
import { trackPoints } from "../core/tracking/point_tracker.ts";
import { sampleTracks, toTrackSet } from "../core/tracking/sample_tracks.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import type { TrackSet } from "../core/tracks/track_set.ts";

const VIDEO_OF = "boat", TARGET = "balloons";
/** The size of each half in px, and the preview's rate shown. */
const SIZE = { width: 416, height: 240 };
const FPS = 8;

const folder = new URL("../examples/", import.meta.url);
const exampleImage = async (name: string) =>
  await decodeImage(
    await readFileBytes(new URL(`images/${name}.jpg`, folder).pathname),
  );
const trackFile = new URL(`tracks/${VIDEO_OF}.pth`, folder).pathname;
const { tracks: drawn } = await readTracks(await readFileBytes(trackFile), {
  name: trackFile,
});

/** Every second frame of the preview's 16 per second. */
function preview(image: RgbImage, tracks: TrackSet): RgbImage[] {
  return [...motionPreview(image, tracks, SIZE)].filter((_, t) => t % 2 === 0);
}

const frames = preview(await exampleImage(VIDEO_OF), drawn);
const followed = await trackPoints(
  frames,
  texturedPoints(frames[0]!, { columns: 10, rows: 6 })
    .map((point) => ({ frame: 0, ...point })),
);
const sampled = sampleTracks(followed, frames.map((_, t) => t / FPS));
const chosen = choosePoints(sampled, { ...SIZE, count: 20 });
const found = keptTracks(sampled, chosen);

const target = await exampleImage(TARGET);
const placed = placeTracks(found, {
  video: SIZE,
  image: target,
  // From the boat to the large balloon.
  placement: {
    kind: "pairs",
    pairs: [{ from: { x: 127, y: 184 }, to: { x: 230, y: 214 } }],
  },
  motion: "both",
});
const moved = preview(target, toTrackSet(placed.tracks));

/** Two images of one size, next to each other. */
function sideBySide(left: RgbImage, right: RgbImage): RgbImage {
  const { width, height } = left;
  const data = new Uint8Array(6 * width * height);
  for (let y = 0; y < height; y++) {
    [left, right].forEach((half, i) => {
      const row = half.data.subarray(3 * y * width, 3 * (y + 1) * width);
      data.set(row, 3 * (2 * y + i) * width);
    });
  }
  return { width: 2 * width, height, data };
}

const paint = createTrackPainter(
  tracksForVideo(toTrackSet(found), {
    image: SIZE,
    video: { ...SIZE, fps: FPS },
  }),
);
const shown = frames.map((frame, t) => {
  paint(frame, t);
  return sideBySide(frame, moved[t]!);
});
const bytes = await encodeAnimation(shown, {
  format: "webp",
  fps: FPS,
  quality: 60,
});
const path = new URL("media/transfer.webp", folder).pathname;
await writeFileAtomic(path, bytes, { overwrite: true });
console.log(
  `${path}: ${(bytes.length / 1024).toFixed(0)} kB; ${
    chosen.segments.map(({ kind }) => kind).join(" + ")
  } motion, ${placed.tracks.count} tracks`,
);
