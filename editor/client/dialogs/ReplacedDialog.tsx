/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Another program has written the stored files: which of both counts is asked,
 * and the other stays within reach, of undo or in the project's trash.
 *
 * @module
 */

import { Comparison } from "../../components/comparison.tsx";
import { dialog } from "../panels.ts";
import { editorDocument, saveState, trackSet } from "../state.ts";
import { Dialog } from "./Dialog.tsx";
import { storeNow } from "./store_now.ts";
import { stored, storedFiles } from "./stored.ts";
import { takeStored } from "./take_stored.ts";

/** Says so, and brings the question. */
export function ReplacedBar() {
  const files = storedFiles.value?.foreign ?? [];
  if (stored.value !== "replaced") return null;
  // One question at a time.
  if (saveState.value.state === "conflict") return null;
  return (
    <div class="conflict-bar" role="alert">
      <span>{changedBy(files)}.</span>
      <button
        type="button"
        class="button small"
        onClick={() => dialog.value = "replaced"}
      >
        Choose
      </button>
    </div>
  );
}

/** Which files another program has changed, as the start of a sentence. */
function changedBy(files: readonly string[]): string {
  const verb = files.length === 1 ? "was" : "were";
  return `${files.join(" and ")} ${verb} changed by another program`;
}

/** The question. */
export function ReplacedDialog() {
  const close = () => dialog.value = undefined;
  const { foreign = [], there, tag } = storedFiles.value ?? {};
  const isOpen = stored.value === "replaced" && there !== undefined;
  const both: readonly (readonly [string, string, string])[] = [
    [
      "Tracks",
      `${trackSet.value.count}`,
      there?.fault ? "cannot be read" : `${there?.tracks}`,
    ],
    ["Prompt", editorDocument.value.prompt || "none", there?.prompt || "none"],
  ];
  return (
    <Dialog
      title="The stored files were replaced"
      closeLabel={isOpen ? "Decide later" : "Close"}
      onClose={close}
      actions={isOpen && (
        <>
          <button
            type="button"
            class="button"
            disabled={there.fault !== undefined}
            onClick={() => {
              close();
              void takeStored();
            }}
          >
            Open theirs
          </button>
          <button
            type="button"
            class="button primary"
            onClick={() => {
              close();
              void storeNow(tag);
            }}
          >
            Store mine
          </button>
        </>
      )}
    >
      {isOpen
        ? (
          <>
            <p>
              {changedBy(foreign)}{" "}
              since you stored. Nothing is overwritten until you choose.
            </p>
            <Comparison theirs="Theirs, stored" rows={both} />
            <p class="hint">
              Store mine: their files move to the project’s trash. Open theirs:
              what is drawn here is one Undo away.
            </p>
            {there.fault && <p class="error">{there.fault}</p>}
          </>
        )
        : <p>Files match again.</p>}
    </Dialog>
  );
}
