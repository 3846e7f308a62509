/**
 * The frames of finished segments on disk, so that a run that was killed goes on
 * with the next one. One file for each item: a record for each segment, with a
 * checksum.
 */

import type { RgbImage } from "../base/image.ts";
import type { WorkDir } from "./engine.ts";
import { sha256 } from "./_sha256.ts";

/** The file of an item. */
export function segmentsFile({ folder, name }: WorkDir): string {
  return `${folder}/.${name}.segments`;
}

/** The first line of a record. */
interface Head {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly sha256: string;
}

/** Bytes that a record's first line has, padded with spaces. */
const HEAD_BYTES = 512;

/** The finished segments of an item, in their order. */
export class SegmentStore {
  readonly #path: string;
  /** Where the next record begins. */
  #end = 0;

  constructor(workDir: WorkDir) {
    this.#path = segmentsFile(workDir);
  }

  /**
   * The frames of the next segment; undefined if it is not there, or damaged,
   * or another one. What follows it is overwritten then.
   */
  async next(key: string): Promise<RgbImage[] | undefined> {
    let file: Deno.FsFile;
    try {
      file = await Deno.open(this.#path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    using _closing = file;
    const head = await readHead(file, this.#end);
    if (head?.key !== key) return undefined;
    const length = 3 * head.width * head.height * head.count;
    const bytes = await readBytes(file, length);
    if (!bytes || await sha256(bytes) !== head.sha256) return undefined;
    this.#end += HEAD_BYTES + length;
    const { width, height, count } = head;
    const plane = 3 * width * height;
    return Array.from({ length: count }, (_, i) => ({
      width,
      height,
      data: bytes.subarray(i * plane, (i + 1) * plane),
    }));
  }

  /** Adds a segment; what was there behind the last one is dropped. */
  async add(key: string, frames: readonly RgbImage[]): Promise<void> {
    const { width, height } = frames[0]!;
    const plane = 3 * width * height;
    const bytes = new Uint8Array(plane * frames.length);
    frames.forEach(({ data }, i) => bytes.set(data, i * plane));
    const head: Head = {
      key,
      width,
      height,
      count: frames.length,
      sha256: await sha256(bytes),
    };
    const line = new TextEncoder().encode(
      JSON.stringify(head).padEnd(HEAD_BYTES - 1) + "\n",
    );
    using file = await Deno.open(this.#path, { write: true, create: true });
    await file.truncate(this.#end);
    await file.seek(this.#end, Deno.SeekMode.Start);
    for (const part of [line, bytes]) {
      for (let at = 0; at < part.length;) {
        at += await file.write(part.subarray(at));
      }
    }
    await file.syncData();
    this.#end += HEAD_BYTES + bytes.length;
  }
}

async function readHead(
  file: Deno.FsFile,
  at: number,
): Promise<Head | undefined> {
  await file.seek(at, Deno.SeekMode.Start);
  const bytes = await readBytes(file, HEAD_BYTES);
  if (!bytes) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** So many bytes, or undefined where the file ends before. */
async function readBytes(
  file: Deno.FsFile,
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { size } = await file.stat();
  if (!(length >= 0 && length <= size)) return undefined;
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const read = await file.read(bytes.subarray(at));
    if (read === null) return undefined;
    at += read;
  }
  return bytes;
}
