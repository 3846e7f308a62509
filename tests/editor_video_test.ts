/**
 * The preview that the page exports, in a real browser: every frame is in the
 * file, and each is what the tools would show, and what the page shows.
 */

import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { loadSharp } from "../core/media/_sharp.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { layeredMotion } from "../core/preview/layered_motion.ts";
import { motionPreview } from "../core/preview/motion_preview.ts";
import { previewSegments } from "../core/preview/preview_segments.ts";
import { LongTracks } from "../core/tracks/long_tracks.ts";
import { VIDEO_FRAMES } from "../core/tracks/resample.ts";
import type { RgbImage } from "../core/base/image.ts";
import { renderDocument } from "../editor/model/render_document.ts";
import {
  browserTests,
  type EditorPage,
  type OpenEditor,
  type Page,
} from "./fixtures/browser.ts";
import { BOAT, saved, settled, stroke } from "./fixtures/editor_hand.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

/** The mean difference of two images, in levels of 255. */
function difference(a: RgbImage, b: RgbImage): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let sum = 0;
  a.data.forEach((value, i) => sum += Math.abs(value - b.data[i]!));
  return sum / a.data.length;
}

/** Half as large, each pixel the mean of four. */
function halved({ width, height, data }: RgbImage): RgbImage {
  const half = { width: width / 2, height: height / 2 };
  const small = new Uint8Array(3 * half.width * half.height);
  for (let i = 0; i < small.length; i++) {
    const channel = i % 3, pixel = (i - channel) / 3;
    const x = pixel % half.width, y = (pixel - x) / half.width;
    const at = 3 * (2 * y * width + 2 * x) + channel;
    const below = at + 3 * width;
    small[i] = (data[at]! + data[at + 3]! + data[below]! + data[below + 3]!) /
      4;
  }
  return { ...half, data: small };
}

interface Video {
  readonly editor: EditorPage;
  /** The image, 208 x 120. */
  readonly image: RgbImage;
  /** The frames as the tools make them. */
  readonly expected: readonly RgbImage[];
  /** Exports; answers with the path of the file. */
  exported(kind: "mp4" | "webp"): Promise<string>;
}

/** The image as the page shows it at a frame, at 100 %, without tracks. */
async function imageAt(editor: EditorPage, frame: number): Promise<RgbImage> {
  const { page } = editor;
  await page.getByRole("spinbutton", { name: "Frame" }).fill(`${frame}`);
  await page.keyboard.press("Enter");
  await page.evaluate(() => {
    for (const name of ["tracks", "top"]) {
      const layer = document.querySelector<HTMLElement>(
        `.stage canvas.${name}`,
      )!;
      layer.style.visibility = "hidden";
    }
  });
  // What the stroke carries is cut out by the worker.
  await page.locator(
    `.stage canvas.image[data-layers="${frame > 0 ? 1 : 0}"]`,
  ).waitFor();
  await settled(page);
  const at = await editor.onPage(0, 0);
  const shot = await page.screenshot({
    clip: { ...at, width: 208, height: 120 },
  });
  return await decodeImage(new Uint8Array(shot));
}

async function closeDialog(page: Page): Promise<void> {
  const open = page.getByRole("dialog");
  await open.getByRole("button", { name: "Close" }).first().click();
  await open.waitFor({ state: "hidden" });
}

/** An editor with a small image and one stroke on it. */
async function withVideo(
  open: OpenEditor,
  run: (video: Video) => Promise<void>,
): Promise<void> {
  await using temporary = await temporaryFolder();
  const large = await decodeImage(await Deno.readFile(BOAT));
  const image = halved(halved(large));
  const path = temporary.file("small.png");
  await Deno.writeFile(path, await encodeImage(image, "png"));
  const editor = await open({ images: [pathToFileURL(path)] });
  const { page } = editor;
  page.setDefaultTimeout(60_000);
  await stroke(editor, [{ x: 55, y: 80 }, { x: 110, y: 55 }, {
    x: 150,
    y: 85,
  }]);
  const tracks = renderDocument(await saved(editor));
  const expected = [...motionPreview(image, tracks)];
  assert.ok(difference(expected[0]!, expected[80]!) > 6, "it moves");
  await run({
    editor,
    image,
    expected,
    async exported(kind) {
      await page.getByRole("button", { name: "Export" }).click();
      const download = page.waitForEvent("download");
      await page.getByRole("dialog").getByRole("button", { name: `.${kind}` })
        .click();
      const file = await download;
      assert.equal(file.suggestedFilename(), `00-preview.${kind}`);
      const path = await file.path();
      // Keys are the dialog's, though the button that was pressed is disabled
      // for a while: the track is not deleted behind it.
      await page.keyboard.press("Delete");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      assert.equal((await saved(editor)).tracks.length, 1);
      return path;
    },
  });
  assert.deepEqual(editor.complaints, []);
}

/** One page and its expected frames serve all of these, in this order. */
const STEPS: Readonly<Record<string, (video: Video) => Promise<void>>> = {
  "mp4: 81 frames at 16 per second, each as the tools show it": async (
    { expected, exported },
  ) => {
    const video = await openVideo(await exported("mp4"));
    assert.deepEqual(
      [video.width, video.height, video.fps, video.frameCount],
      [208, 120, 16, VIDEO_FRAMES],
    );
    let index = 0, most = 0;
    for await (const frame of video.frames()) {
      const here = difference(frame, expected[index]!);
      most = Math.max(most, here);
      // It is this frame, and not the one before it or after it.
      for (const other of [expected[index - 1], expected[index + 1]]) {
        if (other) assert.ok(here < difference(frame, other), `${index}`);
      }
      index++;
    }
    assert.equal(index, VIDEO_FRAMES);
    console.log(`mp4: largest mean difference ${most.toFixed(2)} of 255`);
    assert.ok(most < 3, `${most}`);
  },

  "webp: an animation of 81 frames over 5.06 seconds, as the tools show them":
    async ({ expected, exported }) => {
      const bytes = await Deno.readFile(await exported("webp"));
      const sharp = await loadSharp();
      const { pages, delay, loop, format } = await sharp(bytes, {
        animated: true,
      }).metadata();
      assert.deepEqual([format, pages, loop], ["webp", VIDEO_FRAMES, 0]);
      assert.equal(delay!.reduce((sum, ms) => sum + ms, 0), 5063);
      // All at once, one below the other: a frame alone takes all before it.
      const { data, info } = await sharp(bytes, { animated: true })
        .removeAlpha().raw().toBuffer({ resolveWithObject: true });
      const { width } = info, height = info.pageHeight!;
      const length = 3 * width * height;
      assert.equal(data.length, VIDEO_FRAMES * length);
      let most = 0;
      for (let page = 0; page < VIDEO_FRAMES; page++) {
        const pixels = data.subarray(page * length, (page + 1) * length);
        const frame = { width, height, data: pixels };
        most = Math.max(most, difference(frame, expected[page]!));
      }
      console.log(`webp: largest mean difference ${most.toFixed(2)} of 255`);
      assert.ok(most < 3, `${most}`);
    },

  "the page shows the same image at the same frame": async (
    { editor, expected },
  ) => {
    await editor.page.keyboard.press("v");
    await editor.page.keyboard.press("1"); // 100 %
    for (const frame of [0, 60, 120]) {
      const shown = await imageAt(editor, frame);
      const index = frame / 1.5;
      const most = difference(shown, expected[index]!);
      const beside = expected[index === 80 ? 79 : index + 1]!;
      if (frame > 0) assert.ok(most < difference(shown, beside));
      console.log(`page, frame ${frame}: mean difference ${most.toFixed(2)}`);
      assert.ok(most < 3, `frame ${frame}: ${most}`);
    }
  },

  "of a longer video, the page shows the frames of its segments": async (
    { editor, image },
  ) => {
    const { page } = editor;
    await page.getByLabel("Length").fill("10");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Stroke 1", exact: true }).first()
      .click();
    await page.getByLabel("End", { exact: true }).fill("240");
    await page.keyboard.press("Enter");
    const points = [...renderDocument(await saved(editor))];
    const tracks = LongTracks.fromPoints(points, { frames: 241 });
    const { width, height } = image;
    const options = { width, height, size: { width, height } };
    const frames = [...previewSegments(image, tracks, options)];
    const whole = layeredMotion(image, tracks, options);
    for (const frame of [201, 120]) {
      const shown = await imageAt(editor, frame);
      const expected = frames[frame / 1.5]!;
      const most = difference(shown, expected);
      const inOnePiece = difference(shown, whole(frame).image);
      console.log(
        `page, frame ${frame} of 240: mean difference ${
          most.toFixed(2)
        }, from one piece ${inOnePiece.toFixed(2)}`,
      );
      assert.ok(most < 3, `frame ${frame}: ${most}`);
      if (frame > 120) assert.ok(most < inOnePiece - 1);
    }
    for (let i = 0; i < 2; i++) {
      await page.getByRole("button", { name: "Undo" }).click();
    }
    assert.equal((await saved(editor)).frames, undefined);
  },

  "a video that is stopped leaves nothing behind": async ({ editor }) => {
    const { page } = editor;
    await page.getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog");
    const webp = dialog.getByRole("button", { name: ".webp" });
    await webp.click();
    await dialog.getByRole("button", { name: "Stop" }).click();
    await page.waitForFunction(() => {
      const bar = document.querySelector("dialog progress");
      return (bar as HTMLProgressElement).value === 0;
    });
    assert.ok(await webp.isEnabled());
    const working = () =>
      page.workers().some((worker) => worker.url().endsWith("video.js"));
    for (let i = 0; i < 600 && working(); i++) await page.waitForTimeout(100);
    assert.equal(working(), false);
    await closeDialog(page);
  },

  "what a browser cannot make is not offered": async ({ editor }) => {
    const { page } = editor;
    await page.evaluate(() => {
      Reflect.deleteProperty(globalThis, "VideoEncoder");
      HTMLCanvasElement.prototype.toDataURL = () => "data:image/png;base64,";
    });
    await page.getByRole("button", { name: "Export" }).click();
    const dialog = page.getByRole("dialog");
    const webp = dialog.getByRole("button", {
      name: "This browser cannot write WebP",
    });
    await webp.waitFor();
    assert.ok(await webp.isDisabled());
    // The tools may be started here.
    const mp4 = dialog.getByRole("button", { name: "made by the tools" });
    assert.ok(await mp4.isEnabled());
  },
};

browserTests("editor, videos", {
  "videos of the page are those of the tools": (open) =>
    withVideo(open, async (video) => {
      for (const [name, step] of Object.entries(STEPS)) {
        console.log(name);
        await step(video);
      }
    }),
});
