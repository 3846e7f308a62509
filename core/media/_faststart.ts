/**
 * Moves the index of an MP4 file to its front, so that a player can start
 * before the whole file has arrived ("faststart").
 *
 * libav does this by opening the finished file a second time by its path,
 * which is not possible through callbacks.
 *
 * @module
 */

import { FormatError } from "../base/errors.ts";

/** How much is moved at once. */
const CHUNK = 1 << 20;

/** A box at the top level of an MP4 file. */
export interface TopBox {
  /** Four characters, for example `moov`. */
  readonly type: string;
  /** Where it begins, in bytes. */
  readonly start: number;
  /** Its length with its header, in bytes. */
  readonly size: number;
}

/**
 * The boxes at the top level of an MP4 file, in order.
 *
 * @throws {FormatError} When a box reaches past the end of the file.
 */
export function topBoxes(file: Deno.FsFile): TopBox[] {
  const end = file.statSync().size;
  const boxes: TopBox[] = [];
  for (let start = 0; start < end;) {
    const head = readAt(file, start, Math.min(16, end - start));
    const view = new DataView(head.buffer);
    const short = head.length < 8 ? 0 : view.getUint32(0);
    const size = short === 1 && head.length === 16
      ? Number(view.getBigUint64(8))
      : short;
    if (size < 8 || start + size > end) {
      throw new FormatError(
        `Cannot read the box at ${start}: its size is ${size}, expected 8 to ${
          end - start
        }`,
        { offset: start },
      );
    }
    boxes.push({
      type: String.fromCharCode(...head.subarray(4, 8)),
      start,
      size,
    });
    start += size;
  }
  return boxes;
}

/**
 * Puts the `moov` box before the `mdat` box, in place and in bounded memory.
 * Does nothing where it stands there already, or where the file is so long
 * that its 32-bit offsets would overflow.
 *
 * @returns Whether the index stands at the front now.
 */
export function moveIndexToFront(file: Deno.FsFile): boolean {
  const boxes = topBoxes(file);
  const moov = boxes.find((box) => box.type === "moov");
  const mdat = boxes.find((box) => box.type === "mdat");
  if (!moov || !mdat) return false;
  if (moov.start < mdat.start) return true;
  if (moov.start + moov.size !== boxes.at(-1)!.start + boxes.at(-1)!.size) {
    return false;
  }
  const index = readAt(file, moov.start, moov.size);
  if (!shiftChunkOffsets(index, moov.size)) return false;
  for (let end = moov.start; end > mdat.start;) {
    const length = Math.min(CHUNK, end - mdat.start);
    writeAt(file, end - length + moov.size, readAt(file, end - length, length));
    end -= length;
  }
  writeAt(file, mdat.start, index);
  return true;
}

/** Boxes that hold boxes, on the way to the chunk offsets. */
const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl"]);

/** Adds `shift` to every chunk offset in a `moov` box; false on overflow. */
function shiftChunkOffsets(
  index: Uint8Array<ArrayBuffer>,
  shift: number,
): boolean {
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  let fits = true;
  const walk = (start: number, end: number) => {
    for (let at = start; at + 8 <= end;) {
      const size = view.getUint32(at);
      const type = String.fromCharCode(...index.subarray(at + 4, at + 8));
      if (size < 8 || at + size > end) return;
      if (CONTAINERS.has(type)) walk(at + 8, at + size);
      if (type === "stco" || type === "co64") {
        const count = view.getUint32(at + 12);
        for (let i = 0; i < count; i++) {
          if (type === "stco") {
            const place = at + 16 + 4 * i;
            const moved = view.getUint32(place) + shift;
            fits &&= moved < 2 ** 32;
            view.setUint32(place, moved);
          } else {
            const place = at + 16 + 8 * i;
            view.setBigUint64(place, view.getBigUint64(place) + BigInt(shift));
          }
        }
      }
      at += size;
    }
  };
  walk(0, index.length);
  return fits;
}

function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const count = file.readSync(bytes.subarray(done));
    if (count === null) {
      throw new FormatError(
        `Cannot read ${length} bytes at ${offset}: the file ends before`,
        { offset },
      );
    }
    done += count;
  }
  return bytes;
}

function writeAt(file: Deno.FsFile, offset: number, bytes: Uint8Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) {
    done += file.writeSync(bytes.subarray(done));
  }
}
