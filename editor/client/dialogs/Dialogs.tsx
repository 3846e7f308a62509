/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Whatever dialog is open, and what comes up by itself: a conflict, a hint.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignalEffect } from "npm:@preact/signals@2.11.4";
import { dialog, stageMenu } from "../panels.ts";
import { droppedFiles, editorDocument, imageId, saveState } from "../state.ts";
import { hintDue } from "./hints_read.ts";
import { shownTakes } from "../takes.ts";
import { placing } from "../stage/placing.ts";
import { isClip, openClip } from "./clip_file.ts";
import { load, loaded } from "./load.ts";
import { stored } from "./stored.ts";

/** The hint of the active tool, where it is due and nothing is being placed. */
export function HintSlot() {
  const Hints = loaded.value?.hints;
  return hintDue.value && !placing.value && Hints ? <Hints /> : null;
}

/** Takes next to the image, where some are shown. */
export function TakeSlot() {
  const Viewer = loaded.value?.takeViewer;
  return shownTakes.value.length > 0 && Viewer ? <Viewer /> : null;
}

/** The dialogs. */
export function Dialogs() {
  useSignalEffect(() => {
    const asks = saveState.value.state === "conflict" ||
      stored.value === "replaced";
    const opens = dialog.value !== undefined || stageMenu.value !== undefined;
    const seen = editorDocument.value.camera.some(({ kind }) =>
      kind === "scene"
    );
    if (opens || asks || hintDue.value || seen) void load();
  });
  useSignalEffect(() => {
    // Files that were dropped on the page are looked at in the dialog.
    const [file] = droppedFiles.value;
    if (!file || imageId.peek() === undefined) return;
    if (isClip(file)) {
      droppedFiles.value = [];
      openClip(file);
    } else dialog.value = "import";
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "?" || dialog.value !== undefined) return;
      const target = event.target as Element | null;
      if (target?.closest("input, textarea, select, [contenteditable]")) return;
      event.preventDefault();
      dialog.value = "shortcuts";
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const Opened = dialog.value && loaded.value?.[dialog.value];
  const Replaced = dialog.value === undefined && loaded.value?.replacedBar;
  const Conflict = loaded.value?.conflict;
  const Menu = stageMenu.value && loaded.value?.stageMenu;
  return (
    <>
      {Opened && <Opened />}
      {Replaced && <Replaced />}
      {Conflict && <Conflict />}
      {Menu && <Menu />}
    </>
  );
}
