/**
 * The errors that are neither a `TypeError` nor a `RangeError`, and the format
 * of messages and hints.
 *
 * Every message reads "Cannot <action> <quoted value>: <state>, expected
 * <desired>"; where the fix is known, a last line starts with `HINT: `.
 *
 * @module
 */

/** The bytes of a file do not match its format. */
export class FormatError extends Error {
  /** The class name, as printed. */
  override readonly name: string = "FormatError";
  /** Byte offset of the fault in the file (or in the member of an archive). */
  readonly offset: number | undefined;

  /** An error about a file's content, with the byte offset if it is known. */
  constructor(
    message: string,
    options: ErrorOptions & { offset?: number } = {},
  ) {
    super(message, options);
    this.offset = options.offset;
  }
}

/** Appends a HINT line to a message. */
export function withHint(message: string, hint: string): string {
  return `${message}\nHINT: ${hint}`;
}

/**
 * Formats a value for an error message: strings in double quotes with control
 * characters escaped, truncated after 200 characters; everything else as
 * `String` prints it.
 */
export function quote(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const shown = value.length > 200 ? value.slice(0, 200) + "…" : value;
  return JSON.stringify(shown);
}
