#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX,AV_FROM_SOURCE

/**
 * Tracks drawn in code: the moon rises over the lake while the boat sails off
 * and the camera zooms in. Writes the motion preview, and the tracks for
 * `generate.ts`, into a folder (`output` by default).
 *
 * @module
 */

import {
  applyCameraMoves,
  createVideo,
  decodeImage,
  drawTrack,
  mergeTracks,
  motionPreview,
  readFileBytes,
  TrackSet,
  validateTracks,
  VIDEO_FPS,
  writeFileAtomic,
  writeTracks,
} from "../mod.ts";

const imagePath = `${import.meta.dirname}/images/boat.jpg`;
const folder = Deno.args[0] ?? "output";
const image = await decodeImage(await readFileBytes(imagePath));

// Objects that move: along a curve through points, or by a function of time.
const boat = [[0, -77], [-70, -15], [70, -15], [-39, 22], [39, 22]];
const objects = TrackSet.fromPoints([
  ...boat.map(([x, y]) =>
    drawTrack(
      [[250, 378], [330, 372], [430, 380]].map(([left, top]) => ({
        x: left! + x!,
        y: top! + y!,
      })),
      { easing: "ease-in-out" },
    )
  ),
  drawTrack((t) => ({ x: 560, y: 112 - 40 * t })),
]);
// Static anchors hold the rest of the image.
const shore = TrackSet.fromPoints(
  [60, 160, 260, 360, 460, 620, 770].map((x) => drawTrack([{ x, y: 258 }])),
);
// A camera move acts on all tracks.
const tracks = applyCameraMoves(mergeTracks(objects, shore), {
  kind: "zoom",
  factor: 1.15,
  center: { x: image.width / 2, y: image.height / 2 },
}, { easing: "ease-out" });

for (const { message } of validateTracks(tracks, image)) console.warn(message);

await writeFileAtomic(
  `${folder}/script.pth`,
  await writeTracks(tracks, "pth"),
  { overwrite: true },
);
await using video = await createVideo(`${folder}/script.mp4`, {
  width: image.width,
  height: image.height,
  fps: VIDEO_FPS,
  metadata: { comment: "motion preview" },
  overwrite: true,
});
for (const frame of motionPreview(image, tracks)) await video.write(frame);
await video.finish();
console.log(`${folder}/script.mp4 and ${folder}/script.pth`);
