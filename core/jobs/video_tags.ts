/**
 * What a video's own metadata says about how it was made.
 *
 * @module
 */

import { openVideo } from "../media/video_reader.ts";
import type { EngineName } from "./engine.ts";

/**
 * Which engine made a video, read from its tags; undefined for a video of
 * someone else.
 */
export function engineOf(
  metadata: Readonly<Record<string, string>>,
): EngineName | undefined {
  try {
    const { engine } = JSON.parse(metadata["description"] ?? "{}");
    return engine === "preview" || engine === "model" ? engine : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Which engine made the video at a path. Of videos as `createVideo` writes
 * them, their index in front, a few kB are read; others are opened.
 *
 * @throws {FormatError} When it is not a video.
 */
export async function engineOfVideo(
  path: string,
): Promise<EngineName | undefined> {
  return await engineInIndex(path) ??
    engineOf((await openVideo(path)).metadata);
}

/** The largest index that is read, in bytes: 81 frames have 4 kB. */
const LARGEST_INDEX = 2 ** 16;

/** `moov`, as a number. */
const MOOV = 0x6d6f6f76;

/**
 * The engine named in an MP4 file's index, if that is in front of the frames
 * and has one description of ours. No other tag can look like it: within
 * JSON the quotation marks are escaped.
 */
async function engineInIndex(path: string): Promise<EngineName | undefined> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(LARGEST_INDEX);
  let length = 0;
  while (length < bytes.length) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  const view = new DataView(bytes.buffer, 0, length);
  for (let at = 0; at + 8 <= length;) {
    const end = at + view.getUint32(at);
    const kind = view.getUint32(at + 4);
    if (end < at + 8 || end > length) return undefined;
    if (kind === MOOV) return engineIn(bytes.subarray(at, end));
    at = end;
  }
  return undefined;
}

function engineIn(index: Uint8Array): EngineName | undefined {
  const text = new TextDecoder("latin1").decode(index);
  const named = [...text.matchAll(/\{"engine":"(preview|model)",/g)];
  return named.length === 1 ? named[0]![1] as EngineName : undefined;
}
