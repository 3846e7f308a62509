/**
 * Whose the stored files of an image are, and whether they are whole.
 *
 * @module
 */

import { jobTexts, promptsOf } from "../model/segment_prompts.ts";
import type { StoredFiles } from "../model/stored_files.ts";
import type { JobPrompt } from "./project_formats.ts";
import { JOBS_FILE } from "./project_parts.ts";
import type { StoredRecord } from "./stored_record.ts";

/** What there is, before it is judged. */
export interface StoredFacts {
  /** What is remembered of the last time, or can be concluded. */
  readonly record: StoredRecord | undefined;
  /** The digest of the track file; null when there is none. */
  readonly tracks: string | null;
  /** What the job file says; undefined when it has no entry. */
  readonly entry: JobPrompt | undefined;
  /** What the document would have the job file say. */
  readonly wanted: JobPrompt;
  /** Whether there is an image with the tracks. */
  readonly hasOverlay: boolean;
}

/**
 * Judges the stored files of an image. A file is foreign when its content is
 * neither what was stored last, nor what that replaced (storing was cut short),
 * nor what would be stored now.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { judgeStored } from "./judge_stored.ts";
 * const entry = { image: "images/00.png", text: "", negative: "" };
 * const { foreign } = judgeStored("00", {
 *   record: undefined,
 *   tracks: "a digest of unknown origin",
 *   entry,
 *   wanted: entry,
 *   hasOverlay: false,
 * });
 * assert.deepEqual(foreign, ["tracks/00.pth"]);
 * ```
 */
export function judgeStored(
  id: string,
  { record, tracks, entry, wanted, hasOverlay }: StoredFacts,
): Omit<StoredFiles, "tag"> {
  const pth = `tracks/${id}.pth`, overlay = `images_tracks/${id}.png`;
  const missing: string[] = [], foreign: string[] = [];
  if (tracks === null && !record) return { missing, foreign };
  const isOurs = tracks === record?.stored.tracks;
  if (tracks === null) missing.push(pth);
  else if (!isOurs && tracks !== record?.before?.tracks) foreign.push(pth);

  const known = [record?.stored, record?.before, wanted];
  if (entry && !known.some((other) => other && samePrompt(entry, other))) {
    foreign.push(JOBS_FILE);
  } else if (
    !entry || entry.image !== wanted.image ||
    (record && !samePrompt(entry, record.stored))
  ) missing.push(JOBS_FILE);

  if (record?.overlay && !hasOverlay) missing.push(overlay);
  return {
    ...(record && { document: isOurs ? record.document : "" }),
    missing,
    foreign,
  };
}

/** Whether two entries say the same, white space around it aside. */
export function samePrompt(
  a: Omit<JobPrompt, "image">,
  b: Omit<JobPrompt, "image">,
): boolean {
  const said = ({ negative, ...texts }: Omit<JobPrompt, "image">) =>
    JSON.stringify([jobTexts(promptsOf(texts)), negative.trim()]);
  return said(a) === said(b);
}
