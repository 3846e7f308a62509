/**
 * The texts that programs keep in PNG files.
 *
 * Source: PNG (Third Edition), 11.3.3: `tEXt` and `iTXt` chunks.
 *
 * @module
 */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * The texts of a PNG by keyword, those that are not compressed. A damaged file
 * gives what comes before the damage.
 */
export function pngTexts(bytes: Uint8Array): Map<string, string> {
  const texts = new Map<string, string>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = latin1(bytes.subarray(at + 4, at + 8));
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (data.length < length || type === "IEND") break;
    const end = data.indexOf(0);
    if (end > 0 && type === "tEXt") {
      texts.set(latin1(data.subarray(0, end)), latin1(data.subarray(end + 1)));
    } else if (end > 0 && type === "iTXt" && data[end + 1] === 0) {
      // Keyword, compression flag and method, language, translated keyword.
      const language = data.indexOf(0, end + 3);
      const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
      if (translated >= 0) {
        texts.set(
          latin1(data.subarray(0, end)),
          new TextDecoder().decode(data.subarray(translated + 1)),
        );
      }
    }
    at += 12 + length;
  }
  return texts;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
