/**
 * What the page says about what is stored, in a real browser: after a reload,
 * in another window, and when other programs write the same files.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { TrackSet } from "../core/tracks/track_set.ts";
import { writeTracks } from "../core/tracks/write_tracks.ts";
import { browserTests, type EditorPage } from "./fixtures/browser.ts";
import {
  anchors,
  BOAT,
  GATE,
  saved,
  THREE,
  withBoat,
} from "./fixtures/editor_hand.ts";

const CURRENT = "All changes saved, stored";
const OUTDATED = "All changes saved, not stored yet";
const NEVER = "All changes saved";

/** Waits until the status line says this, and checks that the button agrees. */
async function says({ page }: EditorPage, words: string): Promise<void> {
  await page.locator(".save").getByText(words, { exact: true }).waitFor();
  const button = page.getByRole("button", { name: "Store Tracks" });
  const description = await button.getAttribute("aria-description");
  const expected = {
    [CURRENT]: /^Stored:/,
    [OUTDATED]: /^Changes not stored yet/,
    [NEVER]: /^Write the track file/,
  }[words];
  assert.match(description!, expected!);
  assert.ok((await button.getAttribute("title"))!.startsWith(description!));
}

/** Comes back to the window: the page asks at once what other programs did. */
async function comeBack({ page }: EditorPage): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event("focus")));
}

async function store({ page }: EditorPage): Promise<void> {
  await page.getByRole("button", { name: "Store Tracks" }).click();
}

async function reload({ page }: EditorPage): Promise<void> {
  await page.reload();
  await page.waitForSelector(".stage[data-image]");
}

/** The x of the first stored track, and how many there are. */
async function onDisk({ dir }: EditorPage): Promise<[x: number, n: number]> {
  const bytes = await Deno.readFile(join(dir, "tracks/00.pth"));
  const { tracks } = await readTracks(bytes, { name: "00.pth" });
  return [Math.round(tracks.x(0, 0)), tracks.count];
}

/** Writes the track file as another program would: tracks that stand still. */
async function replaceTracks({ dir }: EditorPage, count: number) {
  const tracks = TrackSet.fromPoints(
    Array.from(
      { length: count },
      (_, i) =>
        Array.from(
          { length: 121 },
          () => ({ x: 50, y: 50 + i, visible: true }),
        ),
    ),
  );
  await Deno.writeFile(
    join(dir, "tracks/00.pth"),
    await writeTracks(tracks, "pth"),
  );
}

browserTests("editor, stored files", {
  "stored, changed, undone: true at once, and after each reload": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE.slice(0, 1));
      await says(editor, NEVER);
      await store(editor);
      await says(editor, CURRENT);
      await reload(editor);
      await says(editor, CURRENT);
      await page.getByRole("navigation", { name: "Images" })
        .getByText("Stored", { exact: true }).waitFor();

      await anchors(editor, THREE.slice(1, 2));
      await says(editor, OUTDATED);
      await page.getByText("Not stored", { exact: true }).waitFor();
      await page.keyboard.press("Control+z");
      await says(editor, CURRENT);
      await page.keyboard.press("Control+Shift+z");
      await says(editor, OUTDATED);
      await reload(editor);
      await says(editor, OUTDATED);
      await store(editor);
      await says(editor, CURRENT);
      assert.deepEqual((await onDisk(editor))[1], 2);
    }),

  "undo outlives another image and a reload; what was emptied comes back": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page, dir } = editor;
      const count = async () => (await saved(editor)).tracks.length;
      const show = async (index: number) => {
        const image = page.locator(".image-open").nth(index);
        await image.click();
        await image.and(page.locator('[aria-current="true"]')).waitFor();
      };
      await anchors(editor, THREE);
      assert.equal(await count(), 3);
      await show(1);
      await show(0);
      await page.keyboard.press("Control+z");
      assert.equal(await count(), 2);
      await reload(editor);
      await page.keyboard.press("Control+z");
      assert.equal(await count(), 1);
      await page.keyboard.press("Control+Shift+z");
      await page.keyboard.press("Control+Shift+z");
      assert.equal(await count(), 3);

      await page.keyboard.press("Control+a");
      await page.keyboard.press("Delete");
      assert.equal(await count(), 0);
      const [emptied] = [...Deno.readDirSync(join(dir, ".trash"))];
      assert.match(emptied!.name, /-00-emptied$/);
      const kept = JSON.parse(
        await Deno.readTextFile(
          join(dir, ".trash", emptied!.name, "editor/00.json"),
        ),
      );
      assert.equal(kept.tracks.length, 3);

      await page.getByRole("button", { name: "Versions of image 00" }).click();
      const dialog = page.getByRole("dialog", { name: "Versions of image 00" });
      await dialog.getByText("3 tracks").waitFor();
      await dialog.getByRole("button", { name: "Bring back" }).click();
      assert.equal(await count(), 3);
      await page.keyboard.press("Control+z");
      assert.equal(await count(), 0);
    }, { images: [BOAT, GATE] }),

  "another window: what it shows is judged, and storing it is a conflict": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      await anchors(editor, THREE.slice(0, 1));
      await store(editor);
      await says(editor, CURRENT);
      const other = await open({ sameAs: editor });
      await says(other, CURRENT);
      await anchors(editor, THREE.slice(1, 2));
      await editor.savedDocument();
      await store(editor);
      await says(editor, CURRENT);
      await comeBack(other);
      await says(other, OUTDATED); // it still shows the one track
      await store(other);
      const question = other.page.getByRole("dialog", {
        name: "This image was changed in another window",
      });
      await question.getByRole("button", { name: "Take theirs" }).click();
      await says(other, CURRENT);
      assert.deepEqual((await onDisk(editor))[1], 2);
      for (const complaint of other.complaints) assert.match(complaint, /412/);
    }),

  "files deleted by another program: not stored any more": (open) =>
    withBoat(open, async (editor) => {
      await anchors(editor, THREE.slice(0, 1));
      for (const file of ["tracks/00.pth", "test.yaml"]) {
        await store(editor);
        await says(editor, CURRENT);
        await Deno.remove(join(editor.dir, file));
        await comeBack(editor);
        await says(editor, OUTDATED);
        await reload(editor);
        await says(editor, OUTDATED);
      }
      await store(editor);
      await says(editor, CURRENT);
      assert.deepEqual(await onDisk(editor), [100, 1]);
    }),

  "tracks of another program: seen, asked about, never overwritten unasked": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE.slice(0, 1));
      await store(editor);
      await says(editor, CURRENT);
      await replaceTracks(editor, 3);
      const bar = page.getByRole("alert").filter({
        hasText: "tracks/00.pth was changed by another program.",
      });
      await bar.waitFor(); // the page asks by itself from time to time
      await reload(editor);
      await bar.waitFor();

      const question = page.getByRole("dialog", {
        name: "The stored files were replaced",
      });
      await page.keyboard.press("Control+s");
      await question.getByRole("button", { name: "Decide later" }).click();
      assert.deepEqual(await onDisk(editor), [50, 3]);
      await bar.getByRole("button", { name: "Choose" }).click();
      const tracks = question.getByRole("row", { name: /^Tracks/ });
      assert.equal(await tracks.innerText(), "Tracks\t1\t3");
      await question.getByRole("button", { name: "Open theirs" }).click();
      await says(editor, CURRENT);
      assert.deepEqual(
        (await saved(editor)).tracks.map((track) => track.shape.kind),
        ["free", "free", "free"],
      );
      await page.keyboard.press("Control+z");
      await says(editor, OUTDATED);
      assert.equal((await saved(editor)).tracks[0]!.shape.kind, "static");
      // Theirs was seen: storing mine over it is a choice.
      await store(editor);
      await says(editor, CURRENT);
      assert.deepEqual(await onDisk(editor), [100, 1]);

      await replaceTracks(editor, 2);
      await comeBack(editor);
      await bar.waitFor();
      await store(editor);
      await question.getByRole("button", { name: "Store mine" }).click();
      await says(editor, CURRENT);
      assert.deepEqual(await onDisk(editor), [100, 1]);
      assert.equal(await bar.count(), 0);
      const [trash] = [...Deno.readDirSync(join(editor.dir, ".trash"))];
      assert.match(trash!.name, /-00-stored$/);
    }),

  "replaced in the moment of storing: the server refuses, the page asks": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE.slice(0, 1));
      await store(editor);
      await says(editor, CURRENT);
      await anchors(editor, THREE.slice(1, 2));
      await editor.savedDocument();
      // The page hears nothing of it before it stores.
      let isStoring = false;
      await page.route("**/api/images/00/tracks", async (route) => {
        if (route.request().method() === "PUT") {
          await replaceTracks(editor, 3);
          isStoring = true;
        }
        await (isStoring ? route.continue() : route.abort());
      });
      await store(editor);
      const question = page.getByRole("dialog", {
        name: "The stored files were replaced",
      });
      await question.getByRole("button", { name: "Store mine" }).waitFor();
      assert.deepEqual(await onDisk(editor), [50, 3]);
      for (const complaint of editor.complaints) {
        assert.match(complaint, /409|ERR_FAILED/);
      }
      (editor.complaints as string[]).length = 0;
    }),

  "a disk that is full: said, kept in the browser, saved when there is room": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const document = "**/api/images/00/document";
      await page.route(document, (route) =>
        route.fulfill({
          status: 500,
          json: { error: 'Cannot write "00.json": the disk is full' },
        }));
      await anchors(editor, THREE.slice(0, 1));
      await page.getByText("Not saved: server error").waitFor();
      await page.getByRole("alert").getByText("the disk is full").waitFor();
      await page.unroute(document);
      assert.equal((await saved(editor)).tracks.length, 1);
      for (const complaint of editor.complaints) assert.match(complaint, /500/);
      (editor.complaints as string[]).length = 0;
    }),

  "a damaged document: the gallery says which, and the others open": (open) =>
    withBoat(open, async (editor) => {
      const { page, dir, url } = editor;
      await fetch(`${url}api/images`, {
        method: "POST",
        headers: { origin: new URL(url).origin },
        body: await Deno.readFile(BOAT),
      }).then((answer) => answer.body?.cancel());
      await Deno.writeTextFile(join(dir, "editor/00.json"), "{torn");
      await page.reload();
      await page.getByText(/00\.json": damaged/).waitFor();
      const gallery = page.getByRole("navigation", { name: "Images" });
      await gallery.getByText("Damaged").waitFor();
      await gallery.getByRole("button", { name: /01/ }).first().click();
      await page.waitForSelector(".stage[data-image]");
      await anchors(editor, THREE.slice(0, 1));
      assert.equal((await saved(editor, "01")).tracks.length, 1);
      assert.equal(
        await Deno.readTextFile(join(dir, "editor/00.json")),
        "{torn",
      );
      for (const complaint of editor.complaints) assert.match(complaint, /500/);
      (editor.complaints as string[]).length = 0;
    }),
});
