/**
 * What a video's own metadata says about how it was made.
 *
 * @module
 */

import { openVideo } from "../media/video_reader.ts";
import type { EngineName } from "./engine.ts";
import type { MadeControl, MadeSignal } from "./_other_control.ts";

/** What a video of this project says it was made from. */
export interface VideoRecipe {
  /** Who made it. */
  readonly engine: EngineName;
  /** The prompt as it was used. */
  readonly text?: string;
  /** The prompt as it was given, where it was extended. */
  readonly text_before?: string;
  /** The negative prompt as it was used. */
  readonly negative?: string;
  /** The seed; a string of digits where it exceeds 2^53 - 1. */
  readonly seed?: number | string;
  /** SHA-256 of the image file. */
  readonly image_sha256?: string;
  /** SHA-256 of the track file. */
  readonly track_sha256?: string;
  /** SHA-256 of the files that belong to the track file, where they acted. */
  readonly track_parts?: {
    /** Of the file with the visibility. */
    readonly visibility_sha256?: string;
    /** Of the file with the marked objects; `none` where there was none. */
    readonly objects_sha256?: string;
  };
  /** The prompts of the segments after the first. */
  readonly segments?: {
    /** As they were used. */
    readonly next_texts?: readonly string[];
    /** As they were given, where they were extended. */
    readonly next_texts_before?: readonly string[];
  };
  /** How it was steered, among other settings. */
  readonly settings?: MadeControl;
  /** The hashes of a motion signal's files. */
  readonly motion_signal?: MadeSignal;
}

/**
 * Which engine made a video, read from its tags; undefined for a video of
 * someone else.
 */
export function engineOf(
  metadata: Readonly<Record<string, string>>,
): EngineName | undefined {
  return recipeIn(metadata["description"] ?? "")?.engine;
}

function recipeIn(description: string): VideoRecipe | undefined {
  try {
    const recipe = JSON.parse(description) as Partial<VideoRecipe> | null;
    const { engine } = recipe ?? {};
    return engine === "preview" || engine === "model"
      ? recipe as VideoRecipe
      : undefined;
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
  return (await recipeOfVideo(path))?.engine ??
    engineOf((await openVideo(path)).metadata);
}

/** What is read first, in bytes: 81 frames have an index of 4 kB. */
const FIRST_BYTES = 2 ** 14;

/** The largest index that is read, in bytes: a quarter of an hour. */
const LARGEST_INDEX = 2 ** 20;

/** `moov` and `data`, as numbers. */
const MOOV = 0x6d6f6f76, DATA = 0x64617461;

/**
 * What the video at a path says it was made from, where its index is in front
 * of the frames and has one description of ours, as `createVideo` writes it;
 * else undefined.
 */
export async function recipeOfVideo(
  path: string,
): Promise<VideoRecipe | undefined> {
  using file = await Deno.open(path);
  let bytes = await readOn(file, new Uint8Array(), FIRST_BYTES);
  for (let at = 0; at + 8 <= bytes.length;) {
    const view = new DataView(bytes.buffer, 0, bytes.length);
    const end = at + view.getUint32(at);
    if (end < at + 8 || end > LARGEST_INDEX) return undefined;
    if (view.getUint32(at + 4) === MOOV) {
      if (end > bytes.length) bytes = await readOn(file, bytes, end);
      return recipeInIndex(bytes.subarray(at, end));
    }
    at = end;
  }
  return undefined;
}

/** A file's bytes up to `end`, or to its own, of which some are read already. */
async function readOn(
  file: Deno.FsFile,
  start: Uint8Array,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end);
  bytes.set(start);
  let length = start.length;
  while (length < end) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) break;
    length += count;
  }
  return bytes.subarray(0, length);
}

/**
 * The one recipe in an index. No other tag can look like it: within JSON the
 * quotation marks are escaped.
 */
function recipeInIndex(index: Uint8Array): VideoRecipe | undefined {
  const text = new TextDecoder("latin1").decode(index);
  const [found, ...others] = text.matchAll(/\{"engine":"(?:preview|model)",/g);
  if (!found || others.length > 0 || found.index < 16) return undefined;
  // Before the text: the size of all, `data`, its kind and language.
  const view = new DataView(index.buffer, index.byteOffset, index.byteLength);
  const start = found.index, end = start - 16 + view.getUint32(start - 16);
  if (view.getUint32(start - 12) !== DATA || end > index.length) {
    return undefined;
  }
  return recipeIn(new TextDecoder().decode(index.subarray(start, end)));
}
