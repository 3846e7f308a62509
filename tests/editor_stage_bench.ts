/**
 * How fluently the stage draws, in Chromium with software rendering: each
 * iteration is 60 frames of the screen, so one second is 60 frames/s, which
 * is also the most that there can be; below two seconds is above 30. The
 * baseline is the same page at rest.
 */

import { encodeImage } from "../core/media/image.ts";
import { addTracks, createTrack } from "../editor/model/edits.ts";
import { emptyDocument } from "../editor/model/document.ts";
import { serveEditor } from "../editor/main.ts";
import { findChromium, launch, type Page } from "./fixtures/browser.ts";

const FRAMES = 60;
/** Where the first track begins, as a part of the image's sides. */
const FIRST = 0.5;

const chromium = findChromium();
if (chromium === undefined) {
  console.error("SKIPPED: the stage's bench needs Chromium; none was found.");
} else {
  for (const [width, height] of [[832, 480], [3840, 2160]] as const) {
    for (const count of [20, 200]) {
      for (const doing of ["rest", "draw", "drag", "play"] as const) {
        Deno.bench(
          `${FRAMES} frames: ${doing}, ${count} tracks, ${width}x${height}`,
          {
            group: `${count} tracks, ${width}x${height}`,
            baseline: doing === "rest",
            n: 3,
            warmup: 1,
          },
          async (b) => {
            const { page, close } = await openBench({ width, height, count });
            b.start();
            await page.evaluate(busy, {
              doing,
              frames: FRAMES,
              first: { x: FIRST * width, y: FIRST * height },
            });
            b.end();
            await close();
          },
        );
      }
    }
  }
}

async function openBench(
  size: { readonly width: number; readonly height: number; count: number },
): Promise<{ page: Page; close(): Promise<void> }> {
  const { width, height, count } = size;
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/images`);
  await Deno.mkdir(`${dir}/editor`);
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = (i >> 4) ^ (i >> 9);
  await Deno.writeFile(
    `${dir}/images/00.jpg`,
    await encodeImage({ width, height, data }, "jpeg", {}),
  );
  let document = emptyDocument({ width, height });
  let seed = 7;
  const random = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  for (let i = 0; i < count; i++) {
    const x = i === 0 ? FIRST * width : width * (0.1 + 0.7 * random());
    const y = i === 0 ? FIRST * height : height * (0.1 + 0.7 * random());
    const points = Array.from({ length: 60 }, (_, k) => ({
      x: x + width * 0.002 * k,
      y: y + height * 0.03 * Math.sin(k / 8),
    }));
    document = addTracks(document, [
      createTrack(document, {
        kind: "freehand",
        points,
        times: [],
        speed: "even",
      }),
    ]);
  }
  await Deno.writeTextFile(`${dir}/editor/00.json`, JSON.stringify(document));
  const editor = await serveEditor({ dir, port: 0, hostname: "127.0.0.1" });
  const browser = await launch(chromium!);
  const page = await browser.newPage({
    viewport: { width: 1280, height: 720 },
  });
  await page.addInitScript(() =>
    localStorage.setItem(
      "ati-hints-read",
      "select,freehand,spline,static,circle,hand",
    )
  );
  await page.goto(editor.url);
  await page.waitForSelector(".stage[data-image]");
  await page.waitForTimeout(500);
  return {
    page,
    async close() {
      await browser.close();
      await editor.close();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

/** Runs in the page: keeps the stage busy for some frames of the screen. */
async function busy(
  { doing, frames, first }: {
    readonly doing: "rest" | "draw" | "drag" | "play";
    readonly frames: number;
    readonly first: { readonly x: number; readonly y: number };
  },
): Promise<void> {
  const stage = document.querySelector<HTMLElement>(".stage")!;
  const box = stage.getBoundingClientRect();
  const key = (type: string, key: string) =>
    stage.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true }));
  const send = (type: string, x: number, y: number) =>
    stage.dispatchEvent(
      new PointerEvent(type, {
        pointerId: 9,
        pointerType: "mouse",
        clientX: box.left + x,
        clientY: box.top + y,
        bubbles: true,
      }),
    );
  // The badge of the first track: by it the track is dragged.
  const [scale, left, top] = stage.dataset.view!.split(" ").map(Number);
  const from = {
    x: left! + scale! * first.x - 12,
    y: top! + scale! * first.y - 12,
  };
  key("keydown", doing === "drag" ? "v" : "b");
  if (doing === "play") {
    key("keydown", " ");
    key("keyup", " ");
  } else if (doing !== "rest") send("pointerdown", from.x, from.y);
  for (let i = 1; i <= frames; i++) {
    await new Promise(requestAnimationFrame);
    if (doing === "play" || doing === "rest") continue;
    send(
      "pointermove",
      from.x + 100 * Math.sin(i / 9),
      from.y + 60 * Math.sin(i / 7),
    );
  }
  if (doing === "draw" || doing === "drag") send("pointerup", from.x, from.y);
}
