/**
 * "Duplicate and place" in a real browser: the copies follow the hand until
 * it leaves them somewhere, or go again; by mouse, finger and keys alone.
 */

import assert from "node:assert/strict";
import { browserTests, type EditorPage } from "./fixtures/browser.ts";
import {
  click,
  drag,
  keys,
  near,
  type Position,
  STROKE,
  withBoat,
  withKeptBoat,
} from "./fixtures/editor_hand.ts";

/** Where the tracks of the saved document begin. */
async function starts(editor: EditorPage): Promise<Position[]> {
  const { tracks } = await editor.savedDocument();
  return tracks.map(({ shape }) => shape.points?.[0] ?? shape);
}

/** Moves the pointer over the image without pressing. */
async function hover(editor: EditorPage, { x, y }: Position): Promise<void> {
  const at = await editor.onPage(x, y);
  await editor.page.mouse.move(at.x, at.y, { steps: 4 });
}

/** The anchors that most of these tests begin with. */
async function anchors(editor: EditorPage, places: readonly Position[]) {
  await keys(editor.page, "a");
  for (const place of places) await click(editor, place);
  await keys(editor.page, "v");
  await editor.page.mouse.move(640, 10);
}

const UNDO = { name: "Undo" };

browserTests("editor placing", {
  "the copy hangs on the pointer by its start until a click": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, STROKE);
      await page.getByRole("button", { name: "Duplicate the selected tracks" })
        .click();
      const [first, beside] = await starts(editor);
      near(beside!, { x: first!.x + 24, y: first!.y + 24 }, 0.1);
      const group = page.getByRole("group", { name: "Tool options" });
      await group.getByText("Click where the copy begins").waitFor();

      await hover(editor, { x: 500, y: 100 });
      near((await starts(editor))[1]!, { x: 500, y: 100 });
      // Off the stage nothing holds it: it waits beside its original.
      await page.mouse.move(640, 24);
      near((await starts(editor))[1]!, beside!, 0.01);
      await hover(editor, { x: 520, y: 90 });
      await click(editor, { x: 300, y: 90 });
      assert.equal(await group.getByText("Click where").count(), 0);
      await hover(editor, { x: 100, y: 400 });
      let { tracks } = await editor.savedDocument();
      near(tracks[1]!.shape.points[0], { x: 300, y: 90 });
      // The same way, elsewhere.
      const last = tracks[1]!.shape.points.at(-1);
      near(last, { x: 700, y: 90 });
      assert.equal(
        tracks[1]!.shape.times.length,
        tracks[0]!.shape.times.length,
      );

      // One step of undo for the copy and all its ways.
      await page.getByRole("button", UNDO).click();
      ({ tracks } = await editor.savedDocument());
      assert.equal(tracks.length, 1);
      near(tracks[0]!.shape.points[0], STROKE[0]!);
      await keys(page, "Control+Shift+z");
      near((await starts(editor))[1]!, { x: 300, y: 90 });
    }),

  "where the pointer held the original it holds the copy": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, STROKE);
      await keys(page, "v");
      await hover(editor, { x: 300, y: 250 }); // In the middle of its way.
      await keys(page, "Control+d");
      await hover(editor, { x: 310, y: 350 });
      const [first, copy] = await starts(editor);
      near(copy!, { x: first!.x + 10, y: first!.y + 100 }, 1.5);
      // Zooming and moving the view is no placing.
      await page.mouse.wheel(0, -200);
      await page.keyboard.down(" ");
      await page.mouse.down();
      await page.mouse.move(500, 300, { steps: 3 });
      await page.mouse.up();
      await page.keyboard.up(" ");
      assert.equal(
        await page.getByRole("button", { name: "Place", exact: true }).count(),
        1,
      );
      await keys(page, "Enter");
      assert.equal((await starts(editor)).length, 2);
    }),

  "Escape takes the copies away, and all is as it was": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, [{ x: 100, y: 100 }, { x: 200, y: 100 }]);
      await keys(page, "Control+z"); // Something to redo.
      await keys(page, "Control+a", "Control+d");
      await hover(editor, { x: 400, y: 200 });
      assert.equal((await starts(editor)).length, 2);
      await keys(page, "Escape");
      assert.equal((await starts(editor)).length, 1);
      assert.equal(
        await page.locator(".stage").getAttribute("data-selected"),
        "1",
        "the originals are selected again",
      );
      await keys(page, "Control+y");
      assert.equal((await starts(editor)).length, 2, "redo is still there");
      // Also while the button is down, and by the button beside.
      await keys(page, "Control+a", "Control+d");
      const at = await editor.onPage(300, 300);
      await page.mouse.move(at.x, at.y);
      await page.mouse.down();
      await keys(page, "Escape");
      await page.mouse.up();
      assert.equal((await starts(editor)).length, 2);
      await keys(page, "Control+d");
      assert.equal((await starts(editor)).length, 4);
      await page.getByRole("button", { name: "Cancel" }).click();
      assert.equal((await starts(editor)).length, 2);
      await keys(page, "Control+d", "Delete");
      assert.equal((await starts(editor)).length, 2);
    }),

  "several keep their distances; another tool or copy leaves them there": (
    open,
  ) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, [{ x: 100, y: 100 }, { x: 220, y: 130 }]);
      await keys(page, "Control+a", "Control+d");
      await page.getByText("Click where the copies begin").waitFor();
      await hover(editor, { x: 400, y: 200 });
      await keys(page, "Control+d"); // The copies stay; theirs follow now.
      await hover(editor, { x: 400, y: 300 });
      await keys(page, "b"); // And these stay too.
      await hover(editor, { x: 600, y: 50 });
      const places = (await starts(editor)).toSorted((a, b) => a.y - b.y);
      const expected = [
        { x: 100, y: 100 },
        { x: 220, y: 130 },
        { x: 400, y: 200 },
        { x: 520, y: 230 },
        { x: 400, y: 300 },
        { x: 520, y: 330 },
      ];
      assert.equal(places.length, expected.length);
      expected.forEach((place, i) => near(places[i]!, place));
      assert.equal(
        await page.getByRole("button", { name: "Place", exact: true }).count(),
        0,
      );
    }),

  "by keys alone, from the list and back to it": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await anchors(editor, [{ x: 100, y: 100 }]);
      const button = page.getByRole("button", {
        name: "Duplicate the selected tracks",
      });
      await keys(page, "Tab"); // The keyboard is in use.
      await button.focus();
      await keys(page, "Enter");
      const said = page.locator(".stage [role=status]");
      assert.match(
        (await said.textContent())!,
        /arrow keys move, Enter places, Escape removes/,
      );
      await keys(page, "Shift+ArrowRight", "Shift+ArrowRight", "ArrowUp");
      assert.equal(await said.textContent(), "144, 123");
      await keys(page, "Enter");
      assert.equal(await said.textContent(), "Placed");
      near((await starts(editor))[1]!, { x: 144, y: 123 }, 0.01);
      assert.ok(
        await button.evaluate((b) => b === document.activeElement),
        "the keyboard goes on where it was",
      );
      await keys(page, "Enter", "Shift+ArrowDown", "Escape");
      assert.equal(await said.textContent(), "Removed");
      assert.equal((await starts(editor)).length, 2);
      assert.ok(await button.evaluate((b) => b === document.activeElement));
    }),

  "a finger taps, or drags and lets go; a second one moves the view": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const cdp = await editor.context.newCDPSession(page);
      const touch = (
        type: "touchStart" | "touchMove" | "touchEnd",
        ...places: Position[]
      ) =>
        cdp.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: places.map(({ x, y }, id) => ({ x, y, id })),
        });
      await keys(page, "a");
      await page.touchscreen.tap(
        ...Object.values(await editor.onPage(100, 100)) as [number, number],
      );
      const duplicate = async () => {
        await page.getByRole("button", {
          name: "Duplicate the selected tracks",
        }).click();
        await page.getByText("Click where the copy begins").waitFor();
      };
      await duplicate();
      const from = await editor.onPage(300, 200);
      const to = await editor.onPage(420, 260);
      await touch("touchStart", from);
      await touch("touchMove", to);
      await touch("touchEnd");
      near((await starts(editor))[1]!, { x: 420, y: 260 });
      await duplicate();
      await touch("touchStart", from);
      await touch("touchStart", from, { x: from.x + 80, y: from.y });
      await touch("touchMove", from, { x: from.x + 120, y: from.y });
      await touch("touchEnd");
      near((await starts(editor))[2]!, { x: 444, y: 284 });
      await page.touchscreen.tap(
        ...Object.values(await editor.onPage(500, 300)) as [number, number],
      );
      near((await starts(editor))[2]!, { x: 500, y: 300 });
      assert.equal((await starts(editor)).length, 3);
    }, { touch: true }),
});
