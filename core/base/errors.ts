/**
 * The errors that are not simply a `TypeError` or a `RangeError`, and the one
 * way a hint is written.
 *
 * Every message reads "Cannot <action> <quoted value>: <state>, expected
 * <desired>"; where the fix is known, a last line starts with `HINT: `.
 *
 * @module
 */

/** The bytes of a file are not what their format demands. */
export class FormatError extends Error {
  /** The class name, as it stands in a printed error. */
  override readonly name: string = "FormatError";
  /** Where in the file (or in the member of an archive) the fault lies, in bytes. */
  readonly offset: number | undefined;

  /** An error about a file's content, with the byte offset where it is known. */
  constructor(
    message: string,
    options: ErrorOptions & { offset?: number } = {},
  ) {
    super(message, options);
    this.offset = options.offset;
  }
}

/** A message with its HINT line. */
export function withHint(message: string, hint: string): string {
  return `${message}\nHINT: ${hint}`;
}

/**
 * A value as it is quoted in an error message: strings in double quotes with
 * control characters escaped, long ones cut, everything else as `String`
 * prints it.
 */
export function quote(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const shown = value.length > 200 ? value.slice(0, 200) + "…" : value;
  return JSON.stringify(shown);
}
