#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX

/**
 * Makes the animations of the README: each example's image with its tracks, and
 * next to it the motion preview.
 *
 * @module
 */

import { readFileBytes, writeFileAtomic } from "../core/files/files.ts";
import { markedObjects } from "../core/jobs/marked_objects.ts";
import { encodeAnimation } from "../core/media/animation.ts";
import { decodeImage } from "../core/media/image.ts";
import { plotTracks } from "../core/media/plot_tracks.ts";
import { motionPreview } from "../core/preview/motion_preview.ts";
import { createWarp } from "../core/preview/warp.ts";
import type { RgbImage } from "../core/base/image.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";

/** The examples in one animation, and the size of each. */
const SHEETS = [
  { file: "landscapes.webp", names: ["boat", "gate"], width: 416, height: 240 },
  {
    file: "portraits.webp",
    names: ["scarf", "rocket"],
    width: 208,
    height: 360,
  },
];

/** Every second frame, eight per second. */
const STEP = 2;

function path(file: string): string {
  return new URL(file, import.meta.url).pathname;
}

/** Shrinks an image with the preview's own antialiased warp. */
function shrink(image: RgbImage, size: { width: number; height: number }) {
  const source = new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]);
  return createWarp(image, size)({ columns: 1, rows: 1, source });
}

/** Copies `image` into `sheet` with its top left corner at (left, top). */
function paste(
  sheet: RgbImage,
  image: RgbImage,
  [left, top]: readonly [number, number],
): void {
  for (let y = 0; y < image.height; y++) {
    const row = 3 * y * image.width;
    sheet.data.set(
      image.data.subarray(row, row + 3 * image.width),
      3 * ((top + y) * sheet.width + left),
    );
  }
}

for (const { file, names, width, height } of SHEETS) {
  const landscape = width > height;
  const size = landscape
    ? { width: 2 * width, height: names.length * height }
    : { width: 2 * names.length * width, height };
  const sheets: RgbImage[] = [];
  for (const [at, name] of names.entries()) {
    const imageFile = path(`images/${name}.jpg`);
    const trackFile = path(`tracks/${name}.pth`);
    const image = await decodeImage(await readFileBytes(imageFile));
    const { tracks } = await readTracks(await readFileBytes(trackFile), {
      name: trackFile,
    });
    const drawn = shrink(plotTracks(image, tracks, {}), { width, height });
    let shown = 0;
    const { objects } = await markedObjects(trackFile, {
      trackCount: tracks.count,
      image,
    });
    const frames = motionPreview(image, tracks, { width, height, objects });
    for (const frame of frames) {
      if (shown++ % STEP !== 0) continue;
      const sheet = sheets[(shown - 1) / STEP] ??= {
        ...size,
        data: new Uint8Array(3 * size.width * size.height),
      };
      const [left, top] = landscape ? [0, at * height] : [2 * at * width, 0];
      paste(sheet, drawn, [left, top]);
      paste(sheet, frame, [left + width, top]);
    }
  }
  const bytes = await encodeAnimation(sheets, {
    format: "webp",
    fps: 8,
    quality: 82,
  });
  await writeFileAtomic(path(`media/${file}`), bytes, { overwrite: true });
  console.log(`media/${file}: ${bytes.length} bytes`);
}
