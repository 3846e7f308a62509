/**
 * Text whose UTF-8 bytes were read as another encoding: "voilÃ " for "voilà".
 *
 * @module
 */

/** The encodings that UTF-8 is mistaken for, the most common first. */
const ENCODINGS = [
  "windows-1252",
  "windows-1251",
  "windows-1250",
  "windows-1253",
  "windows-1254",
  "windows-1257",
  "iso-8859-2",
  "macintosh",
];

/** Text as it can come out of a sequence of UTF-8 bytes read as Windows-1252. */
const RUN_1252 = /(?:[Â-ô][\u0080-\u00bfŒœŠšŸŽžƒˆ˜–—‘-‚“-„†-•…‰‹›€™]{1,3})+/g;

/**
 * A text with its mojibake undone, if it has any; other text as it is.
 *
 * The whole text is tried first, in each of the encodings, then the parts of
 * it that were read as Windows-1252 amid sound text. A part is only taken for
 * mojibake if its bytes are valid UTF-8 and it looks like nothing that a
 * person writes: a letter followed by a symbol or a control character.
 * Repeated, since text gets garbled twice.
 *
 * What ftfy's `fix_encoding` does, by a simpler rule for what looks wrong. It
 * gives the same on text that was read as Windows-1252, undoes more of what was
 * read as Windows-1251, 1253 or Mac Roman, and knows nothing of DOS (cp437).
 */
export function fixMojibake(text: string): string {
  for (let fixed = text;; text = fixed) {
    fixed = fixOnce(text);
    if (fixed === text) return text;
  }
}

function fixOnce(text: string): string {
  if (isAscii(text)) return text;
  for (const encoding of ENCODINGS) {
    const fixed = reread(text, encoding);
    if (fixed !== undefined) return fixed;
  }
  return text.replace(
    RUN_1252,
    (run, at: number) =>
      run.length === 2 && endsCapitals(text, at)
        ? run
        : reread(run, ENCODINGS[0]!) ?? run,
  );
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}

/** The text read as UTF-8 from its bytes in `encoding`, if that is a fix. */
function reread(text: string, encoding: string): string | undefined {
  const whole = encoding === "windows-1252" ? restoreHardSpaces(text) : text;
  const bytes = encode(whole, encoding);
  if (bytes === undefined || !looksWrong(whole, bytes)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The second half of a "Ã\u00a0" (à) or "Â\u00a0" often became a plain space
 * on its way; after "Ã" at the end of a word the space was there besides. Words
 * of capitals end with these letters: "MANHÃ CHUVOSA".
 */
function restoreHardSpaces(text: string): string {
  return text
    .replace(/(?<!\p{Lu})Ã (?! |quele|quela|quilo|s )/gu, "Ã\u00a0 ")
    .replace(/(?<!\p{Lu})([ÂÃ]) /gu, "$1\u00a0");
}

/** Whether some character of the UTF-8 in `bytes` came out as nobody writes. */
function looksWrong(text: string, bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length;) {
    const length = sequenceLength(bytes[i]!);
    const rest = text.slice(i + 1, i + length);
    if (length > 1 && isUnusual(text[i]!, rest) && !endsCapitals(text, i)) {
      return true;
    }
    i += length;
  }
  return false;
}

/**
 * Whether a word of capitals ends there and a closing quotation mark follows:
 * "IRMÃ’S", but not "CÃ”TE" (CÔTE), which goes on.
 */
function endsCapitals(text: string, at: number): boolean {
  return /^\p{Lu}[ÂÃ][’”][sS]?(?!\p{L})/u.test(text.slice(at - 1)) && at > 0;
}

/** How many bytes a UTF-8 sequence has, by its first. */
function sequenceLength(first: number): number {
  if (first < 0xc2 || first > 0xf4) return 1;
  return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/**
 * A letter and what follows it. Letters after letters are words; quotation
 * marks, dashes, spaces and ® follow a Latin letter everywhere, but hardly ever "Â"
 * or "Ã", and never "â€".
 */
function isUnusual(first: string, rest: string): boolean {
  const telling = first === "Â" || first === "Ã" ||
    /^[â€]+$/.test(first + rest[0]);
  if (telling) return !/^\p{Ll}/u.test(rest) || /^[šžœ]/.test(rest);
  const marks = /\p{Script=Latin}/u.test(first)
    ? rest.replace(/[©®™]/g, "")
    : rest;
  return /[^\p{L}\s“”‘’‚„«»‹›–—…•·°'"]/u.test(marks);
}

const tables = new Map<string, ReadonlyMap<string, number>>();

/** The bytes of a text in a one-byte encoding, if it has all its characters. */
function encode(
  text: string,
  encoding: string,
): Uint8Array<ArrayBuffer> | undefined {
  const table = tables.get(encoding) ?? createTable(encoding);
  tables.set(encoding, table);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = table.get(text[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

/**
 * Character to byte. Where an encoding has no character for a byte, programs
 * write the control character of that number; in Windows-1252 they also do so
 * for the others, taking it for Latin-1.
 */
function createTable(encoding: string): ReadonlyMap<string, number> {
  const decoder = new TextDecoder(encoding);
  const table = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const character = decoder.decode(Uint8Array.of(byte));
    const control = String.fromCharCode(byte);
    table.set(character === "\ufffd" ? control : character, byte);
    if (encoding === "windows-1252" && byte >= 0x80 && byte < 0xa0) {
      table.set(control, byte);
    }
  }
  return table;
}
