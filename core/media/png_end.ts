/**
 * PNG files that were cut after their pixels.
 *
 * @module
 */

/** An `IEND` chunk: no content, and its checksum. */
const END = [0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * A PNG that ends after a whole chunk of pixels, or within what follows, with
 * an end of its own; any other bytes as they are. Pillow does not look for the
 * end. Whether all pixels are there the decoder finds out.
 *
 * Source: PNG (Third Edition); Pillow 13 takes such files.
 */
export function withPngEnd(bytes: Uint8Array): Uint8Array {
  if (SIGNATURE.some((value, i) => bytes[i] !== value)) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = 0; // of the last chunk of pixels
  for (let at = SIGNATURE.length; at + 8 <= bytes.length;) {
    const next = at + 12 + view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (next > bytes.length) break;
    if (type === "IEND") return bytes;
    if (type === "IDAT") end = next;
    at = next;
  }
  if (end === 0) return bytes;
  const whole = new Uint8Array(end + END.length);
  whole.set(bytes.subarray(0, end));
  whole.set(END, end);
  return whole;
}
