/**
 * Whether a JPEG was written to its end. libjpeg decodes what follows in its
 * place, zeros for example, as pixels.
 *
 * @module
 */

const FILL = 0xff, START_OF_SCAN = 0xda, END_OF_IMAGE = 0xd9;

/**
 * Whether an end marker follows the first scan's header; thumbnails before it
 * have ends of their own. Source: ITU-T T.81, annex B.
 */
export function hasJpegEnd(bytes: Uint8Array): boolean {
  for (let at = 2; at < bytes.length;) {
    if (bytes[at++] !== FILL) continue;
    while (bytes[at] === FILL) at++;
    const marker = bytes[at++]!;
    if (marker === END_OF_IMAGE) return true;
    if (marker === START_OF_SCAN) return isMarked(bytes, at);
    // Markers without content.
    if (marker <= 0x01 || marker >= 0xd0 && marker <= 0xd8) continue;
    at += Math.max(2, bytes[at]! << 8 | bytes[at + 1]!);
  }
  return false;
}

/** In the data of a scan, no two bytes are an end marker. */
function isMarked(bytes: Uint8Array, start: number): boolean {
  for (let at = start; (at = bytes.indexOf(FILL, at)) >= 0; at++) {
    if (bytes[at + 1] === END_OF_IMAGE) return true;
  }
  return false;
}
