/**
 * The images of the gallery in the order that a user wants, and those among
 * them that a search finds.
 *
 * @module
 */

/** What is looked at. */
export interface ArrangedImage {
  /** Its number. */
  readonly id: string;
  /** Its file in `images/`. */
  readonly file: string;
  /** What it is called. */
  readonly name?: string;
  /** Its prompt. */
  readonly prompt: string;
  /** How its stored files relate to its document. */
  readonly stored: string;
}

/** The orders. */
export const IMAGE_ORDERS = {
  number: "By number",
  newest: "Newest first",
  name: "By name",
  state: "Not stored first",
} as const;

/** How images are sorted. */
export type ImageOrder = keyof typeof IMAGE_ORDERS;

const STATES = ["replaced", "outdated", "never", "current"];

/**
 * The images whose number, name or prompt has every word of `search`, in an
 * order.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { arrangeImages } from "./arrange_images.ts";
 * const images = ["a boat", "a gate"].map((prompt, i) => ({
 *   id: `0${i}`,
 *   file: `0${i}.jpg`,
 *   prompt,
 *   stored: "never",
 * }));
 * const found = arrangeImages(images, { search: "GATE", order: "number" });
 * assert.deepEqual(found.map((image) => image.id), ["01"]);
 * ```
 */
export function arrangeImages<Image extends ArrangedImage>(
  images: readonly Image[],
  options: { readonly search: string; readonly order: ImageOrder },
): Image[] {
  const words = options.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = images.filter((image) => {
    const text = `${image.id} ${titleOf(image)} ${image.prompt}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const number = (a: Image, b: Image) => Number(a.id) - Number(b.id);
  const compare: Record<ImageOrder, (a: Image, b: Image) => number> = {
    number,
    newest: (a, b) => number(b, a),
    name: (a, b) =>
      titleOf(a).localeCompare(titleOf(b), undefined, { numeric: true }) ||
      number(a, b),
    state: (a, b) =>
      STATES.indexOf(a.stored) - STATES.indexOf(b.stored) || number(a, b),
  };
  return found.sort(compare[options.order]);
}

/** What an image is called: its name, else its file. */
export function titleOf(
  { name, file }: Pick<ArrangedImage, "name" | "file">,
): string {
  return name ?? file;
}
