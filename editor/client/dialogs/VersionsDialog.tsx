/** @jsxRuntime automatic */
/** @jsxImportSource npm:preact@10.29.8 */
/**
 * Earlier versions of the open image's document: looked at, and brought back.
 *
 * @module
 */

import { useEffect } from "npm:preact@10.29.8/hooks";
import { useSignal } from "npm:@preact/signals@2.11.4";
import { promptText } from "../../model/segment_prompts.ts";
import type { EditorDocument } from "../../model/document.ts";
import type { VersionSummary } from "../../server/versions.ts";
import { request } from "../api.ts";
import { dialog } from "../panels.ts";
import { edit, imageId, say, sayError, selection } from "../state.ts";
import { formatWhen } from "../when.ts";
import { Dialog } from "./Dialog.tsx";
import { DocumentView } from "./DocumentView.tsx";

/** The dialog. */
export function VersionsDialog() {
  const id = imageId.value!;
  const versions = useSignal<readonly VersionSummary[] | undefined>(undefined);
  const documents = useSignal<ReadonlyMap<number, EditorDocument>>(new Map());
  const chosen = useSignal<number | undefined>(undefined);
  useEffect(() => {
    let closed = false;
    (async () => {
      const path = `api/images/${id}/versions`;
      const list: VersionSummary[] = await (await request("GET", path)).json();
      versions.value = list;
      chosen.value = list[0]?.time;
      for (const { time } of list) {
        if (closed) return;
        const document: EditorDocument =
          await (await request("GET", `${path}/${time}`)).json();
        documents.value = new Map([...documents.value, [time, document]]);
      }
    })().catch(sayError);
    return () => closed = true;
  }, [id]);
  const shown = documents.value.get(chosen.value ?? 0);
  const prompt = shown && promptText(shown);
  const bringBack = () => {
    edit(() => shown!);
    selection.value = new Set();
    dialog.value = undefined;
    say("Brought the version back; Undo restores what was drawn");
  };
  const close = () => dialog.value = undefined;
  return (
    <Dialog
      wide="widest"
      title={`Versions of image ${id}`}
      closeLabel="Close"
      onClose={close}
      actions={versions.value && versions.value.length > 0 && (
        <button
          type="button"
          class="button primary"
          disabled={!shown}
          onClick={bringBack}
        >
          Bring back
        </button>
      )}
    >
      {versions.value?.length === 0
        ? (
          <p class="nothing">
            No earlier versions yet. One is kept every few minutes while you
            draw, and whenever tracks are stored.
          </p>
        )
        : (
          <div class="versions">
            <ul class="version-list" aria-label="Versions">
              {versions.value?.map((version) => (
                <li key={version.time}>
                  <button
                    type="button"
                    class="version"
                    aria-pressed={version.time === chosen.value}
                    onClick={() => chosen.value = version.time}
                  >
                    <DocumentView
                      document={documents.value.get(version.time)}
                      size={96}
                      label=""
                    />
                    <span>
                      <strong>{formatWhen(version.time)}</strong>
                      <span class="hint">{describe(version)}</span>
                    </span>
                  </button>
                </li>
              ))}
            </ul>
            <div class="version-shown">
              <DocumentView
                document={shown}
                size={560}
                label="The version that is selected"
              />
              <p class="hint">
                {prompt ? `Prompt: ${prompt}` : "No prompt"}
              </p>
            </div>
          </div>
        )}
    </Dialog>
  );
}

function describe({ tracks, moves }: VersionSummary): string {
  const parts = [`${tracks} ${tracks === 1 ? "track" : "tracks"}`];
  if (moves > 0) {
    parts.push(`${moves} camera ${moves === 1 ? "move" : "moves"}`);
  }
  return parts.join(", ");
}
