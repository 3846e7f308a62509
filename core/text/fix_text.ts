/**
 * Text as it was meant: what `ftfy.fix_text` does with its defaults, which is
 * the first thing that happens to a prompt (tokenizers.py:12-16).
 *
 * @module
 */

import { unescapePlainHtml } from "./html_entities.ts";
import { fixMojibake } from "./mojibake.ts";

/** Ligatures and digraphs that stand in one character for a sake of their own. */
const LIGATURES: Readonly<Record<string, string>> = {
  Ĳ: "IJ",
  ĳ: "ij",
  ŉ: "ʼn",
  Ǳ: "DZ",
  ǲ: "Dz",
  ǳ: "dz",
  Ǆ: "DŽ",
  ǅ: "Dž",
  ǆ: "dž",
  Ǉ: "LJ",
  ǈ: "Lj",
  ǉ: "lj",
  Ǌ: "NJ",
  ǋ: "Nj",
  ǌ: "nj",
  ﬀ: "ff",
  ﬁ: "fi",
  ﬂ: "fl",
  ﬃ: "ffi",
  ﬄ: "ffl",
  ﬅ: "ſt",
  ﬆ: "st",
};
const LIGATURE = new RegExp(`[${Object.keys(LIGATURES).join("")}]`, "g");

// deno-lint-ignore no-control-regex -- they are what is looked for
const TERMINAL_ESCAPE = /\u001b\[[\d;]*[a-zA-Z]/g;
const CONTROL =
  // deno-lint-ignore no-control-regex -- they are what is looked for
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f\u206a-\u206f\ufeff\ufff9-\ufffc]/g;

/**
 * A text with its accidents undone, line by line: HTML references (where no
 * tag is near), mojibake, ligatures, full-width and half-width forms, curly
 * quotation marks, line ends, lone surrogates, terminal colors, control
 * characters; in normal form C. Ordinary text stays as it is.
 */
export function fixText(text: string): string {
  let unescaping = true;
  return text.split(/(?<=\n)/).map((line) => {
    unescaping &&= !line.includes("<");
    return fixLine(line, unescaping);
  }).join("");
}

/** All fixes in turn, until none finds anything. */
function fixLine(line: string, unescaping: boolean): string {
  for (let fixed = line;; line = fixed) {
    if (unescaping) fixed = unescapePlainHtml(fixed);
    fixed = fixMojibake(fixed)
      .replace(/[\u0080-\u009f]/g, controlToWindows)
      .replace(LIGATURE, (ligature) => LIGATURES[ligature]!)
      .replace(/\u3000/g, " ")
      .replace(/[\uff01-\uffef]/g, (wide) => wide.normalize("NFKC"))
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/\r\n|[\r\u2028\u2029\u0085]/g, "\n")
      .toWellFormed()
      .replace(TERMINAL_ESCAPE, "")
      .replace(CONTROL, "")
      .normalize("NFC");
    if (fixed === line) return fixed;
  }
}

/** What Windows-1252 has in the place of a C1 control character. */
function controlToWindows(control: string): string {
  return new TextDecoder("windows-1252").decode(
    Uint8Array.of(control.charCodeAt(0)),
  );
}
