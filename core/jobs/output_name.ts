/**
 * Names for outputs.
 *
 * @module
 */

/**
 * Whether a string can be the stem of an output file on every system: letters,
 * digits, space and `. _ - ( ) +`, beginning and ending with a letter, a digit
 * or one of `_ ) +`, at most 100 characters, none of Windows' device names, and
 * without the ending of a video, which the file gets.
 */
export function isOutputName(name: string): boolean {
  return name.length <= 100 &&
    /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N} ._()+-]*$/u.test(name) &&
    /[\p{L}\p{M}\p{N}_)+]$/u.test(name) &&
    !/\.mp4$/i.test(name) &&
    !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);
}
