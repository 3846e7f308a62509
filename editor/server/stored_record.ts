/**
 * What is remembered, in `editor/NN.stored.json`, of the last time that the
 * tracks of an image were stored.
 *
 * @module
 */

import type { ImageSize } from "../../core/tracks/coordinates.ts";
import type { ProjectFiles } from "./project_files.ts";

/** The content of stored files, as far as it matters whose it is. */
export interface StoredContent {
  /** The digest of the track file; null when there was none. */
  readonly tracks: string | null;
  /** The prompt in the job file. */
  readonly text: string;
  /** The prompts after the first, where the job file has a list of them. */
  readonly nextTexts?: readonly string[];
  /** The negative prompt in the job file; empty where it has none. */
  readonly negative: string;
}

/** What is remembered. */
export interface StoredRecord {
  /** The kind of record. */
  readonly version: 1;
  /** The tag of the document that was stored. */
  readonly document: string;
  /** Whether an image with the tracks was written. */
  readonly overlay: boolean;
  /** What was stored. */
  readonly stored: StoredContent;
  /**
   * The size of the image that the stored tracks belong to, px; absent in
   * records of earlier versions.
   */
  readonly image?: ImageSize;
  /** What was there before, in case that storing was cut short. */
  readonly before: StoredContent | null;
}

/** Writes an image's record. */
export async function writeRecord(
  folder: ProjectFiles,
  id: string,
  record: StoredRecord,
): Promise<void> {
  await folder.write("editor", `${id}.stored.json`, JSON.stringify(record));
}

/** An image's record; undefined when there is none that can be understood. */
export async function readRecord(
  folder: ProjectFiles,
  id: string,
): Promise<StoredRecord | undefined> {
  const file = `${id}.stored.json`;
  if (!await folder.exists("editor", file)) return undefined;
  const text = new TextDecoder().decode(await folder.read("editor", file));
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is StoredRecord {
  const record = value as StoredRecord | null;
  return record !== null && typeof record === "object" &&
    record.version === 1 && typeof record.document === "string" &&
    typeof record.overlay === "boolean" && isContent(record.stored) &&
    (record.image === undefined || isSize(record.image)) &&
    (record.before === null || isContent(record.before));
}

function isSize(value: unknown): value is ImageSize {
  const size = value as ImageSize | null;
  return size !== null && typeof size === "object" && size.width > 0 &&
    size.height > 0;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((text) => typeof text === "string");
}

function isContent(value: unknown): value is StoredContent {
  const content = value as StoredContent | null;
  return content !== null && typeof content === "object" &&
    (content.tracks === null || typeof content.tracks === "string") &&
    typeof content.text === "string" && typeof content.negative === "string" &&
    (content.nextTexts === undefined || isTexts(content.nextTexts));
}
