/**
 * How soon a project of 1,000 images is there, in Chromium: from the request of
 * the page until its gallery and the image that was open last are shown, by a
 * server that has just started, next to the same with one image. Also the list
 * alone, as the server makes it, next to reading the folder.
 */

import { emptyDocument } from "../editor/model/document.ts";
import { serveEditor } from "../editor/main.ts";
import { findChromium, launch } from "./fixtures/browser.ts";
import { BOAT } from "./fixtures/editor_hand.ts";

const IMAGES = 1000;

const chromium = findChromium();
if (chromium === undefined) {
  console.error("SKIPPED: the gallery's bench needs Chromium; none was found.");
} else {
  const dir = await makeProject(IMAGES);
  const single = await makeProject(1);
  addEventListener("unload", () => {
    for (const path of [dir, single]) {
      Deno.removeSync(path, { recursive: true });
    }
  });

  const list = { group: "list", n: 5, warmup: 1 };
  Deno.bench(
    `names and dates of ${IMAGES} files`,
    { ...list, baseline: true },
    async () => {
      for await (const { name } of Deno.readDir(`${dir}/images`)) {
        await Deno.stat(`${dir}/images/${name}`);
      }
    },
  );
  Deno.bench(`the list of ${IMAGES} images`, list, async (b) => {
    const editor = await serveEditor({ dir, port: 0, hostname: "127.0.0.1" });
    b.start();
    const answer = await fetch(`${editor.url}api/project`);
    await answer.json();
    b.end();
    await editor.close();
  });

  for (const [folder, count] of [[single, 1], [dir, IMAGES]] as const) {
    Deno.bench(
      `a page with ${count} image${count > 1 ? "s" : ""}`,
      { group: "page", baseline: count === 1, n: 5, warmup: 1 },
      async (b) => {
        const editor = await serveEditor({
          dir: folder,
          port: 0,
          hostname: "127.0.0.1",
        });
        const browser = await launch(chromium);
        const page = await browser.newPage({
          viewport: { width: 1280, height: 720 },
        });
        b.start();
        await page.goto(editor.url, { waitUntil: "commit" });
        await page.locator(".stage[data-image]").waitFor();
        await page.locator(".image .thumbnail").first().waitFor();
        b.end();
        await browser.close();
        await editor.close();
      },
    );
  }
}

/** A folder of so many images, each with a document and a thumbnail. */
async function makeProject(count: number): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "ati_gallery_" });
  for (const part of ["images", "editor", "thumbnails"]) {
    await Deno.mkdir(`${dir}/${part}`);
  }
  const bytes = await Deno.readFile(BOAT);
  const document = JSON.stringify(emptyDocument({ width: 832, height: 480 }));
  const at = new Date("2026-01-01T00:00:00Z");
  for (let i = 0; i < count; i++) {
    const id = String(i).padStart(2, "0");
    await Deno.writeFile(`${dir}/images/${id}.jpg`, bytes);
    await Deno.utime(`${dir}/images/${id}.jpg`, at, at);
    await Deno.writeTextFile(`${dir}/editor/${id}.json`, document);
    await Deno.writeFile(
      `${dir}/thumbnails/${id}.${at.getTime()}-${bytes.length}.jpg`,
      bytes,
    );
  }
  return dir;
}
