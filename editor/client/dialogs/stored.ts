/**
 * Whether what is drawn is what is stored. The server says what there is, when
 * an image is opened and from time to time, for other programs write files
 * too; the page knows what was drawn since.
 *
 * @module
 */

import { computed, effect, signal } from "npm:@preact/signals@2.11.4";
import { type StoredFiles, storedState } from "../../model/stored_files.ts";
import { fetchStored, type OpenedDocument } from "../api.ts";
import { editorDocument, imageId, saved, saveState } from "../state.ts";

/** The stored files of the open image; undefined until the server has said. */
export const storedFiles = signal<StoredFiles | undefined>(undefined);
/** Whether they are being stored right now. */
export const storing = signal(false);

/** The document that files were made from, once this page has met it. */
const met = signal<Partial<OpenedDocument>>({});
effect(() => {
  const { etag } = saved.value;
  if (etag && etag === storedFiles.value?.document) met.value = saved.value;
});

/** How the files relate to what is drawn; undefined while that is not known. */
export const stored = computed(() => {
  const files = storedFiles.value, drawn = editorDocument.value;
  const known = [met.value, saved.value].find((k) => k.document === drawn);
  return files && storedState(files, known?.etag ?? "");
});

/** Asks again this long after the last answer, in ms. */
const PATIENCE = 3000;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Asks what is stored, now and from then on, while the page is seen. */
export async function refreshStored(): Promise<void> {
  clearTimeout(timer);
  timer = undefined;
  const id = imageId.peek(), before = storedFiles.peek();
  if (id === undefined || document.hidden) return;
  let files: StoredFiles;
  try {
    files = await fetchStored(id);
  } catch {
    // The server is away; when it is back, the next save begins this again.
    return;
  }
  // Something newer may have arrived meanwhile.
  if (
    imageId.peek() === id && storedFiles.peek() === before &&
    JSON.stringify(files) !== JSON.stringify(before)
  ) storedFiles.value = files;
  clearTimeout(timer);
  timer = setTimeout(() => void refreshStored(), PATIENCE);
}

for (const event of ["focus", "visibilitychange"]) {
  addEventListener(event, () => void refreshStored());
}
let seen: string | undefined;
effect(() => {
  const id = imageId.value;
  const isSaved = saveState.value.state === "saved";
  if (id !== seen) {
    seen = id;
    clearTimeout(timer);
    timer = undefined;
    storedFiles.value = undefined;
  }
  if (isSaved && !timer) void refreshStored();
});
