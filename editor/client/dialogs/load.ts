/**
 * The part of the client that is not there from the start: loaded when the
 * first of its dialogs or hints is needed.
 *
 * @module
 */

import { signal } from "npm:@preact/signals@2.11.4";
import { dialog } from "../panels.ts";
import { sayError, sceneReady } from "../state.ts";

/** The dialogs, once they are here. */
export const loaded = signal<typeof import("../later.ts").OPENED | undefined>(
  undefined,
);

/** Loads the dialogs, once. */
export async function load(): Promise<void> {
  if (loaded.peek()) return;
  try {
    const { listenToClipboard, OPENED } = await import("../later.ts");
    if (loaded.peek()) return;
    listenToClipboard();
    loaded.value = OPENED;
    sceneReady.value = true;
  } catch (error) {
    dialog.value = undefined;
    sayError(error);
  }
}
