#!/usr/bin/env -S deno run --allow-read --allow-write --allow-ffi --allow-env=npm_package_config_libvips,MALLOC_ARENA_MAX

/**
 * Draws the six example images and writes their tracks, marked objects, and `test.yaml`.
 *
 * The scenes are code (`scenes/`): SVG for the image, functions of time for the
 * tracks. Every run gives the same tracks and job file; the images are the same
 * with the same version of the renderer.
 *
 * @module
 */

import { upsertJob } from "../core/jobs/edit_jobs.ts";
import { writeFileAtomic } from "../core/files/files.ts";
import { encodeImage } from "../core/media/image.ts";
import { renderSvg } from "../core/media/svg.ts";
import type { RgbImage } from "../core/base/image.ts";
import { seeded } from "../core/base/seeded.ts";
import { formatObjects, objectsPath } from "../core/tracks/motion_objects.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { type Scene, tracksOf } from "./scenes/_scene.ts";
import { balloonsScene } from "./scenes/balloons.ts";
import { boatScene } from "./scenes/boat.ts";
import { dunesScene } from "./scenes/dunes.ts";
import { gateScene } from "./scenes/gate.ts";
import { rocketScene } from "./scenes/rocket.ts";
import { scarfScene } from "./scenes/scarf.ts";

const SCENES: readonly Scene[] = [
  boatScene,
  balloonsScene,
  scarfScene,
  gateScene,
  dunesScene,
  rocketScene,
];

const HEADER =
  `# Six images with their tracks and prompts. Paths are resolved relative to
# this file's folder first, then to the working directory.
# Made by make_examples.ts, which holds the scenes.
`;

/** Renders the scene, with a little grain against banding in gradients. */
async function render({ svg, size }: Scene): Promise<RgbImage> {
  const { data } = await renderSvg(svg(), size);
  const random = seeded(1);
  const grained = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i += 3) {
    const grain = (random() + random() - 1) * 7;
    for (let c = 0; c < 3; c++) {
      const value = Math.round(data[i + c]! + grain);
      grained[i + c] = Math.min(255, Math.max(0, value));
    }
  }
  return { ...size, data: grained };
}

if (import.meta.main) {
  const folder = import.meta.dirname!;
  let jobs = HEADER;
  for (const scene of SCENES) {
    const image = `images/${scene.name}.jpg`;
    const track = `tracks/${scene.name}.pth`;
    const overwrite = { overwrite: true };
    await writeFileAtomic(
      `${folder}/${image}`,
      await encodeImage(await render(scene), "jpeg", { quality: 88 }),
      overwrite,
    );
    const tracks = await writeTracks(tracksOf(scene), "pth");
    await writeFileAtomic(`${folder}/${track}`, tracks, overwrite);
    if (scene.objects) {
      const hash = await crypto.subtle.digest("SHA-256", tracks);
      const objects = formatObjects({
        image: scene.size,
        trackHash: new Uint8Array(hash).toHex(),
        objects: scene.objects,
      });
      await writeFileAtomic(
        objectsPath(`${folder}/${track}`),
        objects,
        overwrite,
      );
    }
    jobs = upsertJob(jobs, { image, text: scene.prompt, track });
  }
  await writeFileAtomic(`${folder}/test.yaml`, jobs, { overwrite: true });
}
