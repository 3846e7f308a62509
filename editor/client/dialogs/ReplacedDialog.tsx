/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Another program has written the stored files: which of both counts is asked,
 * and the other stays within reach, of undo or in the project's trash.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { Comparison } from "../../components/comparison.tsx";
import { Side, Sides } from "../../components/sides.tsx";
import { promptText } from "../../model/segment_prompts.ts";
import { opened, type OpenedDocument, request } from "../api.ts";
import { dialog } from "../panels.ts";
import {
  editorDocument,
  imageId,
  saveState,
  sayError,
  trackSet,
} from "../state.ts";
import { formatWhen } from "../when.ts";
import { Dialog } from "./Dialog.tsx";
import { DocumentView } from "./DocumentView.tsx";
import { ThisWindow } from "./ThisWindow.tsx";
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
  const theirs = useSignal<OpenedDocument | undefined>(undefined);
  const id = imageId.value;
  useEffect(() => {
    if (!isOpen || there.fault !== undefined) return;
    request("GET", `api/images/${id}/stored`).then(opened).then(
      (document) => theirs.value = document,
      sayError,
    );
  }, [id, tag]);
  const both: readonly (readonly [string, string, string])[] = [
    [
      "Tracks",
      `${trackSet.value.count}`,
      there?.fault ? "cannot be read" : `${there?.tracks}`,
    ],
    [
      "Prompt",
      promptText(editorDocument.value) || "none",
      there?.prompt || "none",
    ],
  ];
  return (
    <Dialog
      wide="wide"
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
            <Sides>
              <ThisWindow />
              <Side
                name="Theirs, stored"
                when={theirs.value ? formatWhen(theirs.value.at) : ""}
              >
                <DocumentView
                  document={theirs.value?.document}
                  size={260}
                  label="Theirs"
                />
              </Side>
            </Sides>
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
