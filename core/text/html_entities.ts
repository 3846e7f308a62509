/**
 * HTML character references back to characters. The door to `entities`, which
 * knows HTML's 2231 names.
 *
 * @module
 */

import { decodeHTML, decodeHTMLStrict } from "npm:entities@9.0.0/decode";

/** What Python's html.unescape looks at. */
const REFERENCE = /&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;

/**
 * A text with all its character references replaced, as Python's
 * `html.unescape` does: a semicolon may be missing where HTML lets it be, and
 * a number that names no character is left out.
 */
export function unescapeHtml(text: string): string {
  return text.replace(REFERENCE, (reference) => {
    if (reference[1] !== "#") return decodeHTML(reference);
    const digits = reference.slice(2).replace(";", "");
    const code = /^[xX]/.test(digits)
      ? Number.parseInt(digits.slice(1), 16)
      : Number(digits);
    return characterOf(code);
  });
}

/** As HTML's "numeric character reference end state", but for what is invalid. */
function characterOf(code: number): string {
  if (code >= 0x80 && code <= 0x9f) {
    return new TextDecoder("windows-1252").decode(Uint8Array.of(code));
  }
  if (code === 0x0d) return "\r";
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    return "\ufffd";
  }
  return isNoCharacter(code) ? "" : String.fromCodePoint(code);
}

/** Control characters and code points that are set aside for ever. */
function isNoCharacter(code: number): boolean {
  return (code >= 0x1 && code <= 0x8) || code === 0xb ||
    (code >= 0xe && code <= 0x1f) || code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}

/**
 * A text with only those references replaced that nobody can have meant
 * otherwise: they end in a semicolon. Names of small letters may also stand
 * in capitals (`&EACUTE;`), as they do in data bases that shout.
 */
export function unescapePlainHtml(text: string): string {
  return text.replace(/&#?[0-9A-Za-z]{1,24};/g, (reference) => {
    if (reference[1] === "#") {
      const decoded = unescapeHtml(reference);
      return decoded.includes(";") ? reference : decoded;
    }
    const decoded = decodeHTMLStrict(reference);
    if (decoded !== reference || !/^&[0-9A-Z]+;$/.test(reference)) {
      return decoded;
    }
    if (decodeHTML(reference) !== reference) return reference;
    const small = reference.toLowerCase();
    const letter = decodeHTMLStrict(small);
    return letter === small ? reference : letter.toUpperCase();
  });
}
