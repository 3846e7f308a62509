/**
 * Names for outputs.
 *
 * @module
 */

/**
 * Whether a string can be the stem of an output file on every system: letters,
 * digits, space and `. _ - ( ) +`, beginning and ending with a letter, a digit
 * or one of `_ ) +`, at most 100 characters, none of Windows' device names.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isOutputName } from "./output_name.ts";
 * assert.ok(isOutputName("boat at night"));
 * assert.ok(!isOutputName("../boat"));
 * ```
 */
export function isOutputName(name: string): boolean {
  return name.length <= 100 &&
    /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N} ._()+-]*$/u.test(name) &&
    /[\p{L}\p{M}\p{N}_)+]$/u.test(name) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
}
