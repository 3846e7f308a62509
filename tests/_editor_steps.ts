/**
 * What the browser tests of the editor do again and again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { EditorDocument } from "../editor/model/document.ts";
import type { EditorPage, OpenEditor, OpenOptions } from "./_browser.ts";

/** The example pictures. */
export const IMAGES = new URL("../examples/images/", import.meta.url);
/** 832 x 480 px. */
export const BOAT = new URL("boat.jpg", IMAGES);
/** Another of the same size. */
export const GATE = new URL("gate.jpg", IMAGES);

/** A place, px of the picture. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Opens an editor with the boat (832 x 480), and checks the console after. */
export async function withBoat(
  open: OpenEditor,
  run: (editor: EditorPage) => Promise<void>,
  options: OpenOptions = {},
): Promise<void> {
  const editor = await open({ pictures: [BOAT], ...options });
  editor.page.setDefaultTimeout(10_000);
  await run(editor);
  assert.deepEqual(editor.complaints, []);
}

/** Draws a stroke over places of the picture. */
export async function stroke(
  editor: EditorPage,
  places: readonly Place[],
): Promise<void> {
  const { mouse, keyboard } = editor.page;
  await keyboard.press("b");
  const [first, ...rest] = await Promise.all(
    places.map(({ x, y }) => editor.onPage(x, y)),
  );
  await mouse.move(first!.x, first!.y);
  await mouse.down();
  for (const { x, y } of rest) await mouse.move(x, y, { steps: 6 });
  await mouse.up();
}

/** A stroke up and down again. */
export const STROKE = [{ x: 200, y: 300 }, { x: 400, y: 200 }, {
  x: 600,
  y: 300,
}];

/** Anchors at some places, by a click each. */
export async function anchors(
  editor: EditorPage,
  places: readonly Place[],
): Promise<void> {
  await editor.page.keyboard.press("a");
  for (const { x, y } of places) {
    const at = await editor.onPage(x, y);
    await editor.page.mouse.click(at.x, at.y);
  }
}

/** Three places far apart. */
export const THREE = [{ x: 100, y: 100 }, { x: 400, y: 240 }, {
  x: 700,
  y: 400,
}];

/** The whole document, once everything is saved. */
export async function saved(
  editor: EditorPage,
  id = "00",
): Promise<EditorDocument> {
  await editor.savedDocument(id);
  return JSON.parse(
    await Deno.readTextFile(join(editor.dir, "editor", `${id}.json`)),
  );
}
