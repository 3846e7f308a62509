/**
 * The page without a server: built into a folder, served as plain files from
 * below another path, in Chromium. What is drawn stays, is stored as the server
 * would store it, and goes from one page to another as one file.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { writePage } from "../editor/bundle/write_page.ts";
import { pageFiles } from "../editor/bundle/page_files.ts";
import { openStore } from "../editor/server/open_store.ts";
import { memorySource } from "../core/base/byte_source.ts";
import { readZipDirectory } from "../core/formats/zip.ts";
import { readZipEntry } from "../core/formats/zip_entry.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import {
  type BrowserContext,
  findChromium,
  launch,
} from "./fixtures/browser.ts";
import { BOAT } from "./fixtures/editor_hand.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
};

/** A web host that knows nothing but files. */
function serveFiles(root: string): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const path = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
      const type = TYPES[path.slice(path.lastIndexOf(".") + 1)];
      try {
        return new Response(await Deno.readFile(root + path), {
          headers: { "content-type": type ?? "application/octet-stream" },
        });
      } catch {
        return new Response("Not found", { status: 404 });
      }
    },
  );
}

async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
  const packed = new Blob([bytes]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return (await new Response(packed).bytes()).length;
}

async function openPage(context: BrowserContext, url: string) {
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("GPU stall due to ReadPixels")) return;
    if (message.type() !== "log") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(`${error.stack}`));
  await page.goto(url);
  await page.waitForSelector(".editor");
  return { page, complaints };
}

Deno.test("the page's files are relative, start under 100 kB, and have the licenses", async () => {
  const files = await pageFiles();
  const text = (path: string) => new TextDecoder().decode(files.get(path));
  const html = text("index.html");
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((m) => m[1]!);
  assert.ok(links.length >= 5);
  for (const link of links) assert.ok(files.has(link), link);
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  const [folder] = links[0]!.split("/");
  const start = [
    ...links.filter((link) => !link.endsWith(".svg")),
    ...["index.html", "service.js"],
    ...["client.js", "shared.js"].map((name) => `${folder}/${name}`),
  ];
  let size = 0;
  for (const path of start) size += await gzipped(files.get(path)!);
  console.log(`${size} bytes gzipped at the start, styles included`);
  assert.ok(size < 100_000, `${size}`);
  for (
    const [path, names] of [
      ["service.js", ["hono", "valibot"]],
      [`${folder}/formats.js`, ["yaml"]],
      [`${folder}/shared.js`, ["preact"]],
    ] as const
  ) {
    for (const name of names) {
      const notice = new RegExp(`^${name} [\\d.]+, license`, "m");
      assert.ok(notice.test(text(path)), `${path}: ${name}`);
    }
  }
});

Deno.test("only an earlier build is ever replaced", async () => {
  await using temporary = await temporaryFolder();
  const files = (text: string) =>
    new Map([["a/b.js", new TextEncoder().encode(text)]]);
  const out = temporary.file("page");
  await writePage(out, files("1"));
  await writePage(out, files("2"));
  assert.equal(await Deno.readTextFile(join(out, "a/b.js")), "2");
  await Deno.mkdir(temporary.file("empty"));
  await writePage(temporary.file("empty"), files("1"));

  const refused = async (path: string, message: RegExp) => {
    await assert.rejects(writePage(path, files("3")), {
      name: "TypeError",
      message,
    });
  };
  await Deno.writeTextFile(join(out, "CNAME"), "mine");
  await refused(out, /it holds "CNAME", which no build has written/);
  await Deno.remove(join(out, "CNAME"));
  await Deno.mkdir(join(out, "mine"));
  await refused(out, /it holds "mine"/);
  await Deno.remove(join(out, "mine"));
  await Deno.writeTextFile(join(out, "a/b.js"), "changed");
  await refused(out, /"a\/b.js" was changed after it was built/);
  await Deno.writeTextFile(temporary.file("file"), "mine");
  await refused(temporary.file("file"), /it is no folder/);
  await refused(temporary.path, /it holds "empty\/a\/b.js"/);
  assert.equal(await Deno.readTextFile(join(out, "a/b.js")), "changed");
  // Nothing is left of what was not written.
  const names = [...Deno.readDirSync(temporary.path)].map(({ name }) => name);
  assert.deepEqual(names.sort(), ["empty", "file", "page"]);
});

const chromium = findChromium();

Deno.test({
  name: "without a server: drawn, kept, stored as by the server, carried away",
  ignore: chromium === undefined,
  // Playwright keeps timers and pipes of its own until the process ends.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    await using temporary = await temporaryFolder();
    const root = temporary.file("www");
    await writePage(join(root, "one/editor"), await pageFiles());
    await Deno.symlink(join(root, "one"), join(root, "two"));
    await using server = serveFiles(root);
    await using browser = await launch(chromium!);
    const context = await browser.newContext({ acceptDownloads: true });
    await context.addInitScript(() =>
      localStorage.setItem("ati-hints-read", "select,freehand")
    );
    const origin = `http://127.0.0.1:${server.addr.port}`;
    const { page, complaints } = await openPage(
      context,
      `${origin}/one/editor/`,
    );

    // An image is added, a track drawn; after a reload both are there.
    const choosing = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Add image" }).first().click();
    await (await choosing).setFiles(Deno.realPathSync(BOAT));
    await page.waitForSelector(".stage[data-image]");
    await page.keyboard.press("b");
    const box = (await page.locator(".stage").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.5);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6, {
      steps: 6,
    });
    await page.mouse.up();
    await page.getByRole("tab", { name: "Prompt" }).click();
    await page.getByRole("textbox", { name: "Prompt", exact: true })
      .fill("It sails: far.");
    await page.evaluate(() => dispatchEvent(new Event("visibilitychange")));
    await page.getByText("All changes saved").waitFor();
    await page.getByRole("button", { name: "Store Tracks" }).click();
    await page.getByText("All changes saved, stored").waitFor();
    await page.reload();
    await page.waitForSelector(".stage[data-image]");
    await page.getByText("All changes saved, stored").waitFor();

    // Another window that has not seen the last change cannot undo it.
    const conflict = await page.evaluate(async () => {
      const read = await fetch("api/images/00/document");
      const document = await read.json();
      const save = (etag: string, prompt: string) =>
        fetch("api/images/00/document", {
          method: "PUT",
          headers: { "if-match": etag },
          body: JSON.stringify({ ...document, prompt }),
        });
      const etag = read.headers.get("etag")!;
      const answers = await Promise.all([save(etag, "a"), save(etag, "b")]);
      const won = answers.find(({ status }) => status === 204)!;
      await save(won.headers.get("etag")!, document.prompt);
      return answers.map(({ status }) => status).sort();
    });
    assert.deepEqual(conflict, [204, 412]);

    // A preset is the project's, and goes where the project file goes.
    await page.getByRole("tab", { name: "Track", exact: true }).click();
    await page.getByRole("button", { name: "Copy, paste and presets" }).click();
    const motion = page.getByRole("dialog", { name: "Motion" });
    await motion.getByLabel("Name of the new preset").fill("Sail");
    await page.keyboard.press("Enter");
    await motion.getByRole("button", { name: "Delete Sail" }).waitFor();
    await page.keyboard.press("Escape");

    // Generate says that it cannot be done here.
    await page.getByRole("button", { name: "Generate" }).click();
    await page.getByText("This page runs in the browser alone").waitFor();
    await page.getByRole("button", { name: "Project file…" }).click();

    // The project file has what the server would store for this document.
    const saving = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save project file" }).click();
    const file = temporary.file("project.zip");
    await (await saving).saveAs(file);
    const source = memorySource(await Deno.readFile(file), file);
    const members = new Map(
      await Promise.all(
        readZipDirectory(source).map(async (entry) =>
          [
            entry.name,
            await readZipEntry(source, entry, { limit: 1e8 }),
          ] as const
        ),
      ),
    );
    const folder = temporary.file("folder");
    for (const name of ["images/00.jpg", "editor/00.json"]) {
      await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
      await Deno.writeFile(join(folder, name), members.get(name)!);
    }
    const store = await openStore(folder);
    const { etag, document } = await store.readDocument("00");
    assert.equal(document.tracks.length, 1);
    await store.storeTracks("00", { etag });
    const own = await Deno.readFile(join(folder, "tracks/00.pth"));
    // Browsers deflate in their own way: what is packed is the same.
    const unpacked = await Promise.all(
      [members.get("tracks/00.pth")!, own].map((bytes) =>
        readTracks(bytes, { name: "00.pth" })
      ),
    );
    assert.deepEqual(unpacked[0], unpacked[1]);
    assert.equal(unpacked[0]?.tracks.count, 1);
    assert.deepEqual(
      members.get("test.yaml"),
      await Deno.readFile(join(folder, "test.yaml")),
    );
    assert.ok(members.has("images_tracks/00.png"));

    // At another address the browser keeps another project; the file opens there.
    const other = await openPage(context, `${origin}/two/editor/`);
    await other.page.getByRole("button", { name: "Project file" }).click();
    const opening = other.page.waitForEvent("filechooser");
    await other.page.getByRole("button", { name: "Open project file…" })
      .click();
    await (await opening).setFiles(file);
    await other.page.getByText("All changes saved, stored").waitFor();
    // Once more: the images come under new numbers.
    const again = await other.page.evaluate(async (bytes) => {
      const body = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
      const added = await (await fetch("api/archive", { method: "POST", body }))
        .json();
      const { images } = await (await fetch("api/project")).json();
      const presets = await (await fetch("api/presets")).json();
      return { added, images, presets };
    }, (await Deno.readFile(file)).toBase64());
    assert.deepEqual(again.added, { added: ["01"] });
    assert.deepEqual(
      again.presets.map(({ name }: Record<string, string>) => name),
      ["Sail"],
    );
    assert.deepEqual(
      again.images.map((
        { id, name, stored, prompt }: Record<string, string>,
      ) => [id, name, stored, prompt]),
      ["00", "01"].map((id) => [id, "boat.jpg", "current", "It sails: far."]),
    );
    // The browser itself speaks of the refused request.
    const others = [...complaints, ...other.complaints].filter((said) =>
      !said.includes("status of 412")
    );
    assert.deepEqual(others, []);
    await context.close();
  },
});
