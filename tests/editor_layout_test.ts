/**
 * The editor's page in sizes other than a laptop's, in a real browser: an
 * upright tablet and its finger, the windows in between, and zoom so large
 * that little of the page is left. And how a person begins without an image.
 */

import { withBoat } from "./fixtures/editor_hand.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { readTracks } from "../core/tracks/read_tracks.ts";
import { parseJobs } from "../core/jobs/parse_jobs.ts";
import { createExamples } from "../editor/server/examples.ts";
import {
  browserTests,
  type EditorPage,
  type Page,
} from "./fixtures/browser.ts";
import { temporaryFolder } from "./fixtures/temporary.ts";

const EXAMPLES = new URL("../examples/", import.meta.url);
const BOAT = new URL("images/boat.jpg", EXAMPLES);

/** What can be pressed and is smaller than a finger needs, and what sticks out. */
async function misfits(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    const found: string[] = [];
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) {
      found.push(`the page is ${root.scrollWidth} of ${innerWidth} px wide`);
    }
    const finger = matchMedia("(pointer: coarse)").matches;
    for (
      const element of document.querySelectorAll<HTMLElement>(
        "button, input, select, textarea, [role=tab], .label, .count, h2",
      )
    ) {
      // The strip of images scrolls, and a file's field lies in its label.
      if (element.closest(".images, .file-drop")) continue;
      // On a phone the options of a tool scroll too.
      if (innerWidth < 600 && element.closest(".options")) continue;
      const { left, right, width, height } = element.getBoundingClientRect();
      if (width === 0) continue;
      const name = element.ariaLabel ?? element.textContent;
      if (left < -0.5 || right > innerWidth + 0.5) {
        found.push(`${name} stands at ${left} to ${right}`);
      }
      const pressed = element.matches("button, input, select, textarea");
      if (finger && pressed && (width < 40 || height < 40)) {
        found.push(`${name} is ${width} x ${height} px`);
      }
      if (element.matches("button") && element.scrollWidth > width + 1) {
        const clipped = getComputedStyle(element).overflow === "hidden";
        if (!clipped) found.push(`${name} is wider than its button`);
      }
    }
    return found;
  });
}

async function assertFits({ page }: EditorPage, state: string): Promise<void> {
  assert.deepEqual(await misfits(page), [], state);
}

/** Draws with a finger, over positions of the image, as slowly as one does. */
async function fingerStroke(
  editor: EditorPage,
  positions: readonly { readonly x: number; readonly y: number }[],
): Promise<void> {
  const cdp = await editor.context.newCDPSession(editor.page);
  const path = await Promise.all(positions.map((p) => editor.onPage(p.x, p.y)));
  for (const [i, place] of path.entries()) {
    await cdp.send("Input.dispatchTouchEvent", {
      type: i === 0 ? "touchStart" : "touchMove",
      touchPoints: [place],
    });
    // The browser takes a jump for a fling, which the next tap would stop.
    await editor.page.waitForTimeout(50);
  }
  await cdp.send("Input.dispatchTouchEvent", {
    type: "touchEnd",
    touchPoints: [],
  });
}

/** Words that stand out from what is behind them by less than 4.5 to 1. */
async function faintWords(page: Page): Promise<string[]> {
  return await page.evaluate(() => {
    type Color = readonly number[];
    const colorOf = (text: string): Color => text.match(/[\d.]+/g)!.map(Number);
    const light = (color: Color) => {
      const [r, g, b] = color.slice(0, 3).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) **
          2.4;
      });
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
    };
    const behind = (element: Element | null): Color => {
      for (; element; element = element.parentElement) {
        const text = getComputedStyle(element).backgroundColor;
        const [r, g, b, opacity = 1] = colorOf(text);
        if (text.startsWith("rgb") && opacity === 1) return [r!, g!, b!];
      }
      return [255, 255, 255];
    };
    const found: string[] = [];
    for (const element of document.querySelectorAll(".editor *")) {
      const words = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent!.trim()).join("");
      if (!words || !element.checkVisibility()) continue;
      if (element.closest(":disabled, [data-hidden=true]")) continue;
      const [a, b] = [
        light(colorOf(getComputedStyle(element).color)),
        light(behind(element)),
      ];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (contrast < 4.5) found.push(`${words}: ${contrast.toFixed(2)}`);
    }
    return found;
  });
}

browserTests("editor, layout", {
  "panels are resized, hidden, and remembered": (open) =>
    withBoat(open, async (editor) => {
      const { page } = editor;
      await page.mouse.move(400, 300); // the edges come with the pointer
      const width = async () =>
        (await page.locator(".gallery").boundingBox())!.width;
      const pull = async (name: string, dx: number, dy: number) => {
        const box = (await page.getByRole("separator", { name })
          .boundingBox())!;
        const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
        await page.mouse.move(x, y);
        await page.mouse.down();
        await page.mouse.move(x + dx, y + dy, { steps: 3 });
        await page.mouse.up();
      };
      const usual = await width();
      await pull("Width of the images", 50, 0);
      assert.equal(await width(), usual + 50);
      const list = page.locator(".side .tracks");
      const { height } = (await list.boundingBox())!;
      await pull("Height of the track list", 0, 40);
      const taller = (await list.boundingBox())!.height;
      assert.equal(taller, Math.round(height) + 40);
      await page.reload();
      await page.mouse.move(410, 310);
      assert.equal(await width(), usual + 50);
      await pull("Width of the images", -300, 0);
      assert.equal(await width(), 0);
      await page.getByRole("separator", { name: "Width of the images" })
        .focus();
      await page.keyboard.press("End");
      assert.equal(await width(), usual);
    }),

  "a tablet: choose, draw, play, store, all by finger": async (open) => {
    const editor = await open({ tablet: true, hints: true });
    const { page } = editor;
    page.setDefaultTimeout(60_000);
    await page.getByRole("group", { name: "Examples" }).waitFor();
    await assertFits(editor, "without an image");
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose an image" }).tap();
    await (await chooser).setFiles(BOAT.pathname);
    await page.getByText("Added boat.jpg").waitFor();
    await assertFits(editor, "with an image, and a hint");
    await page.getByRole("button", { name: "Got it" }).tap();

    await fingerStroke(editor, [
      { x: 200, y: 380 },
      { x: 300, y: 385 },
      { x: 420, y: 375 },
      { x: 560, y: 380 },
    ]);
    const [track] = (await editor.savedDocument()).tracks;
    assert.equal(track!.shape.kind, "freehand");
    await assertFits(editor, "with a track and its settings");
    const stage = page.locator(".stage");
    const { height } = (await stage.boundingBox())!;
    assert.ok(height > 300, `${height}`);

    // One panel at a time; the one that is pressed again gives its room away.
    const panels = page.getByRole("navigation", { name: "Panels" });
    const list = page.getByRole("grid", { name: "Tracks" });
    const bar = page.getByRole("slider", { name: /^When .* moves$/ });
    assert.ok(await list.isVisible() && !await bar.isVisible());
    await panels.getByRole("button", { name: "Timeline" }).tap();
    await bar.waitFor();
    assert.ok(!await list.isVisible());
    await assertFits(editor, "with the timeline");
    await panels.getByRole("button", { name: "Timeline" }).tap();
    await bar.waitFor({ state: "hidden" });
    assert.ok(!await list.isVisible());
    assert.ok((await stage.boundingBox())!.height > height + 200);
    await assertFits(editor, "with the image alone");
    await panels.getByRole("button", { name: "Tracks" }).tap();
    for (const tab of ["Camera", "Prompt", "Checks", "Track"]) {
      await page.getByRole("tab", { name: tab }).tap();
      await assertFits(editor, `with the tab ${tab}`);
    }
    for (const tool of ["Curve", "Anchor", "Circle", "Hand", "Select"]) {
      await page.getByRole("radio", { name: tool }).tap();
      await assertFits(editor, `with the tool ${tool}`);
    }

    await page.getByRole("button", { name: "Play", exact: true }).tap();
    const frame = page.getByRole("spinbutton", { name: "Frame" }).first();
    await page.waitForFunction(
      (field) => Number((field as HTMLInputElement).value) > 6,
      await frame.elementHandle(),
    );
    await page.getByRole("button", { name: "Pause" }).tap();
    await page.getByRole("button", { name: "Store Tracks" }).tap();
    await page.getByText("Stored 1 track").waitFor();
    for (const dialog of ["Import", "Export", "Generate"]) {
      await page.getByRole("button", { name: dialog, exact: true }).tap();
      await page.getByRole("dialog").waitFor();
      await assertFits(editor, `with the dialog ${dialog}`);
      await page.keyboard.press("Escape");
    }
    // Turned, it is as wide as a small laptop; the fingers stay.
    await page.setViewportSize({ width: 1024, height: 768 });
    for (const tool of ["Curve", "Anchor", "Circle", "Hand", "Select"]) {
      await page.getByRole("radio", { name: tool }).tap();
      await assertFits(editor, `turned, with the tool ${tool}`);
    }
    const bytes = await Deno.readFile(join(editor.dir, "tracks", "00.pth"));
    const { tracks } = await readTracks(bytes, { name: "00.pth" });
    assert.equal(tracks.count, 1);
    assert.deepEqual(editor.complaints, []);
  },

  "nothing sticks out in any size, and the image keeps its room": async (
    open,
  ) => {
    const editor = await open({ images: [BOAT] });
    const { page } = editor;
    await page.getByRole("radio", { name: "Anchor" }).click();
    await page.getByRole("button", { name: "Add grid" }).click();
    // The last two are a laptop's window at 200 % and at 400 %.
    for (
      const [width, height] of [
        [1920, 1080],
        [1024, 1366],
        [1024, 768],
        [901, 600],
        [900, 600],
        [600, 960],
        [390, 844],
        [640, 360],
        [320, 180],
      ] as const
    ) {
      const size = `${width} x ${height}`;
      await page.setViewportSize({ width, height });
      for (const tool of ["Select", "Curve", "Anchor"]) {
        await page.getByRole("radio", { name: tool }).click();
        const fits = await misfits(page);
        assert.deepEqual(fits, [], `${size}, ${tool}`);
      }
      const stage = (await page.locator(".stage").boundingBox())!;
      assert.ok(stage.height >= 150, `${size}: ${stage.height}`);
      // All of it can be reached, if need be by scrolling.
      const store = page.getByRole("button", { name: "Store Tracks" });
      await store.scrollIntoViewIfNeeded();
      await store.click({ trial: true });
    }
    assert.deepEqual(editor.complaints, []);
  },

  "words can be read in both themes, also under the pointer": async (open) => {
    for (const colorScheme of ["dark", "light"] as const) {
      const editor = await open({ colorScheme, images: [BOAT] });
      const { page } = editor;
      await page.getByRole("radio", { name: "Anchor" }).click();
      await page.getByRole("button", { name: "Add grid" }).click();
      for (
        const target of [
          page.getByRole("radio", { name: "Anchor" }),
          page.getByRole("button", { name: "Store Tracks" }),
          page.getByRole("button", { name: "Preview" }),
          page.getByRole("button", { name: "Import" }),
          page.getByRole("tab", { name: "Camera" }),
        ]
      ) {
        await target.hover();
        const faint = await faintWords(page);
        assert.deepEqual(faint, [], `${colorScheme}, over ${target}`);
      }
    }
  },

  "groups of choices are one stop of Tab, arrows choose": async (open) => {
    const editor = await open({ images: [BOAT] });
    const { page } = editor;
    await page.getByRole("radio", { name: "Anchor" }).click();
    await page.getByRole("button", { name: "Add grid" }).click();
    for (const group of ["Tool", "Color", "Before/after"]) {
      const radios = page.getByRole("radiogroup", { name: group })
        .getByRole("radio");
      const checked = () =>
        radios.evaluateAll((all) =>
          all.findIndex((radio) => radio.ariaChecked === "true")
        );
      const stops = await radios.evaluateAll((all) =>
        all.filter((radio) => (radio as HTMLElement).tabIndex === 0).length
      );
      assert.equal(stops, 1, group);
      const count = await radios.count();
      const from = Math.max(0, await checked());
      await radios.nth(from).focus();
      await page.keyboard.press("ArrowRight");
      assert.equal(await checked(), (from + 1) % count, group);
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      assert.equal(await checked(), (from - 1 + count) % count, group);
      const focused = await radios.evaluateAll((all) =>
        all.findIndex((radio) => radio === document.activeElement)
      );
      assert.equal(focused, await checked(), group);
    }
    assert.deepEqual(editor.complaints, []);
  },

  "an example: its image, tracks and prompt, to play with and to store": async (
    open,
  ) => {
    const editor = await open();
    const { page } = editor;
    page.setDefaultTimeout(60_000);
    const examples = page.getByRole("group", { name: "Examples" })
      .getByRole("button");
    await examples.first().waitFor();
    const { jobs } = parseJobs(
      await Deno.readTextFile(new URL("test.yaml", EXAMPLES)),
    );
    assert.equal(await examples.count(), jobs.length);
    await page.getByRole("button", { name: "Open the example rocket" })
      .click();
    await page.getByText("Opened the example “rocket”").waitFor();
    assert.equal(
      await page.evaluate(() => document.activeElement?.className),
      "stage",
      "the focus is where the work goes on",
    );
    const rocket = jobs.find((job) => job.image.includes("rocket"))!;
    const { tracks } = await readTracks(
      await Deno.readFile(new URL(rocket.track, EXAMPLES)),
      { name: rocket.track },
    );
    assert.equal((await editor.savedDocument()).tracks.length, tracks.count);
    await page.getByRole("tab", { name: "Prompt" }).click();
    const prompt = await page.getByRole("textbox", {
      name: "Prompt",
      exact: true,
    })
      .inputValue();
    assert.equal(prompt, rocket.text);

    // What is stored again is what the example is.
    await page.getByRole("button", { name: "Store Tracks" }).click();
    await page.getByText(/^Stored \d+ tracks/).waitFor();
    const stored = await readTracks(
      await Deno.readFile(join(editor.dir, "tracks", "00.pth")),
      { name: "00.pth" },
    );
    assert.equal(stored.tracks.count, tracks.count);
    const [a, b] = [stored.tracks.toArray(), tracks.toArray()];
    const far = Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    assert.ok(far < 0.01, `${far}`);
    assert.deepEqual(editor.complaints, []);
  },
});

Deno.test("an editor that may not read the examples does not offer them", async () => {
  const none = createExamples(new URL("nowhere/test.yaml", EXAMPLES));
  assert.deepEqual(await none.list(), []);
  assert.equal(await none.read("boat", "image"), undefined);
  const some = createExamples();
  assert.equal(await some.read("../boat", "image"), undefined);
  assert.equal(await some.read("boat", "prompt"), undefined);
  assert.ok((await some.read("boat", "image"))!.length > 0);

  await using temporary = await temporaryFolder({ prefix: "ati_editor_" });
  const dir = temporary.path;
  const module = new URL("../editor/server/examples.ts", import.meta.url);
  const script = join(dir, "list.ts");
  await Deno.writeTextFile(
    script,
    `import { createExamples } from "${module}";
    console.log(JSON.stringify(await createExamples().list()));`,
  );
  for (
    const [permission, count] of [[`--allow-read=${dir}`, 0], [
      `--allow-read=${EXAMPLES.pathname}`,
      6,
    ]] as const
  ) {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", permission, script],
    }).output();
    const list = JSON.parse(new TextDecoder().decode(stdout));
    assert.equal(list.length, count, permission);
  }
});
