/**
 * The editor's panels and dialogs in a real browser: gallery, track list,
 * inspector, timeline, camera, words, exchange, generation, and what happens
 * when servers vanish and windows disagree.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { serveEditor } from "../editor/main.ts";
import { planRun } from "../core/jobs/plan_run.ts";
import { readJobs } from "../core/jobs/read_jobs.ts";
import { openVideo } from "../core/media/video_reader.ts";
import { readRawTracks, readTracks } from "../core/tracks/read_tracks.ts";
import {
  browserTests,
  type EditorPage,
  type Page,
  type Route,
} from "./fixtures/browser.ts";
import {
  anchors,
  BOAT,
  GATE,
  IMAGES,
  type Position,
  saved,
  setPreview,
  STROKE,
  stroke,
  THREE,
  withBoat,
  withKeptBoat,
} from "./fixtures/editor_hand.ts";
import { runToolProcess } from "./fixtures/tool_process.ts";

/** Types a number into a field of the inspector. */
async function type(
  { page }: EditorPage,
  field: string,
  value: string,
): Promise<void> {
  const panel = page.getByRole("tabpanel");
  await panel.getByLabel(field, { exact: true }).fill(value);
  await page.keyboard.press("Enter");
}

/** Drags an element sideways, in px of the page. */
async function slide(
  { page }: EditorPage,
  name: string,
  dx: number,
): Promise<void> {
  const box = (await page.getByRole("slider", { name, exact: true })
    .boundingBox())!;
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y, { steps: 4 });
  await page.mouse.up();
}

/** Carries the anchor of image 00 (480 x 832) to image 01 (832 x 480) and on. */
async function carryMotion(editor: EditorPage): Promise<void> {
  const { page } = editor;
  const images = page.getByRole("navigation", { name: "Images" });
  const rows = page.getByRole("grid", { name: "Tracks" }).getByRole("row");
  const at = async (id: string) =>
    (await editor.savedDocument(id)).tracks.map(({ shape }) => [
      ...[Math.round(shape.x), Math.round(shape.y)],
    ]);
  const stage = page.locator(".stage");
  await stage.press("Control+a");
  await stage.press("Control+c");
  await images.locator(".image-open").nth(1).click();
  await page.locator('[data-image="01"] [aria-current="true"]').waitFor();
  await stage.press("Control+v");
  await rows.first().waitFor();
  await stage.press("Control+Shift+V");
  await rows.nth(1).waitFor();
  assert.deepEqual(await at("01"), [[416, 240], [240, 416]]);
  await stage.press("Control+x");
  await rows.nth(1).waitFor({ state: "detached" });
  await stage.press("Control+z"); // what was cut is back
  await rows.nth(1).waitFor();

  await page.getByRole("button", { name: "Copy, paste and presets" }).click();
  const motion = page.getByRole("dialog", { name: "Motion" });
  await motion.getByLabel("Name of the new preset").fill("Still");
  const saves: string[] = [];
  const onRequest = (request: ReturnType<Route["request"]>) =>
    request.method() === "PUT" && request.url().endsWith("/api/presets") &&
    saves.push(request.url());
  page.on("request", onRequest);
  await motion.locator("form").evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  const still = motion.getByRole("button", {
    name: "Apply Still",
    exact: true,
  });
  await still.waitFor(); // it is saved
  assert.equal(saves.length, 1);
  page.off("request", onRequest);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Duplicate image 01 with its motion" })
    .click();
  await page.locator('[data-image="02"] [aria-current="true"]').waitFor();
  assert.deepEqual(await at("02"), await at("01"));
  // It is the project's: there is nothing in the browser, and one that another
  // browser has saved is there.
  const path = join(editor.dir, "editor/presets.json");
  const [ours] = JSON.parse(await Deno.readTextFile(path));
  const theirs = { ...ours, name: "Theirs" };
  await Deno.writeTextFile(path, JSON.stringify([ours, theirs]));
  assert.equal(
    await page.evaluate(() => localStorage.getItem("ati-presets")),
    null,
  );
  await page.getByRole("button", { name: "Copy, paste and presets" }).click();
  await motion.getByRole("button", { name: "Delete Theirs" }).click();
  assert.deepEqual(editor.complaints, []);
  await page.route("**/api/presets", (route) => route.abort(), { times: 1 });
  const restore = motion.getByRole("button", { name: "Restore the preset" });
  await restore.click();
  await page.getByText("server is not responding").first().waitFor();
  // It can be tried again; the browser itself speaks of the request.
  assert.match(editor.complaints.join(), /^[^,]*ERR_FAILED[^,]*$/);
  (editor.complaints as string[]).length = 0;
  await restore.click();
  await motion.getByRole("button", { name: "Apply Theirs", exact: true })
    .waitFor();
  await still.click();
  await rows.nth(3).waitFor();

  // Tracks of 1920 x 1080 px, dropped on an image of the gallery.
  const tracks = [[{ x: 1920, y: 1080 }]];
  await images.locator('[data-image="01"]').evaluate((element, text) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([text], "a.json"));
    element.dispatchEvent(
      new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }),
    );
  }, JSON.stringify(tracks));
  const dialog = page.getByRole("dialog", { name: "Import tracks" });
  const add = dialog.getByRole("button", { name: "Add 1" });
  const size = dialog.getByRole("button", { name: "1920 × 1080" });
  await size.waitFor();
  assert.ok(await add.isDisabled());
  await size.click();
  await add.click();
  await rows.nth(2).waitFor();
  assert.equal((await saved(editor, "01")).tracks.length, 3);
}

/** What the tools say of the stored job file: a preview, without error. */
async function generate(dir: string): Promise<void> {
  const { code, err } = await runToolProcess("tools/generate.ts", [
    ...["-p", join(dir, "test.yaml"), "-o", join(dir, "out")],
    ...["--frame_num", "5", "--size", "208*120"],
  ]);
  assert.equal(code, 0, err);
}

/** The prompts of each segment that the tools would run of the stored files. */
async function plannedPrompts(dir: string): Promise<string[][]> {
  const jobs = await readJobs(join(dir, "test.yaml"));
  return planRun(jobs, { out: join(dir, "out") })
    .map(({ prompt, nextPrompts = [] }) => [prompt, ...nextPrompts]);
}

/** How many tracks the page's own copy of the only document has. */
function journaledTracks(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const opened = indexedDB.open("ati-editor");
    await new Promise((done) => opened.onsuccess = done);
    const all = opened.result.transaction("documents")
      .objectStore("documents").getAll();
    await new Promise((done) => all.onsuccess = done);
    opened.result.close();
    const [entry] = all.result;
    return entry === undefined ? 0 : JSON.parse(entry.document).tracks.length;
  });
}

browserTests("editor, panels", {
  "gallery: add, delete, restore, replace": async (open) => {
    const editor = await open({ images: [BOAT, GATE] });
    const { page } = editor;
    const images = page.getByRole("navigation", { name: "Images" });
    assert.equal(await images.getByRole("listitem").count(), 2);
    await anchors(editor, [{ x: 416, y: 240 }]);
    await editor.savedDocument();

    const boat = images.locator(".image-open").first();
    await boat.press("F2");
    await images.getByLabel("Name of image 00").fill("The boat");
    await page.keyboard.press("Enter");
    await boat.getByText("The boat").waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLImageElement>(".thumbnail")].every(
        ({ src, naturalWidth }) =>
          /thumbnail\?revision/.test(src) && naturalWidth === 288,
      )
    );
    await images.locator(".image-open").nth(1)
      .click({ modifiers: ["Control"] });
    await images.getByRole("group", { name: "Selected images" })
      .getByText("1 selected").waitFor();
    await images.getByRole("button", { name: "Delete the selected images" })
      .click();
    await page.getByText("Deleted image 01").waitFor();
    await page.getByRole("button", { name: "Restore 01" }).click();
    await page.getByText("Restored image 01").waitFor();
    await boat.click();

    await page.getByRole("button", { name: "Delete image 00" }).click();
    await page.getByText("Deleted image 00").waitFor();
    assert.equal(await images.getByRole("listitem").count(), 1);
    await page.getByRole("button", { name: "Restore 00" }).click();
    await page.getByText("Restored image 00").waitFor();
    assert.equal((await saved(editor)).tracks.length, 1);

    const chosen = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Replace image 00" }).click();
    await (await chosen).setFiles(new URL("scarf.jpg", IMAGES).pathname);
    const question = page.getByRole("dialog", { name: "Replace image 00?" });
    await question.getByRole("button", { name: "Cancel" }).click();
    assert.equal((await saved(editor)).width, 832); // asked first

    const again = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Replace image 00" }).click();
    await (await again).setFiles(new URL("scarf.jpg", IMAGES).pathname);
    const held = Promise.withResolvers<void>();
    const file = /\/api\/images\/00\/file\?/;
    await page.route(file, async (route) => {
      await held.promise;
      await route.continue();
    });
    await question.getByRole("button", { name: "Replace" }).click();
    await page.getByText("Replaced image 00").waitFor();
    // Until it is shown, nothing is drawn on what is.
    await anchors(editor, [{ x: 416, y: 100 }]);
    held.resolve();
    await page.locator('.stage[data-image="480x832"]').waitFor();
    await page.unroute(file);
    const { width, height, tracks } = await saved(editor);
    assert.deepEqual([width, height, tracks.length], [480, 832, 1]);
    const { shape } = tracks[0]!;
    assert.ok(shape.kind === "static");
    assert.ok(Math.abs(shape.x - 240) < 2 && Math.abs(shape.y - 416) < 2);
    await carryMotion(editor);
    assert.deepEqual(editor.complaints, []);
  },

  "track list: rename, lock, hide, reorder, several at once, delete": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE);
      const grid = page.getByRole("grid", { name: "Tracks" });
      const row = (name: string) => grid.getByRole("row", { name });
      await row("Anchor 2").getByRole("button", {
        name: "Anchor 2",
        exact: true,
      })
        .dblclick();
      await page.getByLabel("Name of the track").fill("Lighthouse");
      await page.keyboard.press("Enter");
      await grid.getByRole("button", { name: "Lock Lighthouse" }).click();
      await grid.getByRole("button", { name: "Hide Anchor 3" }).click();
      let { tracks } = await saved(editor);
      assert.deepEqual(tracks.map((t) => [t.name, t.locked, t.hidden]), [
        ["Anchor 1", false, false],
        ["Lighthouse", true, false],
        ["Anchor 3", false, true],
      ]);

      // By the hand: the last one to the top.
      const grip = (await row("Anchor 3").locator(".grip").boundingBox())!;
      const top = (await row("Anchor 1").boundingBox())!;
      await page.mouse.move(grip.x + 8, grip.y + 8);
      await page.mouse.down();
      await page.mouse.move(top.x + 8, top.y + 2, { steps: 5 });
      await page.mouse.up();
      // By the keys: down again by one.
      await row("Anchor 3").getByRole("button", {
        name: "Anchor 3",
        exact: true,
      })
        .focus();
      await page.keyboard.press("Alt+ArrowDown");
      ({ tracks } = await saved(editor));
      assert.deepEqual(tracks.map((t) => t.name), [
        "Anchor 1",
        "Anchor 3",
        "Lighthouse",
      ]);

      // Three are chosen, the locked one stays.
      await row("Anchor 1").getByRole("button", {
        name: "Anchor 1",
        exact: true,
      })
        .click();
      await row("Lighthouse").getByRole("button", {
        name: "Lighthouse",
        exact: true,
      }).click({ modifiers: ["Shift"] });
      assert.equal(await grid.locator('[aria-selected="true"]').count(), 3);
      await page.getByRole("button", { name: "Delete the selected tracks" })
        .click();
      ({ tracks } = await saved(editor));
      assert.deepEqual(tracks.map((t) => t.name), ["Lighthouse"]);
      await page.keyboard.press("Control+z");
      ({ tracks } = await saved(editor));
      assert.equal(tracks.length, 3);
      await page.getByRole("button", { name: "Delete the last track" }).click();
      ({ tracks } = await saved(editor));
      assert.equal(tracks.length, 2);
      await grid.getByRole("button", { name: "Unlock Lighthouse" }).click();
    }),

  "inspector: numbers, easing, speed, color, mirror, reverse, duplicate": (
    open,
  ) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await stroke(editor, STROKE);
      const first = async () => (await saved(editor)).tracks[0]!;
      const start = async () => {
        const { shape } = await first();
        assert.ok(shape.kind === "freehand");
        return shape.points[0]!;
      };
      await type(editor, "X", "150");
      await type(editor, "Y", "310");
      assert.deepEqual(await start(), { x: 150, y: 310 });
      await type(editor, "Start", "10");
      await type(editor, "End", "70");
      assert.deepEqual([
        (await first()).timing.start,
        (await first()).timing.end,
      ], [10, 70]);
      await page.getByRole("tabpanel").getByLabel("Easing", { exact: true })
        .selectOption("Slow start and end");
      assert.deepEqual((await first()).timing.easing, [0.42, 0, 0.58, 1]);
      await page.getByRole("slider", { name: "First handle" }).focus();
      await page.keyboard.press("ArrowRight");
      assert.deepEqual((await first()).timing.easing, [0.44, 0, 0.58, 1]);
      await type(editor, "cubic-bezier", "0.1, 0.2, 0.3, 1.4");
      assert.deepEqual((await first()).timing.easing, [0.1, 0.2, 0.3, 1.4]);
      await page.getByRole("button", { name: "Add joint" }).click();
      await page.getByRole("slider", { name: "Joint 1" }).press("ArrowUp");
      const [joint] = (await first()).timing.joints ?? [];
      await page.keyboard.press("Control+z");
      await page.keyboard.press("Control+z");
      assert.ok(joint && joint.progress > 0.5, JSON.stringify(joint));
      assert.equal((await first()).timing.joints, undefined);
      await type(editor, "Speed", "0.1");
      await page.getByText(/^The slowest is .* in 110 frames/).waitFor();
      await type(editor, "Speed", "20");
      const { timing } = await first();
      assert.ok(timing.start === 10 && timing.end < 45, String(timing.end));
      await page.getByRole("radio", { name: "Hide", exact: true }).click();
      assert.equal((await first()).timing.outside, "hide");
      await page.getByRole("radio", { name: "Pink" }).click();
      assert.equal((await first()).colour, 6);

      const before = (await first()).shape;
      await page.getByRole("button", { name: /^Reverse/ }).click();
      await page.getByRole("button", { name: /^Reverse/ }).click();
      assert.deepEqual((await first()).shape, before);
      await page.getByRole("button", { name: "Mirror left and right" }).click();
      assert.notDeepEqual((await first()).shape, before);
      await page.getByRole("button", { name: "Duplicate the selected tracks" })
        .click();
      assert.equal((await saved(editor)).tracks.length, 2);
    }),

  "inspector: curves, circles and strokes have their own fields": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await page.keyboard.press("p");
      for (const { x, y } of STROKE) {
        const at = await editor.onPage(x, y);
        await page.mouse.click(at.x, at.y);
      }
      await page.keyboard.press("Enter");
      const panel = page.getByRole("tabpanel");
      await panel.getByRole("button", { name: "Subdivide" }).click();
      await panel.getByRole("radio", { name: "Bezier" }).click();
      const spline = (await saved(editor)).tracks[0]!.shape;
      assert.ok(spline.kind === "spline" && spline.curve === "bezier");
      assert.equal(spline.points.length, 5);

      await page.keyboard.press("c");
      const from = await editor.onPage(416, 240);
      const to = await editor.onPage(516, 240);
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(to.x, to.y, { steps: 5 });
      await page.mouse.up();
      await type(editor, "Points", "5");
      await type(editor, "Angle", "30");
      await type(editor, "Zoom", "2");
      const circle = (await saved(editor)).tracks[1]!.shape;
      assert.ok(circle.kind === "circle");
      assert.deepEqual([circle.count, circle.angle], [5, 30]);
      const [begin, end] = [circle.radii[0]!, circle.radii.at(-1)!];
      assert.ok(Math.abs(end.radius - 2 * begin.radius) < 1e-9);
      assert.equal(end.frame, 120);
    }),

  "timeline: scrub, play, bars, visibility by hand and by keys": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await stroke(editor, STROKE);
      const lane = page.getByRole("group", { name: "Stroke 1", exact: true });
      const ruler = page.getByRole("slider", { name: "Frame", exact: true });
      const box = (await ruler.boundingBox())!;
      const px = (box.width - 24) / 120;
      await page.mouse.click(box.x + 12 + 60 * px, box.y + 20);
      assert.equal(await ruler.getAttribute("aria-valuenow"), "60");
      assert.match(
        (await ruler.getAttribute("aria-valuetext"))!,
        /frame 40 of the video/,
      );
      await ruler.focus();
      await page.keyboard.press("ArrowRight");
      await page.keyboard.press("ArrowRight");
      assert.equal(await ruler.getAttribute("aria-valuenow"), "62");
      assert.doesNotMatch(
        (await ruler.getAttribute("aria-valuetext"))!,
        /of the video/, // 62 is no floor(1.5 i)
      );
      await page.getByRole("button", { name: "Play", exact: true }).click();
      await page.waitForFunction(() =>
        document.querySelector(".ruler")!.getAttribute("aria-valuenow") !== "62"
      );
      await page.getByRole("button", { name: "Pause", exact: true }).click();

      await slide(editor, "Start of Stroke 1", 20 * px);
      await slide(editor, "End of Stroke 1", -40 * px);
      await slide(editor, "When Stroke 1 moves", 10 * px);
      let { timing } = (await saved(editor)).tracks[0]!;
      assert.deepEqual([timing.start, timing.end], [30, 90]);
      await lane.getByRole("slider", { name: "End of Stroke 1" }).focus();
      await page.keyboard.press("Shift+ArrowRight");
      ({ timing } = (await saved(editor)).tracks[0]!);
      assert.equal(timing.end, 100);

      // A number that was typed is for what was selected meanwhile.
      await anchors(editor, THREE.slice(0, 1));
      await page.getByRole("button", { name: "Stroke 1", exact: true }).first()
        .click();
      await page.getByRole("tabpanel").getByLabel("End", { exact: true })
        .fill("105");
      await slide(editor, "When Anchor 1 moves", 0);
      assert.deepEqual(
        (await saved(editor)).tracks.map(({ timing }) => timing.end),
        [105, 120],
      );

      const seen = lane.getByRole("slider", {
        name: "When Stroke 1 is visible",
      });
      const line = (await seen.boundingBox())!;
      await page.mouse.move(line.x + 12 + 40 * px, line.y + 5);
      await page.mouse.down();
      await page.mouse.move(line.x + 12 + 50 * px, line.y + 5, { steps: 4 });
      await page.mouse.up();
      assert.deepEqual((await saved(editor)).tracks[0]!.visible, [[0, 39], [
        51,
        120,
      ]]);
      await ruler.focus();
      await page.keyboard.press("Home");
      await seen.focus();
      for (const key of ["Shift+ArrowRight", "Shift+ArrowRight", "Enter"]) {
        await page.keyboard.press(key);
      }
      assert.deepEqual((await saved(editor)).tracks[0]!.visible, [[3, 39], [
        51,
        120,
      ]]);

      // Two notches about frame 0, then a page further with the playhead.
      await ruler.press("Home");
      await page.mouse.move(box.x + 12, box.y + 20);
      await page.keyboard.down("Control");
      for (let i = 0; i < 2; i++) await page.mouse.wheel(0, -100);
      await page.keyboard.up("Control");
      await page.locator('.time-body[data-zoomed="true"]').waitFor();
      await page.waitForFunction(
        (least) =>
          document.querySelector(".bar")!.getBoundingClientRect().width > least,
        150 * px,
      );
      await slide(editor, "Start of Stroke 1", 1.5 ** 2 * 5 * px);
      assert.equal((await saved(editor)).tracks[0]!.timing.start, 35);
      await ruler.press("End");
      await page.locator(".time-body:not([data-away])").waitFor();
      const out = page.getByRole("button", { name: "Show more of the time" });
      for (let i = 0; i < 2; i++) await out.click();
      assert.ok(await out.isDisabled());
    }),

  "camera: a layer that stays editable and never adds up": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE.slice(0, 2));
      await page.getByRole("tab", { name: "Camera" }).click();
      const panel = page.getByRole("tabpanel");
      await panel.getByRole("button", { name: "Shift image" }).click();
      await type(editor, "Right", "2.5");
      await type(editor, "Right", "2.5");
      await type(editor, "Down", "-1");
      await panel.getByRole("radio", { name: "Selected" }).click();
      const { camera, tracks } = await saved(editor);
      const [pan] = camera;
      assert.ok(pan?.kind === "pan" && pan.dx === 2.5 && pan.dy === -1);
      assert.deepEqual(pan.applies, [tracks[1]!.id]); // the one just drawn
      for (const kind of ["Scale image", "Turn image", "Shear image"]) {
        await panel.getByRole("button", { name: kind, exact: true }).click();
      }
      assert.equal((await saved(editor)).camera.length, 4);
      assert.equal(
        await page.getByRole("group", { name: "Camera: Turn image 1" }).count(),
        1,
      );
      await panel.getByRole("button", { name: "Delete Turn image 1" }).click();
      await panel.getByRole("button", { name: "Switch off Shift image 1" })
        .click();
      const after = (await saved(editor)).camera;
      assert.deepEqual(after.map((m) => [m.name, m.enabled]), [
        ["Shift image 1", false],
        ["Scale image 1", true],
        ["Shear image 1", true],
      ]);
      for (const { name } of after) {
        await panel.getByRole("button", { name: `Delete ${name}` }).click();
      }
    }),

  "checks lead to the track and the frame": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, THREE.slice(0, 1));
      await type(editor, "X", "-50");
      await anchors(editor, THREE.slice(1, 2));
      await page.getByRole("tab", { name: /Checks/ }).click();
      await page.getByRole("button", { name: /Starts outside/ }).click();
      const chosen = page.locator('.track-row[aria-selected="true"]');
      assert.match((await chosen.textContent())!, /Anchor 1/);
    }),

  "exchange: what is exported comes back; SVG paths are tracks": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await stroke(editor, STROKE);
      for (const format of [".pth", ".json", ".npz"]) {
        await page.getByRole("button", { name: "Export" }).click();
        const download = page.waitForEvent("download");
        await page.getByRole("button", { name: format }).first().click();
        const path = await (await download).path();
        const { tracks } = await readTracks(await Deno.readFile(path), {
          name: format,
        });
        assert.equal(tracks.count, 1);
        await page.getByRole("button", { name: "Close" }).last().click();
        await page.getByRole("button", { name: "Import" }).click();
        await page.locator("dialog input[type=file]").setInputFiles({
          name: `a${format}`,
          mimeType: "application/octet-stream",
          buffer: Buffer.from(await Deno.readFile(path)),
        });
        await page.getByRole("button", { name: "Add 1" }).click();
        const kinds = (await saved(editor)).tracks.map((t) => t.shape.kind);
        assert.deepEqual(kinds, ["freehand", "free"]);
        await page.getByRole("button", { name: "Undo" }).click();
      }

      // What is not in the bytes can be said.
      await page.getByRole("button", { name: "Import" }).click();
      await page.locator("dialog input[type=file]").setInputFiles({
        name: "own.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify([
          Array.from({ length: 48 }, (_, t) => ({ x: 4 * t, y: 120 })),
        ])),
      });
      await page.getByText(/48 samples were spread/).waitFor();
      await page.getByLabel("Samples per second").fill("12");
      await page.getByLabel("Size of the image they").fill("416x240");
      await page.keyboard.press("Tab");
      await page.getByText(/scaled from 416x240/).waitFor();
      await page.getByRole("button", { name: "Add 1" }).click();
      const { shape } = (await saved(editor)).tracks.at(-1)!;
      assert.ok(shape.kind === "free");
      assert.deepEqual(shape.samples.slice(3 * 94, 3 * 95), [376, 240, 1]);
      assert.equal(shape.samples[3 * 95 + 2], 0);

      const svg =
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 83.2 48">
        <g transform="translate(10 5)"><path id="arc" d="M0 0 C 10 20 30 20 40 0"/></g>
        <polyline points="1,1 20,10 30,40"/>
        <script>document.title = "owned"</script></svg>`;
      await page.getByRole("button", { name: "Import" }).click();
      const input = page.locator("dialog input[type=file]");
      await input.setInputFiles({
        name: "broken.svg",
        mimeType: "image/svg+xml",
        buffer: Buffer.from("<p/>"),
      });
      await page.getByText("it is not an SVG file").waitFor();
      await input.setInputFiles({
        name: "lines.svg",
        mimeType: "image/svg+xml",
        buffer: Buffer.from(svg),
      });
      const add = page.getByRole("button", { name: "Add 2" });
      await add.click({ trial: true });
      // While another file is read, nothing of the one before is added.
      const isOff = await input.evaluate(async (element, text) => {
        const input = element as HTMLInputElement;
        const chosen = new DataTransfer();
        chosen.items.add(new File([text], "next.svg"));
        input.files = chosen.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        for (let i = 0; i < 20; i++) await Promise.resolve();
        const [add] = document.querySelectorAll<HTMLButtonElement>(
          "dialog .button.primary",
        );
        return add!.disabled;
      }, svg);
      assert.ok(isOff);
      await add.click();
      const [arc, corners] = (await saved(editor)).tracks.slice(-2);
      assert.equal(arc!.name, "arc");
      assert.ok(arc!.shape.kind === "freehand");
      const [first, last] = [arc!.shape.points[0]!, arc!.shape.points.at(-1)!];
      assert.ok(Math.hypot(first.x - 100, first.y - 50) < 0.5);
      assert.ok(Math.hypot(last.x - 500, last.y - 50) < 0.5);
      assert.ok(corners!.shape.kind === "spline");
      assert.deepEqual(corners!.shape.points.length, 3);
      assert.notEqual(await page.title(), "owned");
    }),

  "200 tracks: the list and the timeline show only what is in sight": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await page.getByRole("button", { name: "Import" }).click();
      const lists = Array.from(
        { length: 200 },
        (_, i) =>
          Array.from({ length: 121 }, (_, t) => ({
            x: 20 + (i % 20) * 40 + t / 4,
            y: 20 + Math.floor(i / 20) * 45,
          })),
      );
      await page.locator("dialog input[type=file]").setInputFiles({
        name: "many.json",
        mimeType: "application/json",
        buffer: Buffer.from(JSON.stringify(lists)),
      });
      await page.getByRole("button", { name: "Add 200" }).click();
      assert.equal((await saved(editor)).tracks.length, 200);
      const rows = await page.locator(".track-row").count();
      const lanes = await page.locator(".lane").count();
      assert.ok(rows < 40 && lanes < 40, `${rows} rows, ${lanes} lanes`);
      await page.locator(".lanes").evaluate((lanes) => {
        lanes.scrollTop = lanes.scrollHeight;
      });
      await page.getByRole("group", { name: "Track 200", exact: true })
        .waitFor();
    }),

  "words: prompts are kept, the command can be copied": (open) =>
    withBoat(open, async (editor) => {
      const { page, dir } = editor;
      await page.context().grantPermissions([
        "clipboard-read",
        "clipboard-write",
      ]);
      await page.getByRole("tab", { name: "Prompt" }).click();
      await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(
        "A boat sails.",
      );
      await page.getByLabel("Negative prompt").fill("fog");
      const { prompt, negative } = await saved(editor);
      assert.deepEqual([prompt, negative], ["A boat sails.", "fog"]);
      await page.getByRole("button", { name: "Copy command" }).click();
      await page.getByText("to the clipboard").waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      assert.ok(copied.includes(`${dir}/test.yaml`), copied);
    }),

  "draw, store, and the tools make the video; reopened, it can be edited": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page, dir } = editor;
      await stroke(editor, STROKE);
      await page.getByRole("tab", { name: "Prompt" }).click();
      await page.getByRole("textbox", { name: "Prompt", exact: true }).fill(
        "It sails.",
      );
      await page.getByRole("button", { name: "Store Tracks" }).click();
      await page.getByText(/^Stored 1 track:/).waitFor();
      await generate(dir);
      const video = await openVideo(join(dir, "out/outputs/000.mp4"));
      assert.deepEqual([video.width, video.frameCount], [208, 5]);

      const length = page.getByRole("region", { name: "Timeline" })
        .getByLabel("Length");
      await length.fill("10");
      await page.keyboard.press("Enter");
      await page.getByText("2 segments", { exact: true }).waitFor();
      const next = page.getByLabel("Prompt from 5 s");
      await next.fill("It turns.");
      await page.getByRole("button", { name: "Undo" }).click();
      await next.and(page.locator(":placeholder-shown")).waitFor();
      await page.getByPlaceholder("As before: It sails.").waitFor();
      await next.fill("It lands.");
      await editor.savedDocument();
      await page.reload();
      await page.waitForSelector(".stage[data-image]");
      await page.getByRole("tab", { name: "Prompt" }).click();
      assert.equal(await next.inputValue(), "It lands.");
      await page.getByRole("tab", { name: "Track", exact: true }).click();
      await page.getByRole("button", { name: "Stroke 1", exact: true }).first()
        .click();
      await type(editor, "X", "250");
      await type(editor, "End", "192");
      assert.equal(await length.inputValue(), "10");
      await page.getByRole("button", { name: "Store Tracks" }).click();
      await page.getByText(/^Stored 1 track:/).waitFor();
      const { tracks } = await readRawTracks(
        await Deno.readFile(join(dir, "tracks/00.pth")),
        { name: "00.pth" },
      );
      assert.equal(tracks.length, 1); // the second save replaces the first
      const xs = tracks[0]!.filter((_, i) => i % 3 === 0);
      assert.deepEqual([xs.length, xs[0], xs[240]], [241, 250, xs[192]]);
      assert.notEqual(xs[191], xs[192]); // it arrives at 8 s
      assert.deepEqual(await plannedPrompts(dir), [["It sails.", "It lands."]]);
    }),

  "two windows: a conflict is asked about, nothing is overwritten": (open) =>
    withBoat(open, async (editor) => {
      const other = await open({ sameAs: editor });
      await anchors(editor, THREE.slice(0, 1));
      await editor.savedDocument();
      // One: the question may come before a second click.
      await anchors(other, THREE.slice(1, 2));
      const xOf = ({ tracks }: Awaited<ReturnType<typeof saved>>) =>
        tracks.map(({ shape }) => Math.round((shape as unknown as Position).x));
      const dialog = other.page.getByRole("dialog", {
        name: "This image was changed in another window",
      });
      await dialog.waitFor();
      assert.deepEqual(xOf(await saved(editor)), [100]);
      await dialog.getByRole("button", { name: "Decide later" }).click();
      await other.page.getByRole("button", { name: "Choose" }).click();
      await dialog.getByRole("button", { name: "Take theirs" }).click();
      assert.deepEqual(xOf(await saved(other)), [100]);
      // Mine was one Undo away.
      await other.page.keyboard.press("Control+z");
      assert.deepEqual(xOf(await saved(other)), [400]);

      // Now this window is the one that is behind; it keeps its own.
      await anchors(editor, THREE.slice(2));
      await editor.page.getByRole("button", { name: "Keep mine" }).click();
      const kept = await saved(editor);
      assert.deepEqual(kept.tracks.map((t) => t.name), [
        "Anchor 1",
        "Anchor 2",
      ]);
      assert.equal(
        (kept.tracks[1]!.shape as unknown as Position).x > 600,
        true,
      );
      // The refused request (412) stands in the console; nothing else does.
      for (const complaint of [...editor.complaints, ...other.complaints]) {
        assert.match(complaint, /412/);
      }
      (editor.complaints as string[]).length = 0;
    }),

  "server gone and back: edits arrive; a page that was closed remembers":
    async (
      open,
    ) => {
      const editor = await open({ images: [BOAT] });
      const { page, dir } = editor;
      const port = Number(new URL(editor.url).port);
      const restart = async () => {
        editor.server = await serveEditor({ dir, port, hostname: "127.0.0.1" });
      };
      await editor.server.close();
      await anchors(editor, THREE.slice(0, 2));
      await page.getByText(/^Not saved/).waitFor();
      await restart();
      assert.equal((await saved(editor)).tracks.length, 2);

      /** Saves arrive, and their answers do not; settles with the first. */
      const loseAnswers = async (lost: (route: Route) => Promise<void>) => {
        const arrived = Promise.withResolvers<void>();
        await page.route("**/document", async (route) => {
          if (route.request().method() !== "PUT") return await route.continue();
          await route.fetch();
          arrived.resolve();
          await lost(route);
        });
        return arrived.promise;
      };
      const low = THREE.map(({ x, y }) => ({ x, y: y + 50 }));
      // Something is drawn before the save is tried again.
      const isLost = loseAnswers((route) => route.abort());
      await anchors(editor, THREE.slice(2));
      await isLost;
      await anchors(editor, low.slice(0, 1));
      await page.unroute("**/document");
      assert.equal((await saved(editor)).tracks.length, 4);

      // And before the page and the server end.
      const isPending = loseAnswers(() => new Promise(() => {}));
      await anchors(editor, low.slice(1, 2));
      await isPending;
      await editor.server.close();
      await anchors(editor, low.slice(2));
      while (await journaledTracks(page) < 6) await page.waitForTimeout(20);
      // The tab ends before it could save, and another one is opened later.
      const ended = page.waitForEvent("crash");
      page.goto("chrome://crash").catch(() => {});
      await ended;
      await restart();
      const again = await editor.context.newPage();
      await again.goto(editor.url);
      await again.getByText(/were restored/).waitFor();
      await again.getByText("All changes saved").waitFor();
      const { tracks } = JSON.parse(
        await Deno.readTextFile(join(dir, "editor/00.json")),
      );
      assert.equal(tracks.length, 6);
    },

  "generate: progress, the page stays free, cancel, the video is shown": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page, dir } = editor;
      await stroke(editor, STROKE);
      await page.getByRole("button", { name: "Generate" }).click();
      const dialog = page.getByRole("dialog", { name: "Generate video" });
      const output = join(dir, "output/outputs/00.mp4");
      // By the page itself: a click from here may come when the run is over.
      await page.evaluate(() =>
        new MutationObserver((_changes, observer) => {
          const buttons = document.querySelectorAll<HTMLElement>(
            ".dialog button",
          );
          const cancel = [...buttons].find(({ textContent }) =>
            textContent === "Cancel the run"
          );
          const text = document.querySelector(".dialog")?.textContent ?? "";
          if (!cancel || !/rendering, \d+ %/.test(text)) return;
          observer.disconnect();
          cancel.click();
        }).observe(document.body, {
          ...{ childList: true, subtree: true, characterData: true },
        })
      );
      await dialog.getByRole("button", { name: "Make preview" }).click();
      await dialog.getByRole("status").getByText("Cancelled").waitFor();
      await assert.rejects(Deno.stat(output), Deno.errors.NotFound);

      const frames = dialog.getByLabel("Frames", { exact: true });
      await dialog.locator("summary").first().click();
      await frames.fill("9");
      await page.keyboard.press("Tab");
      await dialog.getByRole("button", { name: "Make preview" }).click();
      await dialog.getByRole("button", { name: "Keep drawing" }).click();
      await anchors(editor, THREE.slice(0, 1)); // while it works
      assert.equal((await saved(editor)).tracks.length, 2);
      await page.getByText("The video is ready").waitFor({ timeout: 60_000 });
      await page.getByRole("button", { name: "Generate" }).click();
      const look = (take: number) =>
        page.waitForFunction((take) => {
          const video = document.querySelector<HTMLVideoElement>(
            `.dialog video[src^="takes/00/${take}.mp4"]`,
          );
          return video !== null && video.readyState >= 2 &&
            video.videoWidth === 832;
        }, take);
      await look(1);
      const first = await Deno.readFile(output);
      assert.ok(first.length > 10_000);

      // Another run is another take, with the settings that were chosen.
      await dialog.locator("summary").first().click();
      await frames.fill("80");
      await page.keyboard.press("Tab"); // no 4n + 1: refused
      assert.equal(await frames.inputValue(), "9"); // remembered
      await frames.fill("5");
      await page.keyboard.press("Tab");
      const main = dialog.getByRole("button", { name: "Make preview" });
      await main.click();
      await dialog.getByText("Image 00, take 2").waitFor();
      await dialog.getByText(`${dir}/output/takes/00/0002/00.mp4`).waitFor();
      await look(2);
      const colors = await main.evaluate((button) => {
        const { color, backgroundColor } = getComputedStyle(button);
        return [color, backgroundColor];
      });
      assert.notEqual(colors[0], colors[1]);
      const takes = join(dir, "output/takes/00");
      assert.deepEqual(await Deno.readFile(join(takes, "0001/00.mp4")), first);
      assert.equal(
        JSON.parse(await Deno.readTextFile(join(takes, "0002/take.json")))
          .settings.frame_num,
        5,
      );

      // After a reload: listed, played next to the image, two in step.
      await page.reload();
      await page.getByRole("tab", { name: "Takes 2" }).click();
      await setPreview(page, false);
      await page.getByRole("button", { name: /^Take 1/ }).click();
      await page.getByRole("button", { name: /^Take 2/ }).click();
      await page.getByRole("slider", { name: "Frame", exact: true }).focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press("ArrowRight");
      await page.waitForFunction(() => {
        const videos = [
          ...document.querySelectorAll<HTMLVideoElement>(".take-viewer video"),
        ];
        return videos.length === 2 &&
          videos.every((video) => Math.abs(video.currentTime - 5 / 24) < 0.02);
      });
      await page.getByRole("button", { name: "Star take 1" }).click();
      await page.locator(".take", { hasText: "Take 1" })
        .getByText("in outputs").waitFor();
      assert.deepEqual(await Deno.readFile(output), first);
      await page.getByRole("button", { name: "Delete take 2" }).click();
      await page.getByRole("tab", { name: "Takes 1" }).waitFor();
      assert.equal(await page.locator(".take-viewer video").count(), 1);
      // Of another image there is nothing to restore.
      await page.getByRole("button", {
        name: "Duplicate image 00 with its motion",
      }).click();
      await page.getByText("No takes yet").waitFor();
      const restore = page.getByRole("button", { name: "Restore take 2" });
      assert.equal(await restore.count(), 0);
      await page.locator(".image-open").first().click();
      await restore.click();
      await page.getByRole("tab", { name: "Takes 2" }).waitFor();
      const left = [...Deno.readDirSync(join(dir, "editor"))].map((f) => f.name)
        .filter((name) => name.startsWith("00"));
      assert.deepEqual(left.sort(), ["00.json", "00.stored.json"]);
    }),

  "help: a hint for each tool until it is read, the sheet, names for all": (
    open,
  ) =>
    open({ images: [BOAT], hints: true }).then(async (editor) => {
      const { page } = editor;
      await page.getByRole("complementary", { name: "Hint: Draw" }).waitFor();
      await page.getByRole("button", { name: "Got it" }).click();
      await page.keyboard.press("c");
      await page.getByRole("complementary", { name: "Hint: Circle" }).waitFor();
      await page.reload();
      // The tool is remembered, and its hint was not read yet; that of Draw was.
      await page.getByRole("complementary", { name: "Hint: Circle" }).waitFor();
      await page.keyboard.press("b");
      await page.locator(".hint-strip").waitFor({ state: "detached" });
      await page.keyboard.press("?");
      const sheet = page.getByRole("dialog", { name: "Shortcuts" });
      await sheet.getByText("Ctrl+Z").waitFor();
      await page.keyboard.press("Escape");
      assert.equal(await sheet.count(), 0);

      await anchors(editor, THREE);
      const nameless = await page.evaluate(() =>
        [...document.querySelectorAll(
          "button, input, select, textarea, [role=slider], [tabindex]",
        )].filter((element) => {
          const labels = (element as HTMLInputElement).labels;
          return !(element.getAttribute("aria-label") ||
            element.getAttribute("aria-labelledby") ||
            element.textContent?.trim() ||
            [...labels ?? []].some((label) => label.textContent?.trim()));
        }).map((element) => element.outerHTML)
      );
      assert.deepEqual(nameless, []);
      assert.deepEqual(editor.complaints, []);
    }),

  "keyboard only: draw, time, hide frames, store": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const press = async (...keys: string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      /** Goes on with Tab until an element is reached. */
      const tabTo = async (name: string) => {
        for (let i = 0; i < 150; i++) {
          const label = await page.evaluate(() =>
            document.activeElement?.getAttribute("aria-label") ??
              (document.activeElement as HTMLInputElement | null)?.labels?.[0]
                ?.textContent ??
              document.activeElement?.textContent
          );
          if (label?.startsWith(name)) return;
          await press("Tab");
        }
        assert.fail(`Tab never reaches ${name}`);
      };
      await page.evaluate(() => (document.activeElement as HTMLElement).blur());
      await tabTo("Image with its tracks");
      await press("a", "ArrowRight", "Enter", "Escape", "b");
      await tabTo("Anchor 1");
      await press("F2");
      await page.locator("input.rename:focus").waitFor();
      await page.keyboard.type("Buoy");
      await press("Enter");
      await page.getByRole("group", { name: "Buoy", exact: true }).waitFor();
      await page.locator("input.rename").waitFor({ state: "detached" });
      await tabTo("End of Buoy");
      await press("Shift+ArrowLeft");
      await tabTo("When Buoy is visible");
      await press("Enter");
      await press("Control+s");
      await page.getByText(/^Stored 1 track:/).waitFor();
      const [track] = (await saved(editor)).tracks;
      assert.equal(track!.name, "Buoy");
      assert.equal(track!.timing.end, 110);
      assert.deepEqual(track!.visible, [[1, 120]]);
    }),
});
