/**
 * How the image itself is drawn, in a real browser: warped also where there
 * is no WebGL, and as sharp as its file when it is magnified.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeImage, encodeImage } from "../core/media/image.ts";
import { readImageHeader } from "../core/media/image_header.ts";
import type { RgbImage } from "../core/base/image.ts";
import {
  browserTests,
  type EditorPage,
  findChromium,
  launch,
  openEditor,
  type Page,
} from "./fixtures/browser.ts";
import { imageKinds } from "./fixtures/image_kinds.ts";
import {
  BOAT,
  drag,
  keys,
  settled,
  turned,
  withBoat,
} from "./fixtures/editor_hand.ts";

/** What is to be seen between two positions of the image. */
async function look(
  editor: EditorPage,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Promise<RgbImage> {
  const { page } = editor;
  const from = await editor.onPage(left, top);
  const to = await editor.onPage(right, bottom);
  const clip = {
    ...from,
    width: Math.max(1, to.x - from.x),
    height: Math.max(1, to.y - from.y),
  };
  return await decodeImage(await page.screenshot({ clip }));
}

/** The mean difference of two images, in 255ths. */
function difference(a: RgbImage, b: RgbImage): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) {
    sum += Math.abs(a.data[i]! - b.data[i]!);
  }
  return sum / a.data.length;
}

/** Draws a path over the boat, and answers with the last frame below it. */
async function lastFrame(
  editor: EditorPage,
): Promise<{ still: RgbImage; moved: RgbImage }> {
  const { page } = editor;
  await drag(editor, [{ x: 250, y: 340 }, { x: 450, y: 340 }]);
  await keys(page, "v", "Escape");
  await page.mouse.move(5, 300);
  await settled(page);
  const part = [180, 390, 360, 460] as const;
  const still = await look(editor, part);
  await keys(page, "End");
  await settled(page);
  return { still, moved: await look(editor, part) };
}

/** A browser that knows no WebGL warps the image nearly as one with WebGL2. */
async function assertSameWithoutWebgl(
  editor: EditorPage,
  webgl: { still: RgbImage; moved: RgbImage },
): Promise<void> {
  const { page } = editor;
  assert.equal(
    await page.evaluate(() =>
      document.createElement("canvas").getContext("webgl2")
    ),
    null,
  );
  await page.getByText("This browser has no WebGL2").waitFor();
  const plain = await lastFrame(editor);
  const moved = difference(webgl.still, webgl.moved);
  assert.ok(moved > 8, `the water moved by ${moved}`);
  const still = difference(webgl.still, plain.still);
  const apart = difference(webgl.moved, plain.moved);
  console.log(
    `WebGL2 and canvas: ${still.toFixed(2)} apart at rest, ${
      apart.toFixed(2)
    } warped, of ${moved.toFixed(1)} that moved`,
  );
  assert.ok(still < 2, `${still} apart at rest`);
  assert.ok(apart < 3, `${apart} apart when warped`);
  // It plays, can be switched off, and goes back to frame 0.
  await keys(page, "Home", " ");
  await page.getByText(/Frame [2-9]\d? \/ 120/).first().waitFor();
  await keys(page, " ", "End");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.mouse.move(5, 300);
  await settled(page);
  const off = await look(editor, [180, 390, 360, 460]);
  const left = difference(off, plain.still);
  assert.ok(left < 0.5, `${left} without the preview`);
  assert.deepEqual(editor.complaints, []);
}

/** An image of black and white lines of one px each, as PNG. */
async function lines(width: number, height: number): Promise<Uint8Array> {
  const data = new Uint8Array(3 * width * height);
  const row = new Uint8Array(3 * width);
  for (let x = 0; x < width; x += 2) row.fill(255, 3 * x, 3 * x + 3);
  for (let y = 0; y < height; y++) data.set(row, 3 * y * width);
  return await encodeImage({ width, height, data }, "png", {});
}

/** Puts an image into the project, and shows it. */
async function addImage(
  editor: EditorPage,
  bytes: Uint8Array,
): Promise<void> {
  const answer = await fetch(`${editor.url}api/images`, {
    method: "POST",
    headers: { origin: new URL(editor.url).origin },
    body: bytes as BodyInit,
  });
  assert.ok(answer.ok, await answer.text());
  await editor.page.reload();
}

/** The mean step between neighbors in a row, in 255ths; lines give 255. */
function sharpness({ width, height, data }: RgbImage): number {
  let sum = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 1; x < width; x++) {
      const i = 3 * (y * width + x);
      sum += Math.abs(data[i]! - data[i - 3]!);
    }
  }
  return sum / (width - 1) / height;
}

/** Brings every kind of image file to the page. */
async function bringImages(page: Page): Promise<void> {
  // Decoded as the page does it; what its header refuses, nothing decodes.
  let taken = 0, refused = 0;
  for (const { name, bytes, size } of await imageKinds()) {
    try {
      readImageHeader(bytes);
    } catch {
      assert.equal(size, undefined, name);
      refused++;
      continue;
    }
    const found = await page.evaluate(
      async (base64) => {
        const blob = new Blob([
          Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)),
        ]);
        const bitmap = await createImageBitmap(blob, {
          imageOrientation: "from-image",
        }).catch(() => undefined);
        return bitmap && [bitmap.width, bitmap.height];
      },
      bytes.toBase64(),
    );
    assert.deepEqual(found, size && [...size], name);
    if (found) taken++;
    else refused++;
  }
  console.log(`${taken} taken, ${refused} refused by the page`);
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Add image" }).click();
  await (await chooser).setFiles({
    name: "photo.heic",
    mimeType: "image/heic",
    buffer: Buffer.from("\0\0\0\x18ftypheic", "latin1"),
  });
  await page.getByText(/"photo.heic": it is an HEIC image.*heif-convert/s)
    .waitFor();
}

browserTests("editor image", {
  "the page takes what the tools take; without WebGL the image moves all the same":
    (
      open,
    ) =>
      withBoat(open, async (editor) => {
        const { page } = editor;
        await bringImages(page);
        const webgl = await lastFrame(editor);
        await using browser = await launch(findChromium()!, [
          "--disable-3d-apis",
        ]);
        const other = await openEditor(browser, { images: [BOAT] });
        try {
          await assertSameWithoutWebgl(other, webgl);
        } finally {
          await other.close();
        }
      }, { preview: true }),

  "an image beyond 4096 px is sharp at its own size": async (open) => {
    const editor = await open();
    const { page } = editor;
    await addImage(editor, await lines(4600, 1000));
    await page.waitForSelector('.stage[data-image="4600x1000"]');
    const middle = async () => {
      await settled(page);
      const box = (await page.locator(".stage").boundingBox())!;
      const clip = {
        x: Math.round(box.x + box.width / 2 - 50),
        y: Math.round(box.y + box.height / 2 - 20),
        width: 100,
        height: 40,
      };
      return sharpness(await decodeImage(await page.screenshot({ clip })));
    };
    /** Lines of one px, seen as such. */
    const isSharp = async () => {
      const steps = await middle();
      assert.ok(steps > 250, `steps of ${steps}, expected more than 250`);
      return steps;
    };
    await page.locator(".stage").focus();
    await page.mouse.move(640, 10);
    const whole = await middle();
    assert.ok(whole < 40, `steps of ${whole}: as a whole it is gray`);
    await keys(page, "1");
    const sharp = await isSharp();
    console.log(`lines of one px at 100 %: steps of ${sharp.toFixed(1)}`);
    // Elsewhere too: the part in view follows.
    await keys(page, "h");
    for (let i = 0; i < 12; i++) await keys(page, "Shift+ArrowRight");
    await isSharp();
    // What moves is drawn from the smaller image, and sharp again after.
    await keys(page, "b");
    const box = (await page.locator(".stage").boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 330, box.y + 160, { steps: 5 });
    await page.mouse.up();
    await keys(page, "v", "Escape", "End");
    await page.mouse.move(640, 10);
    const moving = await middle();
    assert.ok(moving < 200, `steps of ${moving}, expected less than 200`);
    await keys(page, "Home");
    await isSharp();
    assert.deepEqual(editor.complaints, []);
  },

  "a part is the right one, also where EXIF turns the image": async (
    open,
  ) => {
    const editor = await open();
    const { page } = editor;
    // Red grows to the right and green downwards, before it is turned.
    const width = 4400, height = 1600;
    const data = new Uint8Array(3 * width * height);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i += 3) {
        data[i] = 255 * x / width;
        data[i + 1] = 255 * y / height;
      }
    }
    const jpeg = await encodeImage({ width, height, data }, "jpeg", {});
    await addImage(editor, turned(jpeg));
    await page.waitForSelector('.stage[data-image="1600x4400"]');
    await page.locator(".stage").focus();
    await page.mouse.move(640, 10);
    const assertColors = async (...positions: readonly [number, number][]) => {
      await settled(page);
      for (const [x, y] of positions) {
        const seen = await look(editor, [x, y, x + 10, y + 10]);
        const [red, green] = seen.data;
        // Turned by a quarter to the right: what was on the left is above.
        const expected = [255 * y / width, 255 * (height - x) / height];
        assert.ok(
          Math.abs(red! - expected[0]!) < 6 &&
            Math.abs(green! - expected[1]!) < 6,
          `${red}, ${green} at ${x}, ${y}, expected about ${expected}`,
        );
      }
    };
    await assertColors([300, 300], [1300, 4000]);
    await keys(page, "1", "h");
    for (let i = 0; i < 6; i++) {
      await keys(page, "Shift+ArrowRight", "Shift+ArrowDown");
    }
    await assertColors([1100, 2700], [1500, 2900]);
    assert.deepEqual(editor.complaints, []);
  },
});
