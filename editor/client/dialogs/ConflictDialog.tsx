/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Two windows changed one image: which of both stays is asked, and the other
 * stays within reach of undo.
 *
 * @module
 */

import { useSignal, useSignalEffect } from "npm:@preact/signals@2.11.4";
import { Comparison } from "../../components/comparison.tsx";
import { Side, Sides } from "../../components/sides.tsx";
import type { EditorDocument } from "../../model/document.ts";
import { promptText } from "../../model/segment_prompts.ts";
import { editorDocument, saveState } from "../state.ts";
import { formatWhen } from "../when.ts";
import { Dialog } from "./Dialog.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { ThisWindow } from "./ThisWindow.tsx";
import { settleConflict } from "./settle_conflict.ts";

/** The question, or a bar that brings it back. */
export function ConflictDialog() {
  const later = useSignal(false);
  const state = saveState.value;
  useSignalEffect(() => {
    if (saveState.value.state !== "conflict") later.value = false;
  });
  if (state.state !== "conflict") return null;
  if (later.value) {
    return (
      <div class="conflict-bar" role="alert">
        <span>
          This image was changed in another window. Nothing is saved until you
          choose.
        </span>
        <button
          type="button"
          class="button small"
          onClick={() => later.value = false}
        >
          Choose
        </button>
      </div>
    );
  }
  return (
    <Dialog
      wide="wide"
      title="This image was changed in another window"
      closeLabel="Decide later"
      onClose={() => later.value = true}
      actions={
        <>
          <button
            type="button"
            class="button"
            onClick={() => settleConflict("theirs")}
          >
            Take theirs
          </button>
          <button
            type="button"
            class="button primary"
            onClick={() => settleConflict("mine")}
          >
            Keep mine
          </button>
        </>
      }
    >
      <p>
        Both versions are complete. The one that you do not choose is one Undo
        away.
      </p>
      <Sides>
        <ThisWindow />
        <Side name="Theirs, saved" when={formatWhen(state.at)}>
          <DocumentView document={state.theirs} size={260} label="Theirs" />
        </Side>
      </Sides>
      <Comparison
        theirs="Theirs, saved"
        rows={compare(editorDocument.value, state.theirs)}
      />
    </Dialog>
  );
}

function compare(
  mine: EditorDocument,
  theirs: EditorDocument,
): [label: string, mine: string, theirs: string][] {
  const names = (document: EditorDocument) =>
    document.tracks.slice(0, 6).map((track) => track.name).join(", ") +
      (document.tracks.length > 6 ? "…" : "") || "none";
  return [
    ["Tracks", `${mine.tracks.length}`, `${theirs.tracks.length}`],
    ["Names", names(mine), names(theirs)],
    ["Camera moves", `${mine.camera.length}`, `${theirs.camera.length}`],
    ["Prompt", promptText(mine) || "none", promptText(theirs) || "none"],
  ];
}
