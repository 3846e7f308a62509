#!/usr/bin/env -S deno run --allow-all

/**
 * Draws what each control method gives the model for one of the examples:
 * writes `examples/media/steer_*.jpg`, the drawn tracks, ATI's footprints,
 * Wan-Move's cells, and Time-to-Move's signal and mask, all in the middle of the
 * video.
 *
 * @module
 */

import type { RgbImage } from "../core/base/image.ts";
import { createControl } from "../core/control/create_control.ts";
import {
  samplesInVideo,
  trackCells,
} from "../core/control/wan_move/copy_features.ts";
import { readFileBytes, writeFileAtomic } from "../core/files/files.ts";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { plotTracks } from "../core/media/plot_tracks.ts";
import { motionSignal } from "../core/preview/motion_signal.ts";
import { createWarp } from "../core/preview/warp.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";

const EXAMPLE = "balloons";
/** The latent frame that is shown, and the video frame that it stands for. */
const LATENT_FRAME = 10;
const VIDEO_FRAME = 4 * LATENT_FRAME;
const LATENT_FRAMES = 21;
/** The sizes of the video and of the images in px, and of a latent cell. */
const VIDEO = { width: 832, height: 480 };
const SHOWN = { width: 416, height: 240 };
const CELL = 8;

const folder = new URL("../examples/", import.meta.url);
const image = await decodeImage(
  await readFileBytes(new URL(`images/${EXAMPLE}.jpg`, folder).pathname),
);
const trackFile = new URL(`tracks/${EXAMPLE}.pth`, folder).pathname;
const { tracks } = await readTracks(await readFileBytes(trackFile), {
  name: trackFile,
});

/** An image at another size. */
function scaled(source: RgbImage, size: typeof VIDEO): RgbImage {
  return createWarp(source, size)({
    columns: 1,
    rows: 1,
    source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
  });
}

const video = scaled(image, VIDEO);

/** The image, gray and dark, with a color where something acts on a pixel. */
function marked(
  actsAt: (x: number, y: number) => number,
  [red, green, blue]: readonly [number, number, number],
): RgbImage {
  const { width, height } = VIDEO;
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const [r, g, b] = video.data.subarray(at, at + 3);
      const gray = 0.4 * (0.3 * r! + 0.59 * g! + 0.11 * b!);
      const share = Math.min(1, actsAt(x, y));
      data[at] = gray + share * (red - gray);
      data[at + 1] = gray + share * (green - gray);
      data[at + 2] = gray + share * (blue - gray);
    }
  }
  return { ...VIDEO, data };
}

/** The mask that ATI adds to the condition. */
function footprints(): RgbImage {
  const columns = VIDEO.width / CELL, rows = VIDEO.height / CELL;
  const dims = [16, LATENT_FRAMES, rows, columns];
  const { motion } = createControl({ method: "ati" }).condition({
    tracks,
    image,
    video: { ...VIDEO, frameCount: 81 },
    latent: { dims, data: new Float32Array(dims.reduce((a, b) => a * b)) },
  });
  const mask = motion.data.subarray(LATENT_FRAME * rows * columns);
  return marked(
    (x, y) => mask[Math.floor(y / CELL) * columns + Math.floor(x / CELL)]!,
    [255, 176, 32],
  );
}

/** The cells that Wan-Move copies features to. */
function copiedCells(): RgbImage {
  const columns = VIDEO.width / CELL;
  const found = trackCells(
    samplesInVideo(tracks, { image, video: { ...VIDEO, frameCount: 81 } }),
    { ...VIDEO, latentFrames: LATENT_FRAMES },
  );
  const targets = new Set<number>();
  for (let n = 0; n < found.count; n++) {
    if (found.cells[n * found.frames]! < 0) continue;
    targets.add(found.cells[n * found.frames + LATENT_FRAME]!);
  }
  return marked(
    (x, y) =>
      targets.has(Math.floor(y / CELL) * columns + Math.floor(x / CELL))
        ? 1
        : 0,
    [64, 220, 255],
  );
}

const { signal, mask } = (await Array.fromAsync(
  motionSignal(image, tracks, VIDEO),
))[VIDEO_FRAME]!;
const images = {
  tracks: scaled(plotTracks(image, tracks), VIDEO),
  ati: footprints(),
  wan_move: copiedCells(),
  signal,
  mask,
};
for (const [name, made] of Object.entries(images)) {
  const path = new URL(`media/steer_${name}.jpg`, folder).pathname;
  const bytes = await encodeImage(scaled(made, SHOWN), "jpeg", { quality: 80 });
  await writeFileAtomic(path, bytes, { overwrite: true });
  console.log(`${path}: ${(bytes.length / 1024).toFixed(0)} kB`);
}
