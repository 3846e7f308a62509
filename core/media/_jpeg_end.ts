/**
 * JPEG files that lack their end marker, as cameras and motion JPEG write some.
 *
 * @module
 */

const FILL = 0xff, START_OF_SCAN = 0xda, END_OF_IMAGE = 0xd9;

/** Frames that are coded in sequence: baseline, and extended. */
const BASELINE = 0xc0, EXTENDED = 0xc1;

/** Bits that continue no scan as zeros do, for at least one block. */
const OTHER_BITS = Uint8Array.from(
  { length: 512 },
  (_, i) => (181 + 97 * i) % 251,
);

/**
 * A JPEG without an end marker with one in place of the zeros at its end; any
 * other bytes as they are; undefined if it lacks one and may lack scans, too.
 *
 * libjpeg decodes whatever is in place of missing pixels. With `isContinued`
 * other bits come before the marker: the pixels are others if some are missing,
 * but for a bit or two of the last block.
 */
export function withJpegEnd(
  bytes: Uint8Array,
  options: { readonly isContinued?: boolean } = {},
): Uint8Array | undefined {
  const { marked, whole } = lookForEnd(bytes);
  if (marked) return bytes;
  if (!whole) return undefined;
  let end = bytes.length;
  // A zero after 0xff belongs to it; half a marker does not.
  while (bytes[end - 1] === 0 && bytes[end - 2] !== FILL) end--;
  if (bytes[end - 1] === FILL) end--;
  const more = options.isContinued ? OTHER_BITS : [];
  const added = new Uint8Array(end + more.length + 2);
  added.set(bytes.subarray(0, end));
  added.set(more, end);
  added.set([FILL, END_OF_IMAGE], end + more.length);
  return added;
}

/**
 * Whether an end marker follows the first scan's header (thumbnails before it
 * have ends of their own), and whether that scan is the whole image. Source:
 * ITU-T T.81, annex B.
 */
function lookForEnd(bytes: Uint8Array): { marked: boolean; whole: boolean } {
  let components = 0;
  for (let at = 2; at < bytes.length;) {
    if (bytes[at++] !== FILL) continue;
    while (bytes[at] === FILL) at++;
    const marker = bytes[at++]!;
    if (marker === END_OF_IMAGE) return { marked: true, whole: false };
    if (marker === BASELINE || marker === EXTENDED) components = bytes[at + 7]!;
    if (marker === START_OF_SCAN) {
      const whole = components > 0 && bytes[at + 2] === components;
      return { marked: isMarked(bytes, at), whole };
    }
    // Markers without content.
    if (marker <= 0x01 || marker >= 0xd0 && marker <= 0xd8) continue;
    at += Math.max(2, bytes[at]! << 8 | bytes[at + 1]!);
  }
  return { marked: false, whole: false };
}

/** In the data of a scan, no two bytes are an end marker. */
function isMarked(bytes: Uint8Array, start: number): boolean {
  for (let at = start; (at = bytes.indexOf(FILL, at)) >= 0; at++) {
    if (bytes[at + 1] === END_OF_IMAGE) return true;
  }
  return false;
}
