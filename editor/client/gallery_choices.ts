/**
 * What the gallery shows, in which order, which of it is selected, and what was
 * deleted.
 *
 * @module
 */

import { computed, signal } from "npm:@preact/signals@2.11.4";
import { arrangeImages, type ImageOrder } from "../model/arrange_images.ts";
import { project } from "./state.ts";

/** What is searched for. */
export const search = signal("");
/** The order. */
export const order = signal<ImageOrder>("number");
/** The images that are selected besides the open one, for what acts on many. */
export const picked = signal<ReadonlySet<string>>(new Set());

/** The images that were deleted, the last ones last, as far as they still are. */
export const deleted = signal<readonly (readonly string[])[]>([]);

/** The images that are shown, in order. */
export const shownImages = computed(() =>
  arrangeImages(project.value?.images ?? [], {
    search: search.value,
    order: order.value,
  })
);

/** Adds an image to the selection, or all up to it; or takes it away. */
export function pick(id: string, options: { readonly range: boolean }): void {
  const next = new Set(picked.value);
  const ids = shownImages.value.map((image) => image.id);
  const last = [...next].at(-1);
  if (options.range && last !== undefined && ids.includes(last)) {
    const [from, to] = [ids.indexOf(last), ids.indexOf(id)].sort((a, b) =>
      a - b
    );
    for (const each of ids.slice(from, to! + 1)) next.add(each);
  } else if (!next.delete(id)) next.add(id);
  picked.value = next;
}
