#!/usr/bin/env -S deno run --allow-all

/**
 * Records the editor in Chromium for the README: strokes are drawn, a grid of
 * anchors is added, the preview moves. Writes `examples/media/editor.webp` and a
 * still of the page, `editor.jpg`.
 *
 * @module
 */

import { writeFileAtomic } from "../core/files/files.ts";
import { encodeAnimation } from "../core/media/animation.ts";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { createWarp } from "../core/preview/warp.ts";
import type { RgbImage } from "../core/base/image.ts";
import { TRACK_FRAMES } from "../core/tracks/track_set.ts";

/** The last frame of the timeline. */
const LAST_FRAME = TRACK_FRAMES - 1;
import { INSET } from "../editor/client/timeline/frames.ts";
import { findChromium, launch, openEditor } from "./fixtures/browser.ts";

const path = findChromium();
if (path === undefined) throw new Error("Cannot video the editor: no Chromium");

/** The size of the window, and of the moving image. */
const VIEWPORT = { width: 1280, height: 720 };
const SHOWN = { width: 896, height: 504 };

/** The frame of the preview that the still shows. */
const STILL_FRAME = 80;

await using browser = await launch(path);
const editor = await openEditor(browser, {
  viewport: VIEWPORT,
  images: ["boat", "balloons", "gate"].map((name) =>
    new URL(`../examples/images/${name}.jpg`, import.meta.url)
  ),
});
const { page, onPage } = editor;
const frames: RgbImage[] = [];
let still: RgbImage | undefined;
let image: RgbImage | undefined;

/** Adds the page as it is to the video, `times` frames long. */
async function shoot(times = 1): Promise<void> {
  still = await decodeImage(new Uint8Array(await page.screenshot()));
  const small = createWarp(still, SHOWN)({
    columns: 1,
    rows: 1,
    source: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]),
  });
  for (let i = 0; i < times; i++) frames.push(small);
}

/** Draws a stroke through places of the image, videoed every other point. */
async function stroke(
  pointAt: (share: number) => { x: number; y: number },
): Promise<void> {
  const points = 18;
  for (let i = 0; i <= points; i++) {
    const { x, y } = pointAt(i / points);
    const at = await onPage(x, y);
    await page.mouse.move(at.x, at.y);
    if (i === 0) await page.mouse.down();
    if (i % 3 === 0) await shoot();
  }
  await page.mouse.up();
  await shoot(3);
}

await shoot(4);
await page.keyboard.press("b");
// Bow, stern, sail and reflection of the boat, all along the same wave.
for (
  const [x, y] of [[185, 360], [316, 360], [250, 318], [250, 400]] as const
) {
  await stroke((s) => ({ x: x + 190 * s, y: y + 10 * Math.sin(6 * s) }));
}
// Anchors hold everything else: a grid that avoids what moves.
await page.keyboard.press("a");
await shoot(3);
await page.getByRole("button", { name: "Add grid" }).click();
await shoot(5);
await page.keyboard.press("v");
await page.getByRole("button", { name: "Stroke 3" }).first().click();
await page.waitForTimeout(500);
await shoot(3);

// Scrub with the ruler; the still is from the middle.
const ruler =
  (await page.getByRole("slider", { name: "Frame" }).boundingBox())!;
const at = (frame: number) =>
  [
    ruler.x + INSET + (ruler.width - 2 * INSET) * frame / LAST_FRAME,
    ruler.y + ruler.height / 2,
  ] as const;
await page.mouse.move(...at(0));
await page.mouse.down();
for (let frame = 0; frame <= LAST_FRAME; frame += 4) {
  await page.mouse.move(...at(frame));
  await shoot();
  if (frame === STILL_FRAME) image = still;
}
await shoot(6);
await editor.close();

const media = (name: string) =>
  new URL(`../examples/media/${name}`, import.meta.url).pathname;
const video = await encodeAnimation(frames, {
  format: "webp",
  fps: 8,
  quality: 86,
});
const overwrite = { overwrite: true };
await writeFileAtomic(media("editor.webp"), video, overwrite);
const jpeg = await encodeImage(image!, "jpeg", { quality: 85 });
await writeFileAtomic(media("editor.jpg"), jpeg, overwrite);
console.log(`editor.webp: ${video.length} bytes, editor.jpg: ${jpeg.length}`);
