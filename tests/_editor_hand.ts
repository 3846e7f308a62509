/**
 * The hand in the editor's browser tests: presses, drags and keys on the
 * picture, in px of the picture; and what it has drawn, as it was saved.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import type { EditorDocument } from "../editor/model/document.ts";
import type { EditorPage, OpenEditor, OpenOptions, Page } from "./_browser.ts";

/** The example pictures. */
export const IMAGES = new URL("../examples/images/", import.meta.url);
/** 832 x 480 px. */
export const BOAT = new URL("boat.jpg", IMAGES);
/** Another of the same size. */
export const GATE = new URL("gate.jpg", IMAGES);

/** A place of the picture. */
export interface Place {
  /** Px from the left. */
  readonly x: number;
  /** Px from the top. */
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

/** Presses, walks through places of the picture, and lets go. */
export async function drag(
  editor: EditorPage,
  places: readonly Place[],
  options: { readonly steps?: number } = {},
): Promise<void> {
  const { mouse } = editor.page;
  const [first, ...rest] = await Promise.all(
    places.map(({ x, y }) => editor.onPage(x, y)),
  );
  await mouse.move(first!.x, first!.y);
  await mouse.down();
  for (const { x, y } of rest) {
    await mouse.move(x, y, { steps: options.steps ?? 8 });
  }
  await mouse.up();
}

/** Draws a stroke over places of the picture. */
export async function stroke(
  editor: EditorPage,
  places: readonly Place[],
): Promise<void> {
  await editor.page.keyboard.press("b");
  await drag(editor, places, { steps: 6 });
}

/** Clicks on a place of the picture. */
export async function click(
  editor: EditorPage,
  { x, y }: Place,
  modifiers: readonly "Shift"[] = [],
): Promise<void> {
  const at = await editor.onPage(x, y);
  for (const key of modifiers) await editor.page.keyboard.down(key);
  await editor.page.mouse.click(at.x, at.y);
  for (const key of modifiers) await editor.page.keyboard.up(key);
}

/** A place is where it is expected, within some px. */
export function near(actual: Place, expected: Place, within = 2): void {
  const far = Math.hypot(actual.x - expected.x, actual.y - expected.y);
  assert.ok(
    far <= within,
    `${JSON.stringify(actual)} is ${far.toFixed(1)} px from ${
      JSON.stringify(expected)
    }, expected at most ${within}`,
  );
}

/** Presses keys one after the other. */
export async function keys(page: Page, ...names: string[]): Promise<void> {
  for (const name of names) await page.keyboard.press(name);
}

/** A stroke from left to right; most tests need just something. */
export const STROKE = [{ x: 200, y: 300 }, { x: 400, y: 200 }, {
  x: 600,
  y: 300,
}];

/** The same JPEG, told to be shown turned by a quarter. */
export function turned(jpeg: Uint8Array): Uint8Array {
  // deno-fmt-ignore
  const exif = [
    0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, // APP1 "Exif"
    0x4d, 0x4d, 0, 42, 0, 0, 0, 8, // big-endian TIFF
    0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, // Orientation = 6
    0, 0, 0, 0,
  ];
  return Uint8Array.from([...jpeg.slice(0, 2), ...exif, ...jpeg.slice(2)]);
}

/** Anchors at some places, by a click each. */
export async function anchors(
  editor: EditorPage,
  places: readonly Place[],
): Promise<void> {
  await editor.page.keyboard.press("a");
  for (const place of places) await click(editor, place);
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
