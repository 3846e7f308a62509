/**
 * The motion brush in a real browser: an object is marked, dragged, passes
 * behind another, and is seen as a piece.
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeImage } from "../core/media/image.ts";
import { parseObjects } from "../core/tracks/motion_objects.ts";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { isInside, motionObjects } from "../editor/model/objects.ts";
import { renderTracks } from "../editor/model/render_document.ts";
import { browserTests, type EditorPage } from "./fixtures/browser.ts";
import { orbitOverFloor } from "./fixtures/camera_job.ts";
import { followDroppedClip } from "./fixtures/clip_motion.ts";
import {
  click,
  drag,
  painted,
  saved,
  withBoat,
} from "./fixtures/editor_hand.ts";
import { goldenUrl } from "./fixtures/golden.ts";

/** Around the boat, roughly; and around the moon. */
const AROUND_BOAT = ring(252, 352, 100, 68),
  AROUND_MOON = ring(560, 112, 60, 60);

function ring(x: number, y: number, across: number, down: number) {
  return Array.from({ length: 25 }, (_, k) => ({
    x: x + across * Math.cos(k * Math.PI / 12),
    y: y + down * Math.sin(k * Math.PI / 12),
  }));
}

async function shown(editor: EditorPage, frame: number) {
  const { page } = editor;
  const field = page.getByRole("spinbutton", { name: "Frame" });
  await field.fill(`${frame}`);
  await page.keyboard.press("Enter");
  await page.evaluate(() => {
    for (const name of ["tracks", "top"]) {
      document.querySelector<HTMLElement>(`.stage canvas.${name}`)!.style
        .visibility = "hidden";
    }
  });
  await painted(page);
  const stage = await page.locator(".stage").boundingBox();
  const shot = await decodeImage(
    new Uint8Array(await page.screenshot({ clip: stage! })),
  );
  await page.evaluate(() => {
    for (const name of ["tracks", "top"]) {
      document.querySelector<HTMLElement>(`.stage canvas.${name}`)!.style
        .visibility = "";
    }
  });
  return async (x: number, y: number) => {
    const at = await editor.onPage(x, y);
    const k = 3 *
      (Math.round(at.y - stage!.y) * shot.width + Math.round(at.x - stage!.x));
    return [...shot.data.subarray(k, k + 3)];
  };
}

/** Clicks mark what the model says; with Alt less; by hand it can be changed. */
async function selectWithModel(editor: EditorPage): Promise<void> {
  const { page, url } = editor;
  const answer = async (points: readonly unknown[]) => {
    const response = await fetch(`${url}api/images/00/segment`, {
      method: "POST",
      headers: { origin: new URL(url).origin },
      body: JSON.stringify({ points }),
    });
    return { status: response.status, ...await response.json() };
  };
  const outline = async () => {
    const { shape } = (await saved(editor)).tracks.at(-1)!;
    return shape.kind === "object" ? shape.outline : undefined;
  };
  await page.keyboard.press("Escape");
  await page.getByText("Model", { exact: true }).click();
  await click(editor, { x: 700, y: 300 });
  await page.locator(".track-name", { hasText: "Object 2" }).waitFor();
  const marked = await outline();
  const { shape } = (await saved(editor)).tracks.at(-1)!;
  assert.ok(shape.kind === "object" && shape.points.length > 0);
  const at = { x: 700, y: 300, inside: true };
  const near = (await answer([at])).outline;
  assert.deepEqual(marked, near, "what the model says");

  const answered = page.waitForResponse("**/segment");
  await page.keyboard.down("Alt");
  await click(editor, { x: 300, y: 200 });
  await page.keyboard.up("Alt");
  await answered;
  await page.getByText("Shift adds, Alt takes away.")
    .waitFor();
  const less = await outline();
  assert.notDeepEqual(less, marked);
  assert.deepEqual(
    less,
    (await answer([at, { x: 300, y: 200, inside: false }])).outline,
  );

  await page.getByText("Brush", { exact: true }).click();
  await page.keyboard.down("Shift");
  await drag(editor, [{ x: 100, y: 430 }, { x: 400, y: 430 }]);
  await page.keyboard.up("Shift");
  assert.notDeepEqual(await outline(), less);
  assert.equal((await answer([])).status, 400);
}

browserTests("editor, objects", {
  "a lasso finds the edges, a drag moves the object as a piece": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await page.keyboard.press("o");
      await page.getByText("Snap to edges").waitFor();
      await drag(editor, AROUND_BOAT, { steps: 2 });
      await page.locator(".track-name", { hasText: "Object 1" }).waitFor();
      await page.waitForFunction(() =>
        !globalThis.document.querySelector<HTMLButtonElement>(
          'button[aria-label="Move the outline to the edges near it"]',
        )?.disabled
      );
      const marked = (await saved(editor)).tracks[0]!;
      assert.ok(marked.shape.kind === "object");
      const { outline } = marked.shape;
      // The hull is in, the water that the lasso took along is not.
      for (
        const [x, y, inside] of [
          [250, 340, true],
          [200, 372, true],
          [300, 372, true],
          [170, 330, false],
          [335, 330, false],
          [180, 395, false],
        ] as const
      ) assert.equal(isInside(outline, { x, y }), inside, `${x}, ${y}`);

      await drag(editor, [{ x: 250, y: 360 }, { x: 350, y: 340 }, {
        x: 560,
        y: 380,
      }]);
      await page.locator(".stage canvas.image[data-layers]").waitFor();
      const document = await saved(editor);
      const tracks = renderTracks(document);
      assert.ok(tracks.length >= 3 && tracks.length <= 9, `${tracks.length}`);
      const ends = tracks.map(({ points }) => [
        points[120]!.x - points[0]!.x,
        points[120]!.y - points[0]!.y,
      ]);
      for (const [dx, dy] of ends) {
        assert.ok(Math.hypot(dx! - 310, dy! - 20) < 4, `${ends}`);
      }

      await page.mouse.move(5, 5);
      await shown(editor, 60);
      await page.locator('.stage canvas.image[data-layers="1"]').waitFor({
        state: "attached",
      });
      const at = await shown(editor, 120);
      const sail = await at(240 + 310, 340 + 20);
      assert.ok(Math.min(...sail) > 150, `the sail is there: ${sail}`);
      const water = await at(240, 345);
      assert.ok(Math.max(...water) < 140, `it left water: ${water}`);
    }, { preview: true }),

  "an object passes behind another: its tracks hide, and it is stored": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page, dir } = editor;
      await page.keyboard.press("o");
      await page.getByText("Snap to edges").click();
      await page.keyboard.press("Escape");
      await drag(editor, AROUND_MOON, { steps: 2 });
      await page.locator(".track-name", { hasText: "Object 1" }).waitFor();
      await drag(editor, AROUND_BOAT, { steps: 2 });
      await page.locator(".track-name", { hasText: "Object 2" }).waitFor();
      // Up to the moon, and past it.
      await drag(editor, [{ x: 250, y: 350 }, { x: 560, y: 112 }, {
        x: 760,
        y: 112,
      }]);
      const hidden = async () =>
        renderTracks(await saved(editor)).map(({ id, points }) => ({
          id,
          hides: points.some((p) => !p.visible),
        }));
      const [moon, boat] = (await saved(editor)).tracks.map((t) => t.id);
      const hides = async (id: string | undefined) =>
        (await hidden()).some((track) => track.id === id && track.hides);
      assert.deepEqual([await hides(moon), await hides(boat)], [true, false]);
      await page.getByRole("button", { name: "To back" }).click();
      assert.deepEqual([await hides(moon), await hides(boat)], [false, true]);

      await page.getByRole("button", { name: "Anchors around" }).click();
      const document = await saved(editor);
      const anchors = document.tracks.filter((t) => t.shape.kind === "static");
      assert.ok(anchors.length >= 4, `${anchors.length} anchors`);
      assert.ok(renderTracks(document).length <= 20);

      await page.getByRole("button", { name: "Store Tracks" }).click();
      await page.getByText(/^Stored [0-9]+ tracks:/).waitFor();
      const { tracks } = await readTracks(
        await Deno.readFile(join(dir, "tracks/00.pth")),
        { name: "00.pth" },
      );
      assert.equal(tracks.count, renderTracks(document).length);
      const file = parseObjects(
        await Deno.readTextFile(join(dir, "tracks/00.objects.json")),
        { name: "00.objects.json", trackCount: tracks.count },
      );
      assert.deepEqual(
        file.objects,
        motionObjects(document, renderTracks(document)),
      );
      assert.deepEqual(file.objects.map((object) => object.name), [
        "Object 2",
        "Object 1",
      ]);
    }),

  "a brush marks, adds and takes away; tracks become an object": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await page.keyboard.press("o");
      await page.getByText("Snap to edges").click();
      await page.getByText("Brush", { exact: true }).click();
      await drag(editor, [{ x: 200, y: 350 }, { x: 300, y: 350 }]);
      await page.locator(".track-name", { hasText: "Object 1" }).waitFor();
      const inside = async (x: number, y: number) => {
        const { shape } = (await saved(editor)).tracks[0]!;
        return shape.kind === "object" && isInside(shape.outline, { x, y });
      };
      assert.equal(await inside(250, 350), true);
      await page.keyboard.down("Shift");
      await drag(editor, [{ x: 250, y: 300 }, { x: 250, y: 350 }]);
      await page.keyboard.up("Shift");
      assert.equal(await inside(250, 300), true);
      await page.keyboard.down("Alt");
      await drag(editor, [{ x: 250, y: 290 }, { x: 250, y: 310 }]);
      await page.keyboard.up("Alt");
      assert.deepEqual([await inside(250, 300), await inside(250, 350)], [
        false,
        true,
      ]);
      await page.keyboard.press("Delete");

      // A track on the moon, drawn by hand, becomes the moon.
      await page.keyboard.press("b");
      await drag(editor, [{ x: 560, y: 110 }, { x: 300, y: 80 }]);
      await page.keyboard.press("o");
      await page.getByRole("button", { name: "From tracks" }).click();
      await page.locator(".track-name", { hasText: "Object 1" }).waitFor();
      const { shape } = (await saved(editor)).tracks[0]!;
      assert.ok(shape.kind === "object");
      assert.equal(isInside(shape.outline, { x: 530, y: 130 }), true);
      assert.equal(isInside(shape.outline, { x: 490, y: 60 }), false);
      const [track] = renderTracks(await saved(editor));
      assert.ok(
        Math.abs(track!.points[120]!.x - track!.points[0]!.x + 260) < 4,
      );

      await selectWithModel(editor);
    }, { segmentModel: fileURLToPath(goldenUrl("segment_anything/")) }),

  "a video's motion, and a camera over a floor, become tracks on the image": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      await followDroppedClip(editor);
      await orbitOverFloor(editor);
    }),
});
