/**
 * The colours of tracks: eight that the colour-blind tell apart (Okabe and
 * Ito, "Color Universal Design", the black one replaced by grey so that it can
 * be seen on dark pictures too). A number badge stands beside every one.
 *
 * @module
 */

/** The colours, `#rrggbb`, in the order in which tracks get them. */
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

/** What the colours are called. */
export const COLOUR_NAMES = [
  "Orange",
  "Sky blue",
  "Green",
  "Yellow",
  "Blue",
  "Vermilion",
  "Pink",
  "Grey",
] as const;

/** The colour of an index; beyond the palette it starts again. */
export function trackColour(index: number): string {
  return PALETTE[index % PALETTE.length]!;
}

/** Black or white: what can be read on a colour of the palette. */
export function inkOn(index: number): "#000000" | "#ffffff" {
  // Only the blue is dark enough for white letters.
  return index % PALETTE.length === 4 ? "#ffffff" : "#000000";
}
