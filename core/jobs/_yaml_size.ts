/**
 * Whether a text is too large to be a job file: one pass over its characters,
 * since the YAML parser takes seconds for a million entries.
 *
 * @module
 */

/** The most entries that a job file may have. */
export const MAX_ENTRIES = 100_000;

/** Entries of five keys at most; comments and empty lines count too. */
const MAX_LINES = 500_000;

/** Longer lines are no prompts; the parser unfolds them letter by letter. */
const MAX_LINE = 4_000_000;

/** Brackets, braces, and the commas between them. */
const MAX_MARKS = 250_000;

/** What the text has too much of; undefined where it can be parsed. */
export function excessOf(text: string): string | undefined {
  let lines = 1, longest = 0, start = 0;
  let entries = 0, marks = 0, depth = 0;
  let isIndent = true;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case "\n":
        lines++;
        longest = Math.max(longest, i - start);
        start = i;
        isIndent = true;
        continue;
      case " ":
      case "\t":
        continue;
      case "-":
      case "?":
        if (isIndent && /\s/.test(text[i + 1] ?? "\n")) {
          entries++;
          continue;
        }
        break;
      case "[":
      case "{":
        depth++;
        marks++;
        break;
      case "]":
      case "}":
        depth = Math.max(0, depth - 1);
        break;
      case ",":
        if (depth > 0) marks++;
    }
    isIndent = false;
  }
  longest = Math.max(longest, text.length - start);
  return lines > MAX_LINES
    ? `${lines} lines, expected at most ${MAX_LINES}`
    : entries > MAX_ENTRIES
    ? `${entries} lines that begin an entry, expected at most ${MAX_ENTRIES}`
    : longest > MAX_LINE
    ? `a line of ${longest} characters, expected at most ${MAX_LINE}`
    : marks > MAX_MARKS
    ? `${marks} brackets and commas between brackets, expected at most ${MAX_MARKS}`
    : undefined;
}
