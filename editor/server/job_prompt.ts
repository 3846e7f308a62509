/**
 * The prompts of each image in the job file.
 *
 * @module
 */

import type { JobPrompt, ProjectFormats } from "./project_formats.ts";

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
 * import { OWN_FORMATS } from "./own_formats.ts";
 * const jobs = "- {image: images/00.png, text: It sails., track: tracks/00.pth}";
 * const formats = OWN_FORMATS;
 * assert.equal((await findPrompt(jobs, "00", { formats }))?.text, "It sails.");
 * assert.equal(await findPrompt(jobs, "01", { formats }), undefined);
 * ```
 */
export async function findPrompt(
  jobs: string,
  id: string,
  { formats }: { readonly formats: ProjectFormats },
): Promise<JobPrompt | undefined> {
  if (jobs !== last.jobs) {
    last = { jobs, prompts: await formats.readPrompts(jobs) };
  }
  return last.prompts.get(`tracks/${id}.pth`);
}
