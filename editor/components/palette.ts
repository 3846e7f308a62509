/**
 * The colors of tracks: eight that the color-blind tell apart (Okabe and
 * Ito, "Color Universal Design", the black one replaced by gray so that it can
 * be seen on dark images too). Every one comes with a number badge.
 *
 * @module
 */

/** The colors, `#rrggbb`, in the order in which tracks get them. */
export const PALETTE = [
  "#e69f00",
  "#56b4e9",
  "#009e73",
  "#f0e442",
  "#0072b2",
  "#d55e00",
  "#cc79a7",
  "#bbbbbb",
] as const;

/** What the colors are called. */
export const COLOR_NAMES = [
  "Orange",
  "Sky blue",
  "Green",
  "Yellow",
  "Blue",
  "Vermilion",
  "Pink",
  "Gray",
] as const;

/** The color of an index; beyond the palette it starts again. */
export function trackColor(index: number): string {
  return PALETTE[index % PALETTE.length]!;
}

/** Black or white: what can be read on a color of the palette. */
export function inkOn(index: number): "#000000" | "#ffffff" {
  // Only the blue is dark enough for white letters.
  return index % PALETTE.length === 4 ? "#ffffff" : "#000000";
}
