/**
 * The prompts of each image in the job file.
 *
 * @module
 */

/** The prompts of an image in the job file. */
export interface JobPrompt {
  /** The image's path in the entry. */
  readonly image: string;
  /** The prompt. */
  readonly text: string;
  /** The negative prompt; empty where the entry has none. */
  readonly negative: string;
}

/** The list that was read last: every image of a gallery asks the same one. */
let last: {
  readonly jobs: string;
  readonly prompts: ReadonlyMap<string, JobPrompt>;
} = { jobs: "", prompts: new Map() };

/**
 * What a job file says of an image; undefined when it has no entry for it.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { findPrompt } from "./job_prompt.ts";
 * const jobs = "- {image: images/00.png, text: It sails., track: tracks/00.pth}";
 * assert.equal((await findPrompt(jobs, "00"))?.text, "It sails.");
 * assert.equal(await findPrompt(jobs, "01"), undefined);
 * ```
 */
export async function findPrompt(
  jobs: string,
  id: string,
): Promise<JobPrompt | undefined> {
  if (jobs !== last.jobs) {
    // Half of the editor's start would be spent on YAML, were it read before.
    const { parseJobs } = await import("../../core/jobs/parse_jobs.ts");
    const prompts = new Map<string, JobPrompt>();
    for (const { track, image, text, negative = "" } of parseJobs(jobs).jobs) {
      if (!prompts.has(track)) prompts.set(track, { image, text, negative });
    }
    last = { jobs, prompts };
  }
  return last.prompts.get(`tracks/${id}.pth`);
}
