/**
 * Tracks and whole motions on the system's clipboard, as JSON: between images,
 * windows and projects. With nothing selected it is the whole motion. Text of
 * other programs that may be tracks is looked at in the import dialog.
 *
 * @module
 */

import type { EditorDocument } from "../model/document.ts";
import { lengthText } from "../model/document_length.ts";
import {
  addMotion,
  findMotion,
  formatMotion,
  motionOf,
} from "../model/motion.ts";
import { deleteSelected, refuses } from "./actions.ts";
import { ask } from "./exchange.ts";
import {
  droppedFiles,
  edit,
  editorDocument,
  imageId,
  say,
  sayError,
  selectedPoint,
  selection,
} from "./state.ts";

/** How a motion fits an image of another size. */
export interface PasteOptions {
  /** Its positions keep their share of the image, else their px. */
  readonly scaled: boolean;
}

/** What was copied last here, for browsers that let no menu read the clipboard. */
let copied: string | undefined;
/** Whether the keys that paste are pressed with Shift. */
let shifted = false;

/** The motion that is copied: of the selected tracks, else all of it. */
export function chosenMotion(): EditorDocument {
  const ids = selection.value.size > 0 ? selection.value : undefined;
  return motionOf(editorDocument.value, ids);
}

/** What a motion has, in a few words. */
export function describeMotion({ tracks, camera }: EditorDocument): string {
  const parts = tracks.length > 0 || camera.length === 0
    ? [`${tracks.length} ${tracks.length === 1 ? "track" : "tracks"}`]
    : [];
  if (camera.length > 0) {
    parts.push(
      `${camera.length} camera ${camera.length === 1 ? "move" : "moves"}`,
    );
  }
  return parts.join(" and ");
}

/**
 * Adds a motion to the open image; it is selected.
 *
 * @throws {RangeError} When there is no room for it.
 */
export function applyMotion(
  motion: EditorDocument,
  { scaled }: PasteOptions,
): void {
  const { frames } = editorDocument.value;
  const { document, ids } = addMotion(editorDocument.value, motion, { scaled });
  edit(() => document);
  selectedPoint.value = undefined;
  selection.value = new Set(ids);
  const { width, height } = document;
  const isSame = motion.width === width && motion.height === height;
  say(
    `Pasted ${describeMotion(motion)}${
      isSame
        ? ""
        : scaled
        ? `, scaled from ${motion.width} × ${motion.height} px`
        : ", not scaled"
    }${
      document.frames === frames
        ? ""
        : `; the video is now ${lengthText(document)} long`
    }`,
  );
}

async function pasteText(text: string, options: PasteOptions): Promise<void> {
  try {
    const found = findMotion(text);
    if (found !== undefined) {
      const id = imageId.peek();
      // What was copied here is known to be right.
      const motion = text === copied
        ? found as EditorDocument
        : await ask("parse", found);
      if (imageId.peek() === id) applyMotion(motion, options);
      return;
    }
    const [, name] = [
      [/^\s*<(svg|\?xml)/, "pasted.svg"],
      [/^\s*[[{]/, "pasted.json"],
    ].find(([form]) => (form as RegExp).test(text)) ?? [];
    if (name) droppedFiles.value = [new File([text], name as string)];
    else say("The clipboard has no motion");
  } catch (error) {
    sayError(error);
  }
}

/** Copies what is chosen, as the keys do. */
export function copyMotion(): void {
  document.execCommand("copy");
}

/** Cuts the selected tracks, as the keys do. */
export function cutMotion(): void {
  if (!document.execCommand("cut")) copyMotion();
}

/** Pastes from a menu; where the browser forbids it, what was copied here. */
export async function pasteMotion(options: PasteOptions): Promise<void> {
  let text: string | undefined;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    text = copied;
  }
  if (text) await pasteText(text, options);
  else say("The browser keeps the clipboard from menus: press Ctrl+V");
}

/** Whether the clipboard is asked for by a field, or for text in the page. */
function isForText(event: ClipboardEvent): boolean {
  if (event.defaultPrevented || imageId.value === undefined) return true;
  if (event.type !== "paste" && getSelection()?.isCollapsed === false) {
    return true;
  }
  const target = event.target instanceof Element ? event.target : undefined;
  return target?.matches(
    "textarea, [contenteditable], input:not([type=range], [type=checkbox], [type=radio])",
  ) === true;
}

function onCopy(event: ClipboardEvent): void {
  if (isForText(event)) return;
  const cuts = event.type === "cut";
  if (cuts && selection.value.size === 0) {
    say("Select the tracks to cut first");
    return;
  }
  if (cuts && refuses()) return;
  const motion = chosenMotion();
  if (motion.tracks.length + motion.camera.length === 0) {
    say("There is no motion to copy");
    return;
  }
  copied = formatMotion(motion);
  event.clipboardData?.setData("text/plain", copied);
  event.preventDefault();
  if (cuts) {
    selectedPoint.value = undefined;
    deleteSelected();
  }
  const all = selection.value.size === 0 && !cuts;
  say(
    `${cuts ? "Cut" : "Copied"} ${all ? "the whole motion: " : ""}${
      describeMotion(motion)
    }`,
  );
}

function onPaste(event: ClipboardEvent): void {
  if (isForText(event)) return;
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (text.trim() === "") return;
  event.preventDefault();
  void pasteText(text, { scaled: !shifted });
}

/** Listens to the whole page, once. */
export function listenToClipboard(): void {
  document.addEventListener("copy", onCopy);
  document.addEventListener("cut", onCopy);
  document.addEventListener("paste", onPaste);
  document.addEventListener("keydown", (event) => {
    shifted = event.shiftKey;
  }, true);
  document.addEventListener("keyup", (event) => {
    shifted = event.shiftKey;
  }, true);
}
