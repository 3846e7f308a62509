/**
 * The editor's stage in a real browser: images come in, every tool draws,
 * what is drawn can be changed, by mouse, finger, pen and keys alone.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { browserTests, type Page } from "./fixtures/browser.ts";
import {
  BOAT,
  click,
  drag,
  keys,
  lookUntil,
  near,
  painted,
  type Position,
  stillShot,
  STROKE,
  turned,
  withBoat,
  withKeptBoat,
} from "./fixtures/editor_hand.ts";

/** Hands files to the page as a drop or a paste would. */
async function giveFiles(
  page: Page,
  how: "drop" | "paste",
  files: readonly {
    readonly name: string;
    readonly type: string;
    readonly bytes: Uint8Array;
  }[],
): Promise<void> {
  await page.evaluate(({ how, files }) => {
    const data = new DataTransfer();
    for (const { name, type, base64 } of files) {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      data.items.add(new File([bytes], name, { type }));
    }
    const options = { bubbles: true, cancelable: true };
    document.body.dispatchEvent(
      how === "drop"
        ? new DragEvent("drop", { ...options, dataTransfer: data })
        : new ClipboardEvent("paste", { ...options, clipboardData: data }),
    );
  }, {
    how,
    files: files.map(({ name, type, bytes }) => ({
      name,
      type,
      base64: bytes.toBase64(),
    })),
  });
}

browserTests("editor stage", {
  "images come by choosing, dropping and pasting, upright": async (open) => {
    const editor = await open();
    const { page } = editor;
    const bytes = await Deno.readFile(BOAT);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "choose an image" }).click();
    await (await chooser).setFiles({
      name: "boat.jpg",
      mimeType: "image/jpeg",
      buffer: Buffer.from(bytes),
    });
    await page.waitForSelector('.stage[data-image="832x480"]');
    await page.getByText("Added boat.jpg").waitFor();
    await giveFiles(page, "drop", [
      { name: "turned.jpg", type: "image/jpeg", bytes: turned(bytes) },
    ]);
    await page.waitForSelector('.stage[data-image="480x832"]');
    await page.getByText("Added turned.jpg").waitFor();
    await giveFiles(page, "paste", [
      { name: "pasted.jpg", type: "image/jpeg", bytes },
    ]);
    await page.getByText("Added pasted.jpg").waitFor();
    const { images } = await (await fetch(`${editor.url}api/project`)).json();
    assert.deepEqual(
      images.map((p: { width: number; height: number }) => [
        p.width,
        p.height,
      ]),
      [[832, 480], [480, 832], [832, 480]],
    );
    await giveFiles(page, "drop", [{
      name: "broken.png",
      type: "image/png",
      bytes: new TextEncoder().encode("no image at all"),
    }]);
    await page.getByText('Cannot read "broken.png"').waitFor();
    assert.deepEqual(editor.complaints, []);
  },

  "a stroke is kept in px of the image, also when the pointer leaves": (
    open,
  ) =>
    withKeptBoat(open, async (editor) => {
      await drag(editor, STROKE);
      // Out of the window, and let go there.
      const { page } = editor;
      const from = await editor.onPage(100, 100);
      await page.mouse.move(from.x, from.y);
      await page.mouse.down();
      await page.mouse.move(from.x + 60, from.y, { steps: 5 });
      await page.mouse.move(-50, -80, { steps: 5 });
      await page.mouse.up();
      const { tracks } = await editor.savedDocument();
      assert.equal(tracks.length, 2);
      const [stroke, left] = tracks;
      assert.equal(stroke!.shape.kind, "freehand");
      near(stroke!.shape.points[0], STROKE[0]!);
      near(stroke!.shape.points.at(-1), STROKE[2]!);
      assert.ok(stroke!.shape.points.length >= 15);
      assert.equal(stroke!.shape.times.length, stroke!.shape.points.length);
      near(left!.shape.points[0], { x: 100, y: 100 });
      assert.ok(left!.shape.points.at(-1).x < 0, "the way out is kept");
      // A click alone is no stroke: no empty track.
      await click(editor, { x: 500, y: 100 });
      await page.getByText("Keep the pen down").waitFor();
      assert.equal((await editor.savedDocument()).tracks.length, 2);
    }),

  "keys count after a field was used; a right click has a menu": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await keys(page, "p");
      for (const x of [150, 300, 500]) await click(editor, { x, y: 300 });
      await keys(page, "Enter");
      const end = page.getByRole("tabpanel").getByLabel("End", { exact: true });
      await end.fill("60");
      await keys(page, "Enter", "Control+z");
      assert.equal(await end.inputValue(), "120");
      await end.focus();
      await keys(page, "Space"); // no digit: it plays
      await page.getByRole("button", { name: "Pause", exact: true }).click();

      await keys(page, "v");
      const at = await editor.onPage(300, 300);
      await page.mouse.click(at.x, at.y, { button: "right" });
      const menu = page.getByRole("menu");
      await menu.getByRole("menuitem", { name: "Delete the point" }).click();
      let [spline] = (await editor.savedDocument()).tracks;
      assert.deepEqual(
        spline!.shape.points.map((point: Position) => point.x),
        [150, 500],
      );
      await page.mouse.click(at.x, at.y, { button: "right" });
      await keys(page, "ArrowUp", "Enter"); // the last entry
      [spline] = (await editor.savedDocument()).tracks;
      assert.equal(spline, undefined);
      await page.mouse.click(at.x, at.y, { button: "right" });
      await menu.getByText("Select all tracks").waitFor();
      await keys(page, "Escape");
      assert.equal(await menu.count(), 0);
    }),

  "curves: placed, ended, dropped, bent, points added and deleted": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await keys(page, "p");
      const points = [{ x: 150, y: 350 }, { x: 300, y: 250 }, {
        x: 500,
        y: 350,
      }];
      for (const point of points) await click(editor, point);
      await keys(page, "Enter");
      await click(editor, points[0]!);
      await keys(page, "Escape");
      let [spline, other] = (await editor.savedDocument()).tracks;
      assert.equal(other, undefined, "one point is no curve");
      // Undo takes the last point back, Escape keeps what was drawn.
      for (const point of points) await click(editor, point);
      await keys(page, "Control+z", "Escape");
      [spline, other] = (await editor.savedDocument()).tracks;
      assert.equal(other?.shape.points.length, 2);
      await keys(page, "Control+z");
      [spline, other] = (await editor.savedDocument()).tracks;
      assert.equal(other, undefined);
      assert.deepEqual(
        [spline!.shape.kind, spline!.shape.curve, spline!.shape.points.length],
        ["spline", "cardinal", 3],
      );
      points.forEach((point, i) => near(spline!.shape.points[i], point));

      // Bezier: a drag pulls the handles out; a double click ends.
      await page.getByRole("group", { name: "Tool options" })
        .getByRole("radio", { name: "Bezier" }).click();
      await drag(editor, [{ x: 100, y: 100 }, { x: 160, y: 60 }]);
      const end = await editor.onPage(400, 100);
      await page.mouse.dblclick(end.x, end.y);
      [, other] = (await editor.savedDocument()).tracks;
      assert.equal(other!.shape.points.length, 2);
      near(other!.shape.points[0].out, { x: 60, y: -40 });
      near(other!.shape.points[0].in, { x: -60, y: 40 });

      // Select: drag a point, a handle; add and delete points.
      await keys(page, "v");
      await drag(editor, [{ x: 160, y: 60 }, { x: 160, y: 30 }]);
      await click(editor, { x: 300, y: 250 });
      await drag(editor, [{ x: 300, y: 250 }, { x: 320, y: 200 }]);
      [spline, other] = (await editor.savedDocument()).tracks;
      near(other!.shape.points[0].out, { x: 60, y: -70 });
      near(spline!.shape.points[1], { x: 320, y: 200 });
      near(spline!.shape.points[2], points[2]!, 2);
      await keys(page, "Delete");
      [spline] = (await editor.savedDocument()).tracks;
      assert.equal(spline!.shape.points.length, 2);
      const middle = await editor.onPage(325, 350);
      await page.mouse.dblclick(middle.x, middle.y);
      [spline] = (await editor.savedDocument()).tracks;
      assert.equal(spline!.shape.points.length, 3);
      near(spline!.shape.points[1], { x: 325, y: 350 });
    }),

  "anchors one by one and as a grid, and a circle that zooms": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await keys(page, "a");
      await click(editor, { x: 700, y: 100 });
      await page.getByLabel("Grid").fill("4");
      await page.getByRole("button", { name: "Add grid" }).click();
      let { tracks } = await editor.savedDocument();
      const anchors = tracks.map((t) => t.shape);
      assert.ok(anchors.every((shape) => shape.kind === "static"));
      near(anchors[0], { x: 700, y: 100 });
      // 4 x 3, but for the one that would stand beside the first.
      assert.equal(anchors.length, 12);
      await keys(page, "Control+z");
      assert.equal((await editor.savedDocument()).tracks.length, 1);

      await keys(page, "c");
      await drag(editor, [{ x: 400, y: 240 }, { x: 460, y: 240 }]);
      await keys(page, "v", "End");
      await drag(editor, [{ x: 400, y: 300 }, { x: 400, y: 340 }]);
      ({ tracks } = await editor.savedDocument());
      const circle = tracks[1]!.shape;
      assert.equal(circle.kind, "circle");
      assert.equal(circle.count, 8);
      assert.deepEqual(
        circle.radii.map((key: { frame: number; radius: number }) => [
          key.frame,
          Math.round(key.radius / 2) * 2,
        ]),
        [[0, 60], [120, 100]],
      );
    }),

  "select, move, reshape, copy, delete, and undo it all": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, STROKE, { steps: 15 });
      await keys(page, "a");
      await click(editor, { x: 120, y: 80 });
      await keys(page, "v");
      const selected = () =>
        page.locator(".stage").getAttribute("data-selected");
      await click(editor, { x: 700, y: 430 });
      assert.equal(await selected(), "0");
      await click(editor, { x: 300, y: 250 });
      await click(editor, { x: 120, y: 80 }, ["Shift"]);
      assert.equal(await selected(), "2");
      await click(editor, { x: 700, y: 430 });
      await drag(editor, [{ x: 60, y: 40 }, { x: 180, y: 130 }]);
      assert.equal(await selected(), "1", "a rectangle selects");
      await keys(page, "Control+a");
      assert.equal(await selected(), "2");

      // Both are moved by the badge of the first.
      const badge = await editor.onPage(200, 300);
      await page.mouse.move(badge.x - 12, badge.y - 12);
      await page.mouse.down();
      await page.mouse.move(badge.x + 10, badge.y, { steps: 4 });
      await page.mouse.up();
      let [stroke, anchor] = (await editor.savedDocument()).tracks;
      const scale = Number(
        (await page.locator(".stage").getAttribute("data-view"))!.split(" ")[0],
      );
      const moved = { dx: 22 / scale, dy: 12 / scale };
      near(anchor!.shape, { x: 120 + moved.dx, y: 80 + moved.dy });
      near(stroke!.shape.points[0], {
        x: 200 + moved.dx,
        y: 300 + moved.dy,
      });
      await keys(page, "Control+z");
      [stroke, anchor] = (await editor.savedDocument()).tracks;
      near(anchor!.shape, { x: 120, y: 80 });

      // The last point dragged: near ones follow, far ones stay.
      await click(editor, { x: 700, y: 430 });
      await click(editor, { x: 300, y: 250 });
      const before = stroke!.shape.points;
      await drag(editor, [before.at(-1), { x: 640, y: 360 }]);
      [stroke] = (await editor.savedDocument()).tracks;
      const after = stroke!.shape.points;
      near(after.at(-1), { x: 640, y: 360 });
      near(after[0], before[0], 0.01);
      const dx = 640 - before.at(-1).x;
      // Half a width away: 2 ** -0.25 of the way; a width away: half.
      near({ x: after.at(-6).x - before.at(-6).x, y: 0 }, {
        x: dx / 2,
        y: 0,
      }, 1.5);
      await keys(page, "Control+z", "Control+Shift+z", "Control+z");
      [stroke] = (await editor.savedDocument()).tracks;
      assert.deepEqual(stroke!.shape.points, before);

      // Arrow keys, as one step of undo.
      await keys(page, "Escape");
      await click(editor, { x: 120, y: 80 });
      await keys(page, "ArrowRight", "ArrowRight", "Shift+ArrowDown");
      [, anchor] = (await editor.savedDocument()).tracks;
      near(anchor!.shape, { x: 122, y: 90 });
      await keys(page, "Control+z");
      [, anchor] = (await editor.savedDocument()).tracks;
      near(anchor!.shape, { x: 120, y: 80 });

      // Copies, by key and by Alt.
      await keys(page, "Control+d", "Enter");
      assert.equal((await editor.savedDocument()).tracks.length, 3);
      await page.keyboard.down("Alt");
      await drag(editor, [{ x: 144, y: 104 }, { x: 300, y: 400 }]);
      await page.keyboard.up("Alt");
      let { tracks } = await editor.savedDocument();
      assert.equal(tracks.length, 4);
      assert.equal(new Set(tracks.map((t) => t.id)).size, 4);
      near(tracks[3]!.shape, { x: 300, y: 400 });
      near(tracks[2]!.shape, { x: 144, y: 104 });
      await keys(page, "Delete");
      ({ tracks } = await editor.savedDocument());
      assert.equal(tracks.length, 3);
      const rows = page.locator(".track-row");
      for (let i = 0; i < 10 && await rows.count() > 0; i++) {
        await keys(page, "Control+z");
      }
      assert.equal((await editor.savedDocument()).tracks.length, 0);
      await keys(page, ...Array(10).fill("Control+y"));
      assert.equal((await editor.savedDocument()).tracks.length, 3);
    }),

  "zoom about the pointer, pan, fit": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      const view = async () =>
        (await page.locator(".stage").getAttribute("data-view"))!.split(" ")
          .map(Number) as [number, number, number];
      const fitted = await view();
      const before = await editor.onPage(200, 100);
      await page.mouse.move(before.x, before.y);
      await page.mouse.wheel(0, -400);
      await page.waitForFunction(
        (scale) =>
          Number(
            document.querySelector<HTMLElement>(".stage")!.dataset.view!
              .split(" ")[0],
          ) > 1.5 * scale,
        fitted[0],
      );
      near(await editor.onPage(200, 100), before, 1);
      // Space and drag; then the hand.
      await page.keyboard.down(" ");
      await page.mouse.down();
      await page.mouse.move(before.x + 40, before.y + 30, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up(" ");
      near(await editor.onPage(200, 100), {
        x: before.x + 40,
        y: before.y + 30,
      }, 1);
      await keys(page, "h");
      await drag(editor, [{ x: 200, y: 100 }, { x: 180, y: 100 }]);
      assert.ok((await editor.onPage(200, 100)).x < before.x + 40);
      await keys(page, "1");
      assert.equal((await view())[0], 1);
      await keys(page, "+");
      assert.equal((await view())[0], 1.25);
      await keys(page, "0");
      assert.deepEqual(await view(), fitted);
      assert.equal((await editor.savedDocument()).tracks.length, 0);
    }),

  "the image moves with the tracks, and holds still for the pen": (open) =>
    withKeptBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, [{ x: 250, y: 340 }, { x: 450, y: 340 }]);
      await keys(page, "v", "Escape");
      await page.mouse.move(5, 300);
      // The boat's reflection, below the line that was drawn.
      const corner = await editor.onPage(180, 390);
      const clip = { ...corner, width: 150, height: 60 };
      const look = () => stillShot(page, () => page.screenshot({ clip }));
      const still = await look();
      await keys(page, "End");
      // What moves it is loaded when it is first needed, and cut out after that.
      await page.locator('.stage canvas.image[data-layers="1"]').waitFor();
      const moved = await lookUntil(look, (seen) => seen !== still);
      assert.notEqual(moved, still, "the last frame shows the image warped");
      await page.getByRole("button", { name: "Preview" }).click();
      assert.equal(await look(), still, "without the preview it stands");
      await page.getByRole("button", { name: "Preview" }).click();
      assert.equal(await look(), moved);
      await keys(page, "Home");
      assert.equal(await look(), still);
      // Played from the keyboard, in real time.
      await keys(page, " ");
      await page.getByText(/Frame [2-9]\d? \/ 120/).first().waitFor();
      await keys(page, " ");
      // A pen that hovers sees frame 0, until the frame is changed under it.
      await keys(page, "b", "Home");
      const away = await editor.onPage(600, 100);
      await page.mouse.move(away.x, away.y);
      assert.equal(await look(), still);
      await keys(page, "End");
      assert.equal(await look(), moved, "the pen rests, the time moves");
      await page.mouse.move(away.x + 9, away.y);
      assert.equal(await look(), still, "the pen aims again");
      await keys(page, "v");
      await page.mouse.move(5, 300);
      // A lost WebGL context comes back.
      await keys(page, "End");
      await page.evaluate(async () => {
        const canvas = document.querySelector<HTMLCanvasElement>(
          "canvas.image",
        )!;
        const lose = canvas.getContext("webgl2")!.getExtension(
          "WEBGL_lose_context",
        )!;
        const happens = (name: string) =>
          new Promise((done) =>
            canvas.addEventListener(name, done, { once: true })
          );
        const lost = happens("webglcontextlost");
        lose.loseContext();
        await lost;
        // A context can be restored once its loss was handled.
        await new Promise((done) => setTimeout(done));
        const restored = happens("webglcontextrestored");
        lose.restoreContext();
        await restored;
      });
      assert.equal(await look(), moved);
    }, { preview: true }),

  "fingers draw, pinch and are lost; a pen is cancelled": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const cdp = await editor.context.newCDPSession(page);
      const touch = (
        type: "touchStart" | "touchMove" | "touchEnd" | "touchCancel",
        ...positions: Position[]
      ) =>
        cdp.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: positions.map(({ x, y }, id) => ({ x, y, id })),
        });
      const way = await Promise.all(
        [200, 260, 320, 380].map((x) => editor.onPage(x, 300)),
      );
      await touch("touchStart", way[0]!);
      for (const place of way.slice(1)) await touch("touchMove", place);
      await touch("touchEnd");
      let { tracks } = await editor.savedDocument();
      assert.equal(tracks.length, 1);
      near(tracks[0]!.shape.points.at(-1), { x: 380, y: 300 });
      // The system takes the finger away: what was drawn stays.
      await touch("touchStart", way[0]!);
      for (const place of way.slice(1)) await touch("touchMove", place);
      await touch("touchCancel");
      ({ tracks } = await editor.savedDocument());
      assert.equal(tracks.length, 2);
      near(tracks[1]!.shape.points.at(-1), { x: 380, y: 300 });

      // Two fingers apart: twice as large, and nothing is drawn.
      const zoom = async () =>
        Number(
          (await page.locator(".stage").getAttribute("data-view"))!
            .split(" ")[0],
        );
      const before = await zoom();
      const middle = await editor.onPage(416, 240);
      const spread = (by: number) =>
        [
          { x: middle.x - by, y: middle.y },
          { x: middle.x + by, y: middle.y },
        ] as const;
      await touch("touchStart", spread(50)[0]);
      await touch("touchStart", ...spread(50));
      for (const by of [60, 80, 100]) await touch("touchMove", ...spread(by));
      await touch("touchEnd");
      assert.ok(
        Math.abs(await zoom() / before - 2) < 0.05,
        `${await zoom() / before}`,
      );
      near(await editor.onPage(416, 240), middle, 3);
      assert.equal((await editor.savedDocument()).tracks.length, 2);
      await keys(page, "0");

      // A pen, with the events that a driver sends.
      const stroke = await Promise.all(
        [500, 560, 620].map((x) => editor.onPage(x, 150)),
      );
      await page.evaluate((positions) => {
        const stage = document.querySelector(".stage")!;
        const send = (type: string, { x, y }: { x: number; y: number }) =>
          stage.dispatchEvent(
            new PointerEvent(type, {
              pointerId: 77,
              pointerType: "pen",
              pressure: 0.5,
              clientX: x,
              clientY: y,
              bubbles: true,
              cancelable: true,
            }),
          );
        send("pointerdown", positions[0]!);
        for (const place of positions.slice(1)) send("pointermove", place);
        send("pointercancel", { x: 0, y: 0 });
      }, stroke);
      ({ tracks } = await editor.savedDocument());
      assert.equal(tracks.length, 3);
      near(tracks[2]!.shape.points.at(-1), { x: 620, y: 150 });
    }, { touch: true }),

  "everything by keys alone": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const stage = page.locator(".stage");
      // The stage is reached with the Tab key.
      for (let i = 0; i < 60; i++) {
        await keys(page, "Tab");
        if (await stage.evaluate((s) => s === document.activeElement)) break;
      }
      assert.ok(await stage.evaluate((s) => s === document.activeElement));
      const right = (n: number) => Array(n).fill("Shift+ArrowRight");
      // A stroke: Enter, arrows, Enter. The crosshair starts in the middle.
      await keys(page, "b", "Enter", "Enter", ...right(5), "ArrowUp", "Enter");
      // An anchor, a curve of three points, a circle.
      await keys(page, "a", "ArrowLeft", "Enter");
      await keys(page, "p", "Enter", "Enter", ...right(4), "Enter");
      await keys(page, ...right(4), "Shift+ArrowDown", "Enter", "Enter");
      await keys(page, "c", "Enter", "Enter", ...right(3), "Enter");
      const { tracks } = await editor.savedDocument();
      assert.deepEqual(tracks.map((t) => t.shape.kind), [
        "freehand",
        "static",
        "spline",
        "circle",
      ]);
      near(tracks[0]!.shape.points.at(-1), { x: 466, y: 239 });
      near(tracks[1]!.shape, { x: 415, y: 240 });
      assert.equal(tracks[2]!.shape.points.length, 3);
      near(tracks[2]!.shape.points[2], { x: 496, y: 250 });
      assert.equal(tracks[3]!.shape.radii[0].radius, 30);
      // Tab walks through the tracks, brackets through a curve's points.
      await keys(page, "v", "Escape", "Tab", "Tab", "Tab");
      await keys(page, "]", "]", "ArrowDown", "i");
      const [, , spline] = (await editor.savedDocument()).tracks;
      assert.equal(spline!.shape.points.length, 4);
      near(spline!.shape.points[1], { x: 456, y: 241 });
      await keys(page, "Delete", "Delete");
      const left = (await editor.savedDocument()).tracks;
      assert.deepEqual(left.map((t) => t.shape.kind), [
        "freehand",
        "static",
        "circle",
      ], "the added point is deleted first, then the curve");
      // Behind the last track the Tab key leaves the stage.
      await keys(page, "Escape", "Tab", "Tab", "Tab", "Tab");
      assert.ok(!await stage.evaluate((s) => s === document.activeElement));
    }),

  "a hint is a strip at the edge, draws let through, gone with first use": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      const hint = page.getByRole("complementary", { name: "Hint" });
      await hint.getByText("draw the path that it should take").waitFor();
      const strip = (await hint.boundingBox())!;
      const stage = (await page.locator(".stage").boundingBox())!;
      assert.ok(strip.height <= 36, `${strip.height} px high`);
      assert.ok(strip.y > stage.y + 0.85 * stage.height, "at the edge");
      const zoom = (await page.locator(".zoom").boundingBox())!;
      assert.ok(strip.x + strip.width < zoom.x);

      // The hand draws through the words; a slip alone is no use of the tool.
      const { mouse } = page;
      await click(editor, { x: 600, y: 100 });
      await painted(page);
      assert.equal(await hint.getAttribute("data-used"), "false");
      await mouse.move(strip.x + 100, strip.y + 15);
      await mouse.down();
      await mouse.move(strip.x + 180, strip.y - 60, { steps: 5 });
      await mouse.up();
      await hint.waitFor({ state: "detached" });
      assert.equal((await editor.savedDocument()).tracks.length, 1);

      // The next tool has its own; a drag closes that of Select.
      await keys(page, "v");
      await hint.getByText("Drag a track").waitFor();
      await drag(editor, [{ x: 20, y: 20 }, { x: 60, y: 60 }]);
      assert.equal(await hint.count(), 1);
      await page.mouse.move(strip.x + 140, strip.y - 22);
      await page.mouse.down();
      await page.mouse.move(strip.x + 140, strip.y - 90, { steps: 5 });
      await page.mouse.up();
      await hint.waitFor({ state: "detached" });

      // Read by keys; come again from the sheet.
      await keys(page, "p");
      await hint.waitFor();
      await hint.getByRole("button", { name: "No more hints" }).focus();
      await keys(page, "Enter", "a", "c");
      assert.equal(await hint.count(), 0);
      await keys(page, "?");
      await page.getByRole("button", { name: "Show the hints again" }).click();
      await hint.getByText("Drag from the center outwards").waitFor();
    }, { hints: true }),

  "what was undone before it was sent is not brought back": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, STROKE);
      await editor.savedDocument();
      // What is sent to the server is held back until the journal has it.
      const released = Promise.withResolvers<void>();
      await page.route("**/document", async (route) => {
        await released.promise;
        await route.continue();
      });
      await keys(page, "a");
      await click(editor, { x: 120, y: 80 });
      await page.waitForFunction(async () => {
        const opening = indexedDB.open("ati-editor");
        const answer = <T>(request: IDBRequest<T>) =>
          new Promise<T>((done) =>
            request.onsuccess = () => done(request.result)
          );
        const db = await answer(opening);
        const entries = await answer(
          db.transaction("documents").objectStore("documents").getAll(),
        );
        db.close();
        return entries.some(({ document }) =>
          JSON.parse(document).tracks.length === 2
        );
      });
      await keys(page, "Control+z");
      released.resolve();
      assert.equal((await editor.savedDocument()).tracks.length, 1);
      await page.unroute("**/document");
      await page.reload();
      await page.waitForSelector(".stage[data-image]");
      assert.equal((await editor.savedDocument()).tracks.length, 1);
    }),

  "what stands over the image can be switched, and is stored with it": (
    open,
  ) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await drag(editor, STROKE);
      await keys(page, "a");
      await click(editor, { x: 120, y: 80 });
      const names = ["Onion skin", "Influence", "Loupe"];
      const at = await editor.onPage(200, 200);
      const clip = { x: at.x - 110, y: at.y - 150, width: 220, height: 300 };
      const shot = async () =>
        (await page.screenshot({ clip })).toString("base64");
      for (const name of names) {
        const before = await shot();
        const button = page.getByRole("button", { name });
        await button.click();
        assert.equal(await button.getAttribute("aria-pressed"), "true");
        await page.mouse.move(at.x, at.y);
        const after = await lookUntil(shot, (seen) => seen !== before);
        assert.notEqual(after, before, `${name} shows something`);
      }
      await keys(page, "Control+s");
      await page.getByText("Stored 2 tracks").waitFor();
      const overlay = await Deno.readFile(`${editor.dir}/images_tracks/00.png`);
      const header = new DataView(overlay.buffer);
      assert.deepEqual([header.getUint32(16), header.getUint32(20)], [
        832,
        480,
      ]);
      assert.match(
        await Deno.readTextFile(`${editor.dir}/test.yaml`),
        /tracks\/00\.pth/,
      );
    }),
});
