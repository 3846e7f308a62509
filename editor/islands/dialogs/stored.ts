/**
 * Whether what is drawn is what is stored, since the picture was opened.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import type { EditorDocument } from "../../model/document.ts";
import { editorDocument } from "../state.ts";

/** The document that was stored last from this page. */
export const storedDocument = signal<EditorDocument | undefined>(undefined);
/** Whether it is being stored right now. */
export const storing = signal(false);
/** Whether there is something that Store Tracks would change, as far as known. */
export const unstored = computed(() =>
  editorDocument.value !== storedDocument.value
);
