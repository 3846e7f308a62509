/** Store Tracks. @module */

import { sayError } from "./state.ts";

/**
 * Store Tracks, see `dialogs/store_now.ts`: loaded with the dialogs, for
 * nobody stores before there is something to store.
 */
export async function storeTracksNow(): Promise<void> {
  try {
    await (await import("./later.ts")).storeNow();
  } catch (error) {
    sayError(error);
  }
}
