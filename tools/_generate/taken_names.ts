/**
 * Whether finished videos belong to the entries that would keep them.
 *
 * @module
 */

import { dirname } from "node:path";
import { quote, withHint } from "../../core/base/errors.ts";
import { fileExists } from "../../core/files/files.ts";
import { changedJobs } from "../../core/jobs/changed_jobs.ts";
import type { JobsCopy } from "../../core/jobs/copy_jobs.ts";
import type { JobProblem } from "../../core/jobs/job_file.ts";
import type { RunItem } from "../../core/jobs/plan_run.ts";

/**
 * Finished videos are kept, but not as the result of another entry: one that
 * was edited, or has got the number of another. The copy of the job file next
 * to the videos says what they were made from.
 */
export async function takenNames(
  items: readonly RunItem[],
  { copy, engine, overwrite }: {
    readonly copy: JobsCopy | undefined;
    readonly engine: "model" | "preview";
    readonly overwrite: boolean;
  },
): Promise<JobProblem[]> {
  if (overwrite || copy?.before === undefined) return [];
  const folder = dirname(copy.path);
  const changed = new Map(
    changedJobs(copy.before, copy.text, { folder, engine })
      .map(({ index, keys }) => [index, keys]),
  );
  const problems: JobProblem[] = [];
  for (const { index, line = 1, outputs: { video } } of items) {
    const keys = changed.get(index);
    if (!keys || !await fileExists(video)) continue;
    const message = `Cannot keep ${quote(video)}: it was made with another ${
      keys.join(", ")
    }, as ${quote(copy.path)} says`;
    problems.push({ line, message: withHint(message, HINT) });
  }
  return problems;
}

const HINT =
  "Use another output folder, or --overwrite; with names of their own, entries keep their videos when others are inserted.";
