/**
 * The takes of the open image, and which of them are shown next to it.
 *
 * @module
 */

import { effect, signal } from "npm:@preact/signals@2.11.4";
import type { TakeList } from "../model/take.ts";
import { request } from "./api.ts";
import { imageId } from "./state.ts";

/** The takes of the open image; undefined until the server has said. */
export const takeList = signal<TakeList | undefined>(undefined);
/** The numbers of those that are shown, at most two. */
export const shownTakes = signal<readonly number[]>([]);

/** Asks for the takes again. */
export async function refreshTakes(): Promise<void> {
  const id = imageId.peek();
  if (id === undefined) return;
  try {
    const list: TakeList =
      await (await request("GET", `api/images/${id}/takes`)).json();
    if (imageId.peek() !== id) return;
    takeList.value = list;
    const known = new Set(list.takes.map((take) => take.number));
    const shown = shownTakes.peek();
    if (shown.some((number) => !known.has(number))) {
      shownTakes.value = shown.filter((number) => known.has(number));
    }
  } catch {
    // The server is away; the next run or image asks again.
  }
}

effect(() => {
  void imageId.value;
  takeList.value = undefined;
  shownTakes.value = [];
  void refreshTakes();
});
