/**
 * The stage with canvases that a GPU paints: what a cleared canvas showed is
 * gone at once.
 */

import assert from "node:assert/strict";
import {
  findChromium,
  GPU_FLAGS,
  launch,
  openEditor,
} from "./fixtures/browser.ts";
import { BOAT, settled, STROKE, stroke } from "./fixtures/editor_hand.ts";

const chromium = findChromium();

Deno.test({
  name: "another image's tracks are gone, with canvases that a GPU paints",
  ignore: chromium === undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using browser = await launch(chromium!, GPU_FLAGS);
    const editor = await openEditor(browser, {
      images: [BOAT, BOAT],
      viewport: { width: 920, height: 400 },
    });
    const { page } = editor;
    page.setDefaultTimeout(60_000);
    const box = (await page.locator(".stage").boundingBox())!;
    const clip = {
      x: box.x + 0.2 * box.width,
      y: box.y + 0.2 * box.height,
      width: 0.5 * box.width,
      height: 0.6 * box.height,
    };
    /** Opens an image, and looks at its middle once it is painted. */
    const look = async (index: number) => {
      const image = page.locator(".image-open").nth(index);
      await image.click();
      await image.and(page.locator('[aria-current="true"]')).waitFor();
      await settled(page);
      return (await page.screenshot({ clip })).toString("base64");
    };
    const clean = await look(1);
    await look(0);
    await stroke(editor, STROKE);
    await editor.savedDocument();
    await settled(page);
    const selected = (await page.screenshot({ clip })).toString("base64");
    assert.notEqual(selected, clean);
    // Selected, it is on the top canvas, which has nothing to show then.
    assert.equal(await look(1), clean);
    const drawn = await look(0);
    assert.notEqual(drawn, clean);
    assert.equal(await look(1), clean);
    await editor.close();
  },
});
