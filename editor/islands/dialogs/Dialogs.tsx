/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Whatever dialog is open, and what comes up by itself: a conflict, a hint.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignalEffect } from "npm:@preact/signals@2.11.4";
import { dialog } from "../panels.ts";
import { droppedFiles, pictureId } from "../state.ts";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { ExportDialog } from "./ExportDialog.tsx";
import { GenerateDialog } from "./GenerateDialog.tsx";
import { ImportDialog } from "./ImportDialog.tsx";
import { Hints } from "./Hints.tsx";
import { ShortcutsDialog } from "./ShortcutsDialog.tsx";

/** The dialogs. */
export function Dialogs() {
  useSignalEffect(() => {
    // Files that were dropped on the page are looked at in the dialog.
    if (droppedFiles.value.length === 0) return;
    if (pictureId.peek() !== undefined) dialog.value = "import";
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
  return (
    <>
      <Hints />
      {dialog.value === "import" && <ImportDialog />}
      {dialog.value === "export" && <ExportDialog />}
      {dialog.value === "generate" && <GenerateDialog />}
      {dialog.value === "shortcuts" && <ShortcutsDialog />}
      <ConflictDialog />
    </>
  );
}
