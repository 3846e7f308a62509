/**
 * Flags that several tools have: one text for each.
 *
 * @module
 */

/** Replaces outputs. */
export const OVERWRITE = [
  "--overwrite",
  "overwrite existing output files",
] as const;

/** Prints more. */
export const VERBOSE = [
  "--verbose",
  "print file locations and stack traces",
] as const;
