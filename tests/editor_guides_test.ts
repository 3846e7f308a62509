/**
 * What is drawn over the tracks, in a real browser: the camera moves' handles,
 * warnings at the place they concern, tracks that are locked or hidden.
 */

import assert from "node:assert/strict";
import {
  type CameraHandle,
  cameraHandles,
} from "../editor/model/camera_handles.ts";
import type { EditorDocument } from "../editor/model/document.ts";
import { renderTracks } from "../editor/model/render_document.ts";
import {
  browserTests,
  type EditorPage,
  type Page,
} from "./fixtures/browser.ts";
import {
  click,
  drag,
  keys,
  near,
  painted,
  type Position,
  stillShot,
  withKeptBoat,
} from "./fixtures/editor_hand.ts";

async function saved(editor: EditorPage): Promise<EditorDocument> {
  return await editor.savedDocument() as unknown as EditorDocument;
}

async function anchor(editor: EditorPage, place: Position): Promise<void> {
  await keys(editor.page, "a");
  await click(editor, place);
}

/** Adds a camera move by its button in the panel. */
async function addMove(page: Page, kind: string): Promise<void> {
  await page.getByRole("tab", { name: "Camera" }).click();
  await page.getByRole("group", { name: "Move the flat image" })
    .getByRole("button", { name: `${kind} image` }).click();
}

/** Deletes the one camera move of its kind. */
async function deleteMove(page: Page, kind: string): Promise<void> {
  await page.getByRole("tab", { name: "Camera" }).click();
  await page.getByRole("button", { name: `Delete ${kind} image 1` }).click();
}

/** Drags a handle of the last camera move by some px of the image. */
async function dragHandle(
  editor: EditorPage,
  handle: CameraHandle,
  by: { readonly dx: number; readonly dy: number },
): Promise<void> {
  const document = await saved(editor);
  const from = cameraHandles(document.camera.at(-1)!, document)[handle];
  await drag(editor, [from, { x: from.x + by.dx, y: from.y + by.dy }]);
}

/** The number in a field of the inspector. */
async function field(page: Page, label: string): Promise<number> {
  return Number(
    await page.getByRole("spinbutton", { name: label }).inputValue(),
  );
}

function about(actual: number, expected: number, within: number): void {
  assert.ok(
    Math.abs(actual - expected) <= within,
    `${actual} is not ${expected}, expected within ${within}`,
  );
}

/** Speed in the status line is that of the one track, as the camera has it. */
async function assertSpeed(editor: EditorPage, id: string): Promise<void> {
  const { page } = editor;
  await page.locator(".track-row button").first().click();
  await page.getByRole("spinbutton", { name: "Frame" }).fill("60");
  await keys(page, "Enter");
  await page.locator(".stage").focus();
  await page.getByText("Frame 60 / 120").waitFor();
  const document = await saved(editor);
  const { points } = renderTracks(document).find((track) => track.id === id)!;
  const [a, b] = [points[59]!, points[60]!];
  const speed = Math.hypot(b.x - a.x, b.y - a.y);
  assert.ok(speed > 0.2, `${speed} px/frame`);
  await page.locator(".status").getByText(`${speed.toFixed(1)} px/frame`)
    .waitFor();
}

/** Notes every word that is painted, as the canvases have no text to find. */
async function notePaintedWords(page: Page): Promise<void> {
  await page.evaluate(() => {
    const noted: string[] = [];
    Object.assign(globalThis, { noted });
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      noted.push(text);
      fillText.call(this, text, ...rest);
    };
  });
}

/** What was painted since the last call, with the pointer at a place. */
async function wordsAt(editor: EditorPage, at: Position): Promise<string> {
  const { page } = editor;
  await page.mouse.move(at.x - 3, at.y - 3);
  await page.evaluate(() =>
    (globalThis as unknown as { noted: string[] })
      .noted.length = 0
  );
  await page.mouse.move(at.x, at.y);
  await painted(page);
  return await page.evaluate(() =>
    (globalThis as unknown as { noted: string[] }).noted.join(" ")
  );
}

browserTests("editor guides", {
  "camera: the pan's arrow is dragged, number and tracks follow": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchor(editor, { x: 200, y: 100 });
      await addMove(page, "Shift");
      // 120 frames: 60 px down are half a px per frame.
      await dragHandle(editor, "value", { dx: 60, dy: -120 });
      about(await field(page, "Right"), 1.5, 0.03);
      about(await field(page, "Down"), -1, 0.03);
      const { camera: [pan], tracks } = await saved(editor);
      assert.ok(pan?.kind === "pan");
      about(pan.dx, 1.5, 0.03);
      await assertSpeed(editor, tracks[0]!.id);
      // The whole drag is one step back.
      await keys(page, "Control+z");
      const before = (await saved(editor)).camera[0];
      assert.ok(before?.kind === "pan" && before.dx === 1 && before.dy === 0);
      await deleteMove(page, "Shift");
    }),

  "camera: zoom, rotation and orbit by their rings and centers": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchor(editor, { x: 200, y: 100 });
      const { tracks: [track] } = await saved(editor);

      await addMove(page, "Scale");
      await dragHandle(editor, "value", { dx: 48, dy: 0 });
      about(await field(page, "Zoom"), 1.8, 0.03); // 96 px are a factor of 1.
      await dragHandle(editor, "center", { dx: 30, dy: -20 });
      about(await field(page, "Center X"), 446, 2);
      about(await field(page, "Center Y"), 220, 2);
      about(await field(page, "Zoom"), 1.8, 0.03);
      await assertSpeed(editor, track!.id);
      await deleteMove(page, "Scale");

      await addMove(page, "Turn");
      // From 15 degrees straight down: a quarter.
      const arm = 96, turn = 15 * Math.PI / 180;
      await dragHandle(editor, "value", {
        dx: -arm * Math.cos(turn),
        dy: arm - arm * Math.sin(turn),
      });
      about(await field(page, "Angle"), 90, 1.5);
      await dragHandle(editor, "center", { dx: -100, dy: 0 });
      about(await field(page, "Center X"), 316, 2);
      await assertSpeed(editor, track!.id);
      await deleteMove(page, "Turn");

      await addMove(page, "Shear");
      const swing = await field(page, "Parallax");
      await dragHandle(editor, "value", { dx: 70, dy: 40 });
      about(await field(page, "Parallax"), swing + 70, 2);
      await dragHandle(editor, "center", { dx: 0, dy: 60 });
      about(await field(page, "Center Y"), 300, 2);
      await assertSpeed(editor, track!.id);
      // Escape in the middle of a drag: as it was.
      const { camera: [orbit] } = await saved(editor);
      const { value } = cameraHandles(orbit!, { width: 832, height: 480 });
      await page.getByRole("tab", { name: "Camera" }).click();
      await page.getByRole("button", { name: /^Shear image 1 \d/ }).click();
      const at = await editor.onPage(value.x, value.y);
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await page.mouse.move(at.x - 90, at.y, { steps: 4 });
      await keys(page, "Escape");
      await page.mouse.up();
      assert.deepEqual((await saved(editor)).camera, [orbit]);
      await deleteMove(page, "Shear");
    }),

  "camera: a chosen move is in the hand's reach, drawing leaves it alone": (
    open,
  ) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchor(editor, { x: 200, y: 100 });
      await addMove(page, "Shift");
      assert.equal(
        await page.getByRole("radio", { name: "Select", exact: true })
          .getAttribute("aria-checked"),
        "true",
      );
      // With the pen a press at the handle draws.
      await keys(page, "b");
      await dragHandle(editor, "value", { dx: 0, dy: 100 });
      const { camera: [pan], tracks } = await saved(editor);
      assert.ok(pan?.kind === "pan" && pan.dx === 1 && pan.dy === 0);
      assert.equal(tracks.length, 2);
      await deleteMove(page, "Shift");
    }),

  "warnings stand at their place and say by name what is wrong": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      // One that starts outside, and three at one place.
      await anchor(editor, { x: 400, y: 200 });
      await page.getByLabel("X", { exact: true }).fill("-20");
      await keys(page, "Enter");
      for (const x of [600, 604, 608]) {
        await anchor(editor, { x, y: 300 });
      }
      await page.getByLabel("Name", { exact: true }).fill("Buoy");
      await page.locator(".stage").focus();
      await keys(page, "v");
      await page.getByRole("tab", { name: /Checks/ }).click();
      await page.getByRole("button", { name: /Too close/ }).first().waitFor();
      await notePaintedWords(page);
      const start = await editor.onPage(-20, 200);
      const words = await wordsAt(editor, { x: start.x + 13, y: start.y - 11 });
      assert.match(words, /“Anchor 1” starts/);
      assert.doesNotMatch(words, /overlaps/);
      const crowd = await editor.onPage(608, 300);
      assert.match(
        await wordsAt(editor, { x: crowd.x + 13, y: crowd.y - 11 }),
        /“Buoy” overlaps with “Anchor \d” and “Anchor \d” in frame 0/,
      );
      assert.doesNotMatch(
        await wordsAt(editor, await editor.onPage(300, 100)),
        /overlaps|starts/,
      );

      // Out of sight it is marked at the edge.
      await page.getByRole("tab", { name: "Track" }).click();
      await page.locator(".track-row button").first().click();
      await page.getByLabel("X", { exact: true }).fill("-900");
      await keys(page, "Enter");
      await page.getByRole("tab", { name: /Checks/ }).click();
      await page.getByText("-900").first().waitFor();
      const stage = (await page.locator(".stage").boundingBox())!;
      const { y } = await editor.onPage(0, 200);
      assert.match(
        await wordsAt(editor, { x: stage.x + 12, y: y - 11 }),
        /“Anchor 1” starts/,
      );
    }),

  "a locked track neither moves nor goes, and says so": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchor(editor, { x: 200, y: 100 });
      await anchor(editor, { x: 500, y: 300 });
      await page.getByRole("button", { name: "Lock Anchor 1" }).click();
      await keys(page, "v");
      const told = page.locator(".status").getByText("This track is locked");
      const quiet = async () => {
        // Another word takes the place of the last one.
        await click(editor, { x: 700, y: 50 });
        await keys(page, "Control+d");
        await page.getByText("Select the tracks to duplicate").waitFor();
      };
      const before = (await saved(editor)).tracks[0];

      await drag(editor, [{ x: 200, y: 100 }, { x: 300, y: 180 }]);
      await told.waitFor();
      for (const key of ["ArrowRight", "Delete"]) {
        await quiet();
        await click(editor, { x: 200, y: 100 });
        await keys(page, key);
        await told.waitFor();
      }
      assert.deepEqual((await saved(editor)).tracks[0], before);
      assert.equal(
        await page.locator(".stage").evaluate((s) => s.style.cursor),
        "default",
      );

      // Among others it stays; a copy of it is free.
      await click(editor, { x: 500, y: 300 }, ["Shift"]);
      await keys(page, "ArrowDown");
      let { tracks } = await saved(editor);
      assert.deepEqual(tracks[0], before);
      assert.equal((tracks[1]!.shape as Position).y, 300 + 1);
      await keys(page, "Delete");
      await page.getByText("Deleted 1 track; locked ones stay").waitFor();
      ({ tracks } = await saved(editor));
      assert.deepEqual(tracks, [before]);
      await keys(page, "Control+d", "Enter", "ArrowDown");
      ({ tracks } = await saved(editor));
      near(tracks[1]!.shape as Position, { x: 224, y: 125 }, 1.1);
      assert.equal(tracks[1]!.locked, false);
      await page.getByRole("button", { name: "Unlock Anchor 1" }).click();
    }),

  "a hidden track is neither shown nor in reach, nor stored": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchor(editor, { x: 200, y: 100 });
      await anchor(editor, { x: 500, y: 300 });
      await keys(page, "v", "Escape");
      await page.mouse.move(640, 10);
      const around = await editor.onPage(180, 75);
      const clip = { ...around, width: 50, height: 50 };
      const look = () => stillShot(page, () => page.screenshot({ clip }));
      const shown = await look();
      await page.getByRole("button", { name: "Hide Anchor 1" }).click();
      await page.mouse.move(640, 10);
      const hidden = await look();
      assert.notEqual(hidden, shown);
      const selected = () =>
        page.locator(".stage").getAttribute("data-selected");
      await click(editor, { x: 200, y: 100 });
      assert.equal(await selected(), "0", "a click goes through it");
      await drag(editor, [{ x: 20, y: 20 }, { x: 800, y: 460 }]);
      assert.equal(await selected(), "1", "a rectangle leaves it out");
      await keys(page, "Escape", "Control+a");
      assert.equal(await selected(), "1");
      await page.locator(".stage").focus();
      await keys(page, "Escape", "Tab");
      assert.match(
        (await page.locator(".stage [role=status]").textContent())!,
        /Anchor 2, 1 of 1/,
      );
      await keys(page, "Control+s");
      await page.getByText("Stored 1 track:").waitFor();
      await page.getByRole("button", { name: "Show Anchor 1" }).click();
      await page.mouse.move(640, 10);
      await keys(page, "Escape");
      assert.equal(await look(), shown);
    }),

  "the pointer shows what it would take, and a drag who follows": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      const wave = Array.from({ length: 30 }, (_, i) => ({
        x: 150 + 15 * i,
        y: 240 + 80 * Math.sin(i / 4),
      }));
      await drag(editor, wave, { steps: 2 });
      await keys(page, "v", "Escape");
      const stage = (await page.locator(".stage").boundingBox())!;
      const clip = { ...stage, width: stage.width - 200 };
      const look = () => stillShot(page, () => page.screenshot({ clip }));
      const aside = await editor.onPage(780, 30);
      await page.mouse.move(aside.x, aside.y);
      const quiet = await look();
      const middle = await editor.onPage(wave[10]!.x, wave[10]!.y);
      await page.mouse.move(middle.x, middle.y);
      assert.notEqual(await look(), quiet, "the track under it stands out");
      await page.mouse.move(640, 10); // Off the stage.
      assert.equal(await look(), quiet);

      // Discs for the points that follow: more of them with a wider falloff.
      await page.mouse.click(middle.x, middle.y);
      const { tracks: [track] } = await editor.savedDocument();
      const [first] = track!.shape.points as Position[];
      await page.evaluate(() => {
        const noted: number[] = [];
        Object.assign(globalThis, { noted });
        const { fill } = CanvasRenderingContext2D.prototype;
        CanvasRenderingContext2D.prototype.fill = function (
          this: CanvasRenderingContext2D,
          ...how: unknown[]
        ) {
          noted.push(this.globalAlpha);
          Reflect.apply(fill, this, how);
        } as typeof fill;
      });
      const followers = async () => {
        const from = await editor.onPage(first!.x, first!.y);
        await page.mouse.move(from.x, from.y);
        await page.mouse.down();
        await page.mouse.move(from.x, from.y + 12, { steps: 3 });
        await page.evaluate(() =>
          (globalThis as unknown as { noted: number[] }).noted.length = 0
        );
        await page.mouse.move(from.x, from.y + 20);
        await painted(page);
        const noted = await page.evaluate(() =>
          (globalThis as unknown as { noted: number[] }).noted
        );
        await keys(page, "Escape");
        await page.mouse.up();
        return new Set(noted.filter((alpha) => alpha < 1)).size;
      };
      const few = await followers();
      await page.getByRole("slider", { name: "Falloff" }).first().fill("12");
      const many = await followers();
      assert.ok(few >= 5 && many > few, `${few}, then ${many}`);
      await page.getByRole("slider", { name: "Falloff" }).first().fill("0");
      assert.equal(await followers(), 0);
    }),
});
