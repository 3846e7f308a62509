/**
 * Whether an MP4 file ends before its content does.
 *
 * @module
 */

import type { ByteSource } from "../base/byte_source.ts";

/** Boxes without which frames are missing. */
const NEEDED = ["moov", "moof", "mdat"];

/** More boxes than a day of fragments has. */
const MOST_BOXES = 200_000;

/**
 * In plain words, which box of the file reaches past its end; undefined when
 * none does. What follows the boxes, as some programs leave it, is no fault.
 */
export function cutOff(source: ByteSource): string | undefined {
  const { size: end } = source;
  for (let start = 0, n = 0; start + 8 <= end && n < MOST_BOXES; n++) {
    const head = source.read(start, Math.min(16, end - start));
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const short = view.getUint32(0);
    const type = String.fromCharCode(...head.subarray(4, 8));
    if (short === 0) return undefined; // to the end of the file
    const size = short === 1 && head.length === 16
      ? Number(view.getBigUint64(8))
      : short;
    if (size < 8) return undefined;
    if (start + size > end) {
      return NEEDED.includes(type)
        ? `its ${type} box ends at byte ${
          start + size
        } of a file of ${end} bytes`
        : undefined;
    }
    start += size;
  }
  return undefined;
}
