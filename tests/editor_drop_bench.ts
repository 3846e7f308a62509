/**
 * How long a person waits who drops a large JPEG on the page, in Chromium with
 * software rendering: until the image is on the screen (found by looking at
 * the screen, so that each figure includes one screenshot), and until it is
 * stored in the project. The baseline is that the browser decodes the file.
 */

import { decodeImage, encodeImage } from "../core/media/image.ts";
import { serveEditor } from "../editor/main.ts";
import { findChromium, launch, type Page } from "./fixtures/browser.ts";

/** What is looked for in the middle of the image. */
const MARK = [230, 40, 40] as const;

const chromium = findChromium();
if (chromium === undefined) {
  console.error("SKIPPED: the drop's bench needs Chromium; none was found.");
} else {
  for (const [width, height] of [[4000, 3000], [7296, 5472]] as const) {
    const jpeg = await photograph(width, height);
    const pixels = `${Math.round(width * height / 1e6)} MP`;
    console.log(`${pixels}: a JPEG of ${(jpeg.length / 1e6).toFixed(1)} MB`);
    for (
      const [what, wait] of [
        ["decoded", undefined],
        ["on the screen", onScreen],
        ["stored", (page: Page) => page.getByText("Added").waitFor()],
      ] as const
    ) {
      Deno.bench(
        wait
          ? `${pixels} dropped, until it is ${what}`
          : `${pixels} decoded by the browser`,
        { group: pixels, baseline: wait === undefined, n: 3, warmup: 1 },
        async (b) => {
          const { page, close } = await openBench(jpeg);
          b.start();
          await page.evaluate(wait ? drop : decode);
          await wait?.(page);
          b.end();
          await close();
        },
      );
    }
  }
}

/** An image with as much in it as a photograph, and the mark in its middle. */
async function photograph(
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(3 * width * height);
  let noise = 1;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 3) {
      noise = noise * 16807 % 2147483647;
      const grain = noise % 24;
      data[i] = 60 + 90 * x / width + grain;
      data[i + 1] = 80 + 60 * Math.sin(x / 70) * Math.sin(y / 90) + grain;
      data[i + 2] = 90 + 90 * y / height + grain;
    }
  }
  for (let y = Math.round(0.45 * height); y < 0.55 * height; y++) {
    for (let x = Math.round(0.45 * width); x < 0.55 * width; x++) {
      data.set(MARK, 3 * (y * width + x));
    }
  }
  const jpeg = await encodeImage({ width, height, data }, "jpeg", {});
  return new Uint8Array(jpeg);
}

/** An empty project's page that has the file at hand. */
async function openBench(
  jpeg: Uint8Array,
): Promise<{ page: Page; close(): Promise<void> }> {
  const dir = await Deno.makeTempDir();
  const editor = await serveEditor({ dir, port: 0, hostname: "127.0.0.1" });
  const browser = await launch(chromium!);
  const page = await browser.newPage({
    viewport: { width: 1280, height: 720 },
  });
  await page.goto(editor.url);
  await page.locator(".stage .empty").waitFor();
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const file = new File([bytes], "photograph.jpg", { type: "image/jpeg" });
    Object.assign(globalThis, { file });
  }, jpeg.toBase64());
  await page.waitForTimeout(300);
  return {
    page,
    async close() {
      await browser.close();
      await editor.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Runs in the page: drops the file on it. */
function drop(): void {
  const { file } = globalThis as unknown as { file: File };
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  document.body.dispatchEvent(
    new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }),
  );
}

/** Runs in the page: decodes the file. */
async function decode(): Promise<void> {
  const { file } = globalThis as unknown as { file: File };
  (await createImageBitmap(file)).close();
}

/** Looks at the middle of the stage until the mark is there. */
async function onScreen(page: Page): Promise<void> {
  // No screenshot is taken while the image is still being decoded: each one
  // keeps the browser busy.
  await page.waitForSelector(".stage[data-image]");
  const box = (await page.locator(".stage").boundingBox())!;
  const clip = {
    x: Math.round(box.x + box.width / 2),
    y: Math.round(box.y + box.height / 2),
    width: 2,
    height: 2,
  };
  for (;;) {
    const { data } = await decodeImage(await page.screenshot({ clip }));
    if (MARK.every((value, i) => Math.abs(value - data[i]!) < 12)) return;
  }
}
