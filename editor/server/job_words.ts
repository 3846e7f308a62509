/**
 * What the job list says of each picture.
 *
 * @module
 */

/** The words that belong to a picture in the job list. */
export interface JobWords {
  /** The picture's path in the entry. */
  readonly image: string;
  /** The prompt. */
  readonly text: string;
  /** What is not wanted; empty where the entry does not say. */
  readonly negative: string;
}

/** The list that was read last: every picture of a gallery asks the same one. */
let last: {
  readonly jobs: string;
  readonly words: ReadonlyMap<string, JobWords>;
} = { jobs: "", words: new Map() };

/**
 * What a job list says of a picture; undefined when it has no entry for it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findWords } from "./job_words.ts";
 * const jobs = "- {image: images/00.png, text: It sails., track: tracks/00.pth}";
 * assert.equal((await findWords(jobs, "00"))?.text, "It sails.");
 * assert.equal(await findWords(jobs, "01"), undefined);
 * ```
 */
export async function findWords(
  jobs: string,
  id: string,
): Promise<JobWords | undefined> {
  if (jobs !== last.jobs) {
    // Half of the editor's start would be spent on YAML, were it read before.
    const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
    const words = new Map<string, JobWords>();
    for (const { track, image, text, negative = "" } of parseJobs(jobs).jobs) {
      if (!words.has(track)) words.set(track, { image, text, negative });
    }
    last = { jobs, words };
  }
  return last.words.get(`tracks/${id}.pth`);
}
