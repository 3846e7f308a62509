/**
 * The text of a track file: UTF-8, or UTF-16 with a byte order mark, as Windows
 * calls "Unicode".
 *
 * @module
 */

import { FormatError, quote, withHint } from "../base/errors.ts";

/** Text is read as it is, so the file's own size is what counts: 256 MiB. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * The text in a file.
 *
 * @throws {FormatError} When it is too large, or no text.
 */
export function decodeText(bytes: Uint8Array, name: string): string {
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new FormatError(
      `Cannot read ${
        quote(name)
      } as JSON: it has ${bytes.length} bytes, expected at most ${MAX_TEXT_BYTES}`,
    );
  }
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError(
      withHint(
        `Cannot read ${quote(name)}: it is no track file of a known kind`,
        "Track files are .pth, .npz, .npy and .json; their first bytes tell.",
      ),
      { cause, offset: 0 },
    );
  }
}

/** The encoding by the byte order mark, which no UTF-8 text can begin with. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}
